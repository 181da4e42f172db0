"""The words of JSON Schema (2020-12 and draft 7): where subschemas sit, and which words are none."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

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


def children(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The direct subschemas with the pointer that leads to each; values of enum, const and default are data."""
    for word, value in schema.items():
        if word in MAPS and isinstance(value, dict):
            yield from ((f"{word}/{key}", child) for key, child in value.items())
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
            near = nearest(word, KNOWN, cutoff=0.81) if word[:1].isalpha() else None
            yield word, near if near not in schema else None


def at(root: Any, reference: str) -> Any:
    """What a reference of the form `#` or `#/a/b` points at; {} where it is of another form or leads nowhere."""
    if reference != "#" and not reference.startswith("#/"):
        return {}
    node = root
    for step in unquote(reference[2:]).split("/") if len(reference) > 1 else ():
        step = step.replace("~1", "/").replace("~0", "~")
        if isinstance(node, dict):
            node = node.get(step, {})
        else:
            node = node[int(step)] if isinstance(node, list) and step.isdecimal() and int(step) < len(node) else {}
    return node


def walk(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every subschema that is an object, with its JSON pointer, parents first; references are not followed."""
    if isinstance(schema, dict):
        yield path, schema
        for step, child in children(schema):
            yield from walk(child, f"{path}/{step}")
