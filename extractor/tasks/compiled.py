"""A compiled validator, for schemas of which it says what `jsonschema` says, which is slow; most answers are valid."""

from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs
from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.protocols import Validator

from extractor.tasks.keywords import at, children

# Not pattern and format, of which Python and Rust have notions of their own, nor what moves the base of references.
_SAME = {
    *("additionalProperties", "allOf", "anyOf", "const", "else", "enum", "exclusiveMaximum", "exclusiveMinimum", "if"),
    *("items", "maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength", "minProperties"),
    *("minimum", "not", "oneOf", "properties", "required", "then", "type", "uniqueItems", "$defs", "definitions"),
}
_SILENT = {"$comment", "$schema", "default", "deprecated", "description", "examples", "readOnly", "title", "writeOnly"}
_COMPILERS = {
    Draft7Validator: jsonschema_rs.Draft7Validator,
    Draft202012Validator: jsonschema_rs.Draft202012Validator,
}
_MOST = 10_000  # subschemas that one value may be held against: no time limit ends what is compiled


def compiled(body: dict[str, Any], draft: type[Validator]) -> Callable[[Any], bool] | None:
    """Whether a JSON value is surely valid, within microseconds: False also where only `jsonschema` can say.

    None for a schema on which the two may differ, and for one that could take long.
    """
    if draft not in _COMPILERS or not _is_plain(body):
        return None
    try:
        is_valid = _COMPILERS[draft](body).is_valid
    except ValueError:  # what it raises for a schema that it does not take
        return None
    return lambda value: _surely(is_valid, value)


def _surely(is_valid: Callable[[Any], bool], value: Any) -> bool:
    try:
        return is_valid(value)
    except ValueError:  # for half a surrogate pair, or what is nested too deeply
        return False


def _is_plain(body: dict[str, Any]) -> bool:
    """Whether only words stand there that both read alike, and all is small with what references lead to."""
    left, seen = [body], 0
    while left:
        schema, seen = left.pop(), seen + 1
        if isinstance(schema, dict):
            if not all(map(_is_known, schema.items())):
                return False
            left += [*(child for _, child in children(schema)), *_referred(schema, body)]
        if seen + len(left) > _MOST:
            return False
    return True


def _is_known(said: tuple[str, Any]) -> bool:
    word, value = said
    if word == "$ref":
        return isinstance(value, str) and (value == "#" or value.startswith("#/"))
    return word in _SAME or word in _SILENT or word.startswith("x-")


def _referred(schema: dict[str, Any], root: dict[str, Any]) -> Iterator[Any]:
    if "$ref" in schema:
        yield at(root, schema["$ref"])
