"""The fuzzy tier: what in a text is meant by a name that is nowhere in it. Rather nothing than another name.

What is compared is folded, and less the accents of Latin, Greek and Cyrillic letters. First a spelling that only
accents separate from the name; then one with an edit for each six characters, three at most (for each eight in Indic
scripts, Thai and Khmer; none in a name of under five letters); then the name with a word more in its middle. Digits
never differ. Two different readings equally near are none.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from extractor.tables.fold import Folded, Span, fold, is_whole, places, without_accents
from extractor.tables.fuzzy import likeness, near

LONGEST = 200  # characters of a name that is looked for so
MOST_EDITS = 3
Near = tuple[int, int, int]  # start and end in the folded text, edits

_SLOW = re.compile("[\u0900-\u109f\u1780-\u17ff]")  # Indic scripts, Thai, Khmer …: many marks a letter


def nearest(name: str, folded: Folded, inside: Sequence[Span]) -> tuple[list[Span], float | None]:
    """The spans of the source, within these parts of it, that the name means, and how like it they are (0 to 1)."""
    plain, blind = without_accents(fold(name)), folded.accentless
    if not plain or len(plain) > LONGEST:
        return [], None
    parts = [blind.within(*part) for part in inside]
    spans = _accentless(plain, blind, parts) or _edited(plain, blind, parts) or _word_more(plain, blind, parts)
    score = likeness(fold(name), fold(folded.source[slice(*spans[0])])) if spans else None
    return spans, score


@lru_cache(maxsize=8192)
def most_edits(plain: str) -> int:
    """The edits that a folded name may be away from what it means."""
    letters = sum(map(str.isalpha, plain))
    counted = letters + sum(map(str.isdecimal, plain))
    return 0 if letters < 5 else min(counted // (8 if _SLOW.search(plain) else 6), MOST_EDITS)


def same_digits(one: str, other: str) -> bool:
    """Whether both have the same digits in the same order."""
    return re.findall(r"\d", one) == re.findall(r"\d", other)


def _whole(folded: Folded, start: int, end: int) -> Span | None:
    return folded.span(start, end) if is_whole(folded.text, start, end) else None


def _accentless(plain: str, blind: Folded, parts: Sequence[Span]) -> list[Span]:
    return [span for part in parts for span in places(plain, blind.text, lambda *place: _whole(blind, *place), part)]


def _edited(plain: str, blind: Folded, parts: Sequence[Span]) -> list[Span]:
    """The spans of the fewest edits: all of them, where they read alike."""
    most = most_edits(plain)
    if not most:
        return []
    found = (
        (start + at, end + at, edits)
        for at, last in parts
        for start, end, edits in near(plain, blind.text[at:last], most)
    )
    fitting = [one for one in found if _fits(plain, blind, one)]
    fewest = min((edits for _, _, edits in fitting), default=0)
    best = _apart(sorted((one for one in fitting if one[2] == fewest), key=lambda one: _looks(plain, blind.text, one)))
    if len({blind.text[start:end] for start, end, _ in best}) != 1:
        return []
    return sorted(span for start, end, _ in best if (span := blind.span(start, end)))


def _fits(plain: str, blind: Folded, found: Near) -> bool:
    start, end, _ = found
    said = blind.text[start:end]
    return (
        said == said.strip()
        and is_whole(blind.text, start, end)
        and same_digits(plain, said)
        and blind.span(start, end) is not None
    )


def _looks(plain: str, text: str, found: Near) -> tuple[bool, int, int]:
    """Of spans that overlap the likelier first: with the name's first and last character, then near in length."""
    start, end, _ = found
    return (text[start], text[end - 1]) != (plain[0], plain[-1]), abs(end - start - len(plain)), start


def _apart(found: list[Near]) -> list[Near]:
    """Those that overlap none before them."""
    kept: list[Near] = []
    for start, end, edits in found:
        if all(end <= other or start >= last for other, last, _ in kept):
            kept.append((start, end, edits))
    return kept


def _word_more(plain: str, blind: Folded, parts: Sequence[Span]) -> list[Span]:
    """Where the name's words stand in order, and between two of them one more that begins with a capital."""
    words = plain.split(" ")
    for n in range(1, len(words)):
        left, right = " ".join(words[:n]), " ".join(words[n:])
        if spans := _around(left, right, blind, parts):
            return spans
    return []


def _around(left: str, right: str, blind: Folded, parts: Sequence[Span]) -> list[Span]:
    if f"{left} " not in blind.text or f" {right}" not in blind.text:
        return []
    pattern = re.compile(rf"{re.escape(left)} ([^\W\d_]+) {re.escape(right)}")
    found = [m for part in parts for m in pattern.finditer(blind.text, *part) if _is_capital(blind, m.start(1))]
    spans = [span for m in found if (span := _whole(blind, *m.span()))]
    return spans if len({m[0] for m in found}) == 1 else []


def _is_capital(blind: Folded, at: int) -> bool:
    return blind.source[blind.starts[blind.units[at]]].isupper()
