"""Places in a text as other tools count them, and as we do: [start, end) in code points."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from extractor.errors import UserError

# lines: code points, but CR LF is one, as for who reads text files with their line ends made \n
Unit = Literal["code-points", "utf-16", "graphemes", "lines"]
UNITS: tuple[Unit, ...] = get_args(Unit)
Span = tuple[int, int]
Quote = tuple[int, int, str]  # a place as a tool counts it, and the text that it says stands there
_UNSEEN = re.compile(r"\s+|\\n")  # how Label Studio writes line ends into what was marked, and what it leaves out


@dataclass(frozen=True)
class Counting:
    """A text in the units of a tool; `places` has for each of the tool's offsets ours, None inside a character."""

    text: str
    places: Sequence[int | None]

    def ours(self, start: int, end: int) -> Span | None:
        """The place in code points; None for what is no [start, end) between characters of the text."""
        if not 0 <= start < end < len(self.places):
            return None
        first, last = self.places[start], self.places[end]
        return None if first is None or last is None or first >= last else (first, last)

    def theirs(self, start: int, end: int) -> Span | None:
        """The place in the tool's units; None where it begins or ends inside one of them."""
        first, last = self._theirs.get(start), self._theirs.get(end)
        return None if first is None or last is None else (first, last)

    @cached_property
    def _theirs(self) -> dict[int, int]:
        return {ours: theirs for theirs, ours in enumerate(self.places) if ours is not None}

    def says(self, quote: Quote) -> bool:
        """Whether the quoted text stands at its place, whatever its blanks."""
        span = self.ours(quote[0], quote[1])
        return span is not None and seen(self.text[slice(*span)]) == seen(quote[2])


def counting(text: str, unit: Unit) -> Counting:
    """The text, counted so. UserError where graphemes are asked for and what finds them is not installed."""
    return Counting(text, _PLACES[unit](text))


def fitting(text: str, quotes: Sequence[Quote], units: Sequence[Unit]) -> Counting:
    """The text in the first of these units in which the most quotes stand at their places."""
    ways = (counting(text, unit) for unit in units)
    first = next(ways)
    if all(map(first.says, quotes)):
        return first
    return max((first, *ways), key=lambda way: sum(map(way.says, quotes)))


def seen(text: str) -> str:
    """What of a text can be seen: without blanks and line ends."""
    return _UNSEEN.sub("", text)


def _code_points(text: str) -> Sequence[int]:
    return range(len(text) + 1)


def _utf16(text: str) -> list[int | None]:
    if text.isascii() or max(text) < "\U00010000":
        return list(_code_points(text))
    found: list[int | None] = []
    for place, character in enumerate(text):
        found += (place, None) if character >= "\U00010000" else (place,)
    return [*found, len(text)]


def _graphemes(text: str) -> list[int]:
    try:
        import regex
    except ImportError:
        raise UserError("--offsets graphemes wants the library regex: pip install regex") from None
    return [*(found.start() for found in regex.finditer(r"\X", text)), len(text)]


def _lines(text: str) -> list[int]:
    return list(_outside_line_ends(text))


def _outside_line_ends(text: str) -> Iterator[int]:
    return (at for at in range(len(text) + 1) if text[max(at - 1, 0) : at + 1] != "\r\n")


_PLACES: dict[Unit, Callable[[str], Sequence[int | None]]] = {
    "code-points": _code_points,
    "utf-16": _utf16,
    "graphemes": _graphemes,
    "lines": _lines,
}
