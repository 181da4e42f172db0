"""The words of JSON Schema: where subschemas sit, which words are none, and which a draft does not hear."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote

from jsonschema import validators
from jsonschema.protocols import Validator

from extractor.errors import nearest

MAPS = {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}
LISTS = {"allOf", "anyOf", "oneOf", "prefixItems"}
SINGLES = {
    *("additionalProperties", "additionalItems", "contains", "contentSchema", "else", "if", "items", "not"),
    *("propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"),
}
PLAIN = {
    *("$anchor", "$comment", "$dynamicAnchor", "$dynamicRef", "$id", "$recursiveAnchor", "$recursiveRef", "$ref"),
    *("$schema", "$vocabulary", "const", "contentEncoding", "contentMediaType", "default", "dependencies"),
    *("dependentRequired", "deprecated", "description", "enum", "examples", "exclusiveMaximum", "exclusiveMinimum"),
    *("format", "maxContains", "maximum", "maxItems", "maxLength", "maxProperties", "minContains", "minimum"),
    *("minItems", "minLength", "minProperties", "multipleOf", "pattern", "readOnly", "required", "title", "type"),
    *("uniqueItems", "writeOnly", "discriminator"),
}
KNOWN = MAPS | LISTS | SINGLES | PLAIN
# of OpenAPI and of editors: words that mean something elsewhere, and are no slips of the pen
ELSEWHERE = {"example", "nullable", "xml", "externalDocs", "components", "id", "order", "optional", "propertyOrdering"}
DRAFTS: dict[str, type[Validator]] = {
    "draft-04": validators.Draft4Validator,
    "draft-06": validators.Draft6Validator,
    "draft-07": validators.Draft7Validator,
    "2019-09": validators.Draft201909Validator,
    "2020-12": validators.Draft202012Validator,
}
ALONE = {validators.Draft3Validator, *[DRAFTS[name] for name in ("draft-04", "draft-06", "draft-07")]}  # is a $ref
BOUNDS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}  # until draft-04 they say yes or no
FEW = 5  # places in a line
DECIDE = frozenset(word for draft in DRAFTS.values() for word in draft.VALIDATORS)


def children(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The direct subschemas with the pointer that leads to each; values of enum, const and default are data."""
    for word, value in schema.items():
        if word in MAPS and isinstance(value, dict):
            yield from ((f"{word}/{_escaped(key)}", child) for key, child in value.items())
        elif word in LISTS | {"items"} and isinstance(value, list):
            yield from ((f"{word}/{index}", child) for index, child in enumerate(value))
        elif word in SINGLES:
            yield word, value


def unknown_keywords(schema: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Words of this subschema that JSON Schema lacks, each with the word it was probably meant to be, or None.

    A sign in front ("_uniqueItems") is how people switch a keyword off, and no slip of the pen.
    """
    for word in schema:
        if word not in KNOWN and not word.startswith("x-"):
            near = nearest(word, KNOWN, cutoff=0.81) if word[:1].isalpha() and word not in ELSEWHERE else None
            yield word, near if near not in schema else None


def unheard(schema: dict[str, Any], draft: type[Validator]) -> list[str]:
    """The words of this subschema that decide nothing in its draft: unknown, or beside a `$ref` until draft-07."""
    if draft in ALONE and "$ref" in schema:
        return [word for word in schema if word in DECIDE and word != "$ref"]
    return [word for word in schema if word in DECIDE and word not in draft.VALIDATORS and word not in BOUNDS]


def heard(schema: dict[str, Any], draft: type[Validator]) -> dict[str, Any]:
    """What this subschema says in its draft, in the words of 2020-12; what decides nothing anywhere stays."""
    without = unheard(schema, draft)
    kept = {word: value for word, value in schema.items() if word not in without} if without else schema
    flags = {} if "exclusiveMinimum" in draft.VALIDATORS else {w: b for w, b in BOUNDS.items() if w in kept}
    return (
        {_unflagged(word, kept, flags): value for word, value in kept.items() if word not in flags} if flags else kept
    )


def _unflagged(word: str, schema: dict[str, Any], flags: dict[str, str]) -> str:
    return next((flag for flag, bound in flags.items() if bound == word and schema[flag] is True), word)


def at(root: Any, reference: str) -> Any:
    """What a reference of the form `#` or `#/a/b` points at; {} where it is of another form or leads nowhere."""
    if reference != "#" and not reference.startswith("#/"):
        return {}
    node = root
    for step in steps_of(unquote(reference[1:])):
        if isinstance(node, dict):
            node = node.get(step, {})
        else:
            node = node[int(step)] if isinstance(node, list) and step.isdecimal() and int(step) < len(node) else {}
    return node


def steps_of(pointer: str) -> list[str]:
    """The steps of a JSON pointer."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def walk(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every subschema that is an object, with its JSON pointer, parents first; references are not followed."""
    if isinstance(schema, dict):
        yield path, schema
        for step, child in children(schema):
            yield from walk(child, f"{path}/{step}")


def few(places: Sequence[str]) -> str:
    """The first of these places in a line, and how many more there are."""
    more = f" and {len(places) - FEW} more" if len(places) > FEW else ""
    return ", ".join(places[:FEW]) + more
