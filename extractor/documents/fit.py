"""Kept values → values that fit the Arrow type of their column."""

import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

Fit = Callable[[Any], Any]


def fitter(type: pa.DataType) -> Fit:
    """A function that gives a value of that type, or None where a value does not fit; strings take every value."""
    if type in (pa.string(), pa.large_string()):
        return _as_string
    classes = (int,) if pt.is_integer(type) else (int, float) if pt.is_floating(type) else ()
    if type == pa.int64():
        return lambda value: value if value.__class__ is int and -(2**63) <= value < 2**63 else None
    return lambda value: _as_type(value, type) if not classes or value.__class__ in classes else None


def _as_string(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def _as_type(value: Any, type: pa.DataType) -> Any:
    try:
        return pa.scalar(value, type).as_py()
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return None
