"""A row of the input, before it is a document; what a string must be to be written again."""

import re
from typing import Any, NamedTuple

from extractor.types import KeptValues, Problem

_USER = re.compile(r"(://)[^\s/@]+@")
_QUERY = re.compile(r"(://[^\s?'\"]*)\?[^\s'\")]*")


class Row(NamedTuple):
    """One line or Parquet row. Strings that were no UTF-8 hold lone surrogates: `is_text` finds them."""

    number: int  # from 1, in its file
    values: dict[str, Any]  # of Parquet, those that are read as strings
    raw: str = ""  # the line as it was read; "" for Parquet
    problem: Problem | None = None
    ended: bool = True  # False for a last line without its line end
    kept: KeptValues | None = None  # of Parquet: the columns that are kept
    unfit: tuple[str, ...] = ()


class Gap(NamedTuple):
    """Rows that cannot be read, in a file that goes on after them."""

    first: int
    rows: int
    detail: str


def is_text(value: str) -> bool:
    """False where `value` holds a lone surrogate, which no UTF-8 can say."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def without_secrets(text: str) -> str:
    """The text, its URLs without user names and queries: both may hold a token."""
    return _QUERY.sub(r"\1", _USER.sub(r"\1", text))


def in_short(error: Exception) -> str:
    """An error's message on one line of at most 200 characters, without the secrets of URLs."""
    return without_secrets(" ".join(str(error).split()))[:200] or type(error).__name__
