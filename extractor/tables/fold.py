"""The fold of a text: two strings whose folds are equal are the same name. It knows where each character came from.

What a character folds to is said in characters.py. Over the result: one space for many, and none unless letters or
digits of a script that puts spaces between words are on both sides; no full stop after an initial, and no space between
two initials that have one (U. S. Army, U.S. Army and US Army are one).
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from extractor.scripts import HANGUL, UNSPACED
from extractor.tables.characters import FOLDS, KIND, LENGTH, LETTER, MARK, ORDER, SPACE, TRAILS, WORD, kind, syllables

Span = tuple[int, int]
Codes = npt.NDArray[np.uint32]
Places = npt.NDArray[np.int32]
Bits = npt.NDArray[np.bool_]

_SPACED = rf"[^\W_{UNSPACED}{HANGUL}]+"
_PLAIN = re.compile(rf"{_SPACED}(?: {_SPACED})*|[^\W_]+")  # nothing in it to drop
_ACCENTS = re.compile("[\u0300-\u036f]+")  # on Latin, Greek and Cyrillic letters, once they are decomposed


@dataclass(frozen=True)
class Folded:
    """A folded text. A unit is a character of the source with all that trails it: marks, joiners, an initial's stop."""

    source: str
    text: str
    units: Places  # the unit that each character of `text` came from
    starts: Places  # where each unit begins in the source, and behind them the source's length

    def span(self, start: int, end: int) -> Span | None:
        """Where [start, end) of `text` stands in the source; None where it begins or ends inside a unit."""
        units = self.units
        inside = (start and units[start - 1] == units[start]) or (end < len(units) and units[end - 1] == units[end])
        if inside or breaks_letter(self.text, start, end):
            return None
        first, last = int(self.starts[units[start]]), int(self.starts[units[end - 1] + 1])
        while unicodedata.category(self.source[last - 1]) == "Cf":
            last -= 1
        return first, last

    def within(self, start: int, end: int) -> Span:
        """The part of `text` that came from [start, end) of the source."""
        units = np.searchsorted(self.starts, (start, end))
        first, last = np.searchsorted(self.units, units)
        return int(first), int(last)

    @cached_property
    def accentless(self) -> "Folded":
        """The same less the accents of Latin, Greek and Cyrillic letters."""
        if not _ACCENTS.search(self.text):
            return self
        codes = _codes(self.text)
        kept = (codes < 0x300) | (codes > 0x36F)
        return Folded(self.source, without_accents(self.text), self.units[kept], self.starts)


def places(name: str, text: str, take: Callable[[int, int], Span | None], within: Span | None = None) -> list[Span]:
    """What `take` makes of each place where the name stands in (a part of) the text, less those it gives None for.

    Left to right; a place that overlaps one that was taken is passed over.
    """
    found = []
    at, end = within or (0, len(text))
    while name and (at := text.find(name, at, end)) >= 0:
        taken = take(at, at + len(name))
        found += [taken] if taken else []
        at += len(name) if taken else 1
    return found


def is_whole(text: str, start: int, end: int) -> bool:
    """Whether [start, end) breaks no word; in scripts without spaces, and Hangul, with its endings, nothing does."""
    before = start > 0 and kind(text[start - 1]) & kind(text[start]) & WORD
    after = end < len(text) and kind(text[end - 1]) & kind(text[end]) & WORD
    return not (before or after)


def breaks_letter(text: str, start: int, end: int) -> bool:
    """Whether [start, end) begins with a mark or ends before one."""
    return bool((kind(text[start]) | (kind(text[end]) if end < len(text) else 0)) & MARK)


def without_accents(folded: str) -> str:
    """A folded string less the accents of Latin, Greek and Cyrillic letters."""
    return _ACCENTS.sub("", folded)


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """The fold of a short text: names with one fold are one name. Where nothing would stay it is the text itself."""
    said = syllables(text).translate(FOLDS)
    return said if _PLAIN.fullmatch(said) else fold_text(text).text or text


def fold_text(text: str) -> Folded:
    """The fold of a text of any length, in time and memory in proportion to it."""
    whole = syllables(text)
    codes = _codes(whole.translate(FOLDS))
    raw = _codes(whole)
    origin = np.repeat(np.arange(len(raw), dtype=np.int32), LENGTH[raw])
    trails = (KIND[raw] & TRAILS) > 0
    trails[:1] = False
    codes, kept, stops = _tidied(_ordered(codes, _units(trails)[origin]))
    trails[origin[stops]] = True
    units = _units(trails)
    starts = np.append(np.flatnonzero(~trails), len(raw)).astype(np.int32)
    said = codes[kept].astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    return Folded(text, said, units[origin[kept]], starts)


def _units(trails: Bits) -> Places:
    return np.cumsum(~trails, dtype=np.int32) - 1


def _codes(text: str) -> Codes:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def _ordered(codes: Codes, units: Places) -> Codes:
    """Marks on one letter in the one order that Unicode gives them: they may have been typed in any."""
    order = ORDER[codes]
    wrong = np.flatnonzero((order[:-1] > order[1:]) & (order[1:] > 0) & (units[:-1] == units[1:]))
    codes = codes.copy() if len(wrong) else codes
    for at in wrong:
        first, last = at, at + 2
        while first and order[first - 1] and units[first - 1] == units[at]:
            first -= 1
        while last < len(order) and order[last] and units[last] == units[at]:
            last += 1
        codes[first:last] = sorted(codes[first:last], key=lambda code: ORDER[code])
    return codes


def _tidied(codes: Codes) -> tuple[Codes, Bits, Places]:
    """The codes with stops for spaces where initials need them; which of them stay; and the stops that go."""
    kept = np.ones(len(codes), np.bool_)
    bases = np.flatnonzero((KIND[codes] & MARK) == 0).astype(np.int32)
    kinds = np.pad(KIND[codes[bases]], (2, 2))
    word, letter, space = ((kinds & bit) > 0 for bit in (WORD, LETTER, SPACE))
    initial = letter & ~np.roll(word, 1) & ~np.roll(word, -1)
    stop = np.roll(initial, 1) & np.pad(codes[bases] == ord("."), (2, 2))
    parting = stop & np.roll(word & ~initial, -1)
    stop &= ~parting
    stays = ~space & ~stop
    shown = np.flatnonzero(stays).astype(np.int32)
    left, right = shown[:-1], shown[1:]
    dotted = initial & np.roll(stop, -1)
    stays[right - 1] |= space[right - 1] & word[left] & word[right] & ~(dotted[left] & dotted[right])
    kept[bases[~stays[2:-2]]] = False
    codes = codes.copy()
    codes[bases[parting[2:-2]]] = ord(" ")
    return codes, kept, bases[stop[2:-2]]
