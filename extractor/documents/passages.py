"""A long text in passages that tile it, each within a bound, cut where the text itself pauses."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

Span = tuple[int, int]  # [start, end) in code points
Count = Callable[[str], int]  # tokens of a text

_CLOSERS = r"[\"'”’»›」』）)\]】》〉]*"
_SPACE = r"[^\S\r\n]*"
_INITIAL = r"(?<!\b\w)"  # J. R. Smith
_TITLES = (
    "Mr",
    "Mrs",
    "Ms",
    "Dr",
    "Prof",
    "St",
    "No",
    "vs",
    "Jr",
    "Sr",
    "Gen",
    "Col",
    "Capt",
    "Lt",
    "Rev",
    "Fig",
    "pp",
)
_SHORT = "".join(rf"(?<!\b{word})" for word in _TITLES)
_DIGIT = r"(?<!\d(?=.\d))"  # 3.14, １．５
# The strongest first: each level's borders lie behind what matches.
_LEVELS = (
    re.compile(r"(?:\r\n?|[\n\v\f\x85\u2028\u2029])(?:[^\S\r\n]*(?:\r\n?|[\n\v\f\x85\u2028\u2029]))+"),
    re.compile(r"\r\n?|[\n\v\f\x85\u2028\u2029]"),
    re.compile(
        rf"(?:[。！？｡؟۔।॥።፧։។៕၊။]|{_DIGIT}．|…(?=\s|$)|……)+{_CLOSERS}{_SPACE}"
        rf"|{_INITIAL}{_SHORT}[.!?]+{_CLOSERS}(?:[^\S\r\n]+|$)"
    ),
    re.compile(rf"[,;:，、；：،؛]{_CLOSERS}[^\S\r\n]+|[，、；：،؛]"),
    re.compile(r"\s+"),
)


class Piece(NamedTuple):
    """What is not cut any further."""

    end: int
    tokens: int
    border: int  # at its end: a number into _LEVELS, the strongest is 0


def cut(text: str, size: int, count: Count) -> Iterator[Span]:
    """Spans that follow each other and cover the text, each of at most `size` tokens (a letter may take more).

    A span ends at the strongest border in the second half of what would fit: an empty line, a line's end, a sentence's
    end in any script, a clause's, a space; else anywhere that is not inside a letter. Where little would be left, the
    last two share what there is. Holds two spans at a time.
    """
    start, before = 0, list[Piece]()
    for pieces in _filled(text, size, count):
        if before:
            last = _evened(before, pieces, size) if pieces[-1].end == len(text) else before[-1].end
            yield start, last
            start = last
        before = pieces
    if text:
        yield from _end(text, (start, len(text)), size, count)


def _filled(text: str, size: int, count: Count) -> Iterator[list[Piece]]:
    """The pieces of each span, one span as full as it may be after the other."""
    held, start, tokens = list[Piece](), 0, 0
    for piece in _pieces(text, (0, len(text)), 0, size, count):
        while held and tokens + piece.tokens > size:
            upto = _best(held, tokens)
            while upto and count(text[start : held[upto].end]) > size:  # together they may be more than one by one
                upto -= 1
            yield held[: upto + 1]
            start, held = held[upto].end, held[upto + 1 :]
            tokens = _tokens(held)
        held.append(piece)
        tokens += piece.tokens
    if held:
        yield held


def _evened(before: list[Piece], last: list[Piece], size: int) -> int:
    """Where the last span begins: earlier than it would, where it would be less than a quarter of a span."""
    if _tokens(last) >= size // 4:
        return before[-1].end
    return before[_best(before, _tokens(before), size // 4 - _tokens(last))].end


def _end(text: str, last: Span, size: int, count: Count) -> Iterator[Span]:
    """What is left: one span, or two where it is too large after all."""
    start, end = last
    if size < 8 or count(text[start:end]) <= size:
        yield last
        return
    for first, behind in cut(text[start:end], size - size // 8, count):
        yield start + first, start + behind


def _best(held: Sequence[Piece], tokens: int, left: int = 0) -> int:
    """Which of these borders to cut at: of those in the second half that leave so many tokens of it the strongest, and
    of such the last."""
    so_far, best = 0, len(held) - 1
    for place, (_, some, border) in enumerate(held):
        so_far += some
        fits = 2 * so_far >= tokens and tokens - so_far >= left
        if fits and (border <= held[best].border or (left and best == len(held) - 1)):
            best = place
    return best


def _tokens(pieces: Iterable[Piece]) -> int:
    return sum(piece.tokens for piece in pieces)


def _pieces(text: str, span: Span, level: int, size: int, count: Count) -> Iterator[Piece]:
    """Pieces in order, none larger than a quarter of the size if it can be smaller."""
    for start, end in pairwise(_borders(text, span, level)):
        small = end - start <= size * 64  # more could not be small, and would take long to count
        if small and (tokens := count(text[start:end])) <= max(size // 4, 1):
            yield Piece(end, tokens, level)
        elif level < len(_LEVELS):
            for found, some, within in _pieces(text, (start, end), level + 1, size, count):
                yield Piece(found, some, level if found == end else within)
        else:
            yield Piece(end, count(text[start:end]), level)


def _borders(text: str, span: Span, level: int) -> Iterator[int]:
    start, end = span
    yield start
    for place in _within(text, span, level):
        if start < place < end and _may_part(text[place - 1], text[place]):
            yield place
    yield end


def _within(text: str, span: Span, level: int) -> Iterator[int]:
    if level < len(_LEVELS):
        yield from (found.end() for found in _LEVELS[level].finditer(text, *span))
    else:
        yield from range(span[0] + 1, span[1])


def _may_part(before: str, after: str) -> bool:
    """Whether a letter ends between these two: no mark or skin follows, and nothing joins them."""
    if after < "\u0300":
        return True
    return (
        not "\U0001f3fb" <= after <= "\U0001f3ff"
        and unicodedata.category(after) not in ("Mn", "Mc", "Me", "Cf")
        and before != "\u200d"
    )
