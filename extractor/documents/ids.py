"""Names for rows: from their content, never from their position."""

import hashlib
from decimal import Decimal
from typing import Any

from extractor.documents.seen import IdSet

_EXACT = 1 << 53  # the floats below are whole numbers of their own
_FRACTIONS, _NAMELESS = (float, Decimal), (dict, list)


def content_id(text: str) -> str:
    """The first 16 hex digits of the SHA-256 of the text."""
    return _digest(text)[:16]


def bad_id(raw: str) -> str:
    """The id of a row that has none of its own: `bad-` and 16 hex digits of the raw row's SHA-256."""
    return f"bad-{_digest(raw)[:16]}"


def plain_id(value: Any) -> str:
    """What an id column's value says as text; "" where it is null, NaN, blank, a list or an object.

    Of numbers without a fraction the same, whatever their type: a column of whole numbers with one that is missing
    is a column of floats in the files of many tools.
    """
    if type(value) is str:  # most of them
        return "" if value.isspace() else value
    if value is None or value != value or isinstance(value, _NAMELESS):
        return ""
    if isinstance(value, _FRACTIONS) and _is_whole(value):
        return str(int(value))
    text = str(value)
    return "" if text.isspace() else text


def _is_whole(value: float | Decimal) -> bool:
    return -_EXACT < value < _EXACT and int(value) == value


class Ids:
    """Gives every row of one run an id that no earlier row has."""

    def __init__(self) -> None:
        self._seen = IdSet()
        self._copies: dict[str, int] = {}  # only of rows that came three times or more

    def __contains__(self, id: str) -> bool:
        return id in self._seen

    def claim(self, id: str, content: str) -> tuple[str, bool]:
        """The id to use, and whether it is the first of its name.

        A second row of that name is `id#` and 8 hex digits of its content; exact copies of that end in `#2`, `#3` …
        """
        if self._seen.add(id):
            return id, True
        other = f"{id}#{_digest(content)[:8]}"
        return (other if self._seen.add(other) else self._copy(other)), False

    def _copy(self, id: str) -> str:
        number = self._copies.get(id, 1) + 1
        while not self._seen.add(f"{id}#{number}"):
            number += 1
        self._copies[id] = number
        return f"{id}#{number}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
