"""Kept JSON values → values that fit the Arrow type of their column."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from extractor.documents.kinds import is_text as is_text_type
from extractor.documents.row import is_text

Fit = Callable[[Any], Any]


def fitter(kind: pa.DataType) -> Fit:
    """A function that gives a value of that type, or None where a value does not fit; strings take every value."""
    if is_text_type(kind):
        return _as_string
    classes = (int,) if pt.is_integer(kind) else (int, float)
    if kind == pa.int64():
        return lambda value: value if value.__class__ is int and -(2**63) <= value < 2**63 else None
    is_number = pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind)
    return lambda value: _as_type(value, kind) if not is_number or value.__class__ in classes else None


def _as_string(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value if value is None or is_text(value) else None
    said = json.dumps(value, ensure_ascii=False)
    return said if is_text(said) else json.dumps(value)


def _as_type(value: Any, kind: pa.DataType) -> Any:
    try:
        value = Decimal(repr(value)) if pt.is_decimal(kind) and isinstance(value, float) else value
        return pa.scalar(value, kind).as_py()
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return None
