"""JSON as models write it: what stands under a key twice is joined, where a reader of JSON keeps the last alone."""

import json
from collections.abc import Sequence
from math import isinf
from typing import Any

_SHOWN = 100  # code points of a value that is left out


def read(text: str) -> tuple[Any, list[str]]:
    """The value of a JSON text, and in words what was left out of it; ValueError or RecursionError where it is none.

    Under a key that an object has twice, as the grammar of a map allows, lists are one after the other and objects
    key by key one; of two other values the first that says something stands.
    """
    left_out: list[str] = []

    def made(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = dict(pairs)
        if len(found) == len(pairs):
            return found
        found = {}
        for key, value in pairs:
            found[key] = _joined(key, found[key], value, left_out) if key in found else value
        return found

    return json.loads(text, object_pairs_hook=made, parse_constant=_no_constant, parse_float=_finite), left_out


def _joined(key: str, first: Any, then: Any, left_out: list[str]) -> Any:
    if _same(first, then) or then in (None, "", [], {}):
        return first
    if first in (None, "", [], {}):
        return then
    if isinstance(first, list) and isinstance(then, list):
        return [*first, *then]
    if isinstance(first, dict) and isinstance(then, dict):
        both = {name: _joined(f"{key}/{name}", first[name], then[name], left_out) for name in first if name in then}
        return first | then | both
    left_out.append(f"{key}: {_text(then)[:_SHOWN]}: the key stands there twice")
    return first


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and _text(one) == _text(other)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _finite(digits: str) -> float:
    if isinf(value := float(digits)):
        raise ValueError("Out of range float values are not JSON compliant")
    return value


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON value")
