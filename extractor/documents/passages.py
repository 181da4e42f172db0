"""A long text in passages that tile it, each within a bound, cut where the text itself pauses."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import pairwise

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


def cut(text: str, size: int, count: Count) -> Iterator[Span]:
    """Spans that follow each other and cover the text, each of at most `size` tokens (a letter may take more).

    A span ends at the strongest border in the second half of what would fit: an empty line, a line's end, a sentence's
    end in any script, a clause's, a space; else anywhere that is not inside a letter. Holds one span at a time.
    """
    held: list[tuple[int, int, int]] = []  # end, tokens, level of the border there
    start = tokens = 0
    for end, more, level in _pieces(text, (0, len(text)), 0, size, count):
        while held and tokens + more > size:
            upto = _best(held, tokens)
            while upto and count(text[start : held[upto][0]]) > size:  # together they may be more than one by one
                upto -= 1
            yield start, held[upto][0]
            start, tokens, held = held[upto][0], sum(one[1] for one in held[upto + 1 :]), held[upto + 1 :]
        held.append((end, more, level))
        tokens += more
    if text:
        yield from _end(text, (start, held[-1][0]), size, count)


def _end(text: str, last: Span, size: int, count: Count) -> Iterator[Span]:
    """What is left: one span, or two where it is too large after all."""
    start, end = last
    if size < 8 or count(text[start:end]) <= size:
        yield last
        return
    for first, behind in cut(text[start:end], size - size // 8, count):
        yield start + first, start + behind


def _best(held: list[tuple[int, int, int]], tokens: int) -> int:
    """Which of these borders to cut at: of those in the second half the strongest, and of such the last."""
    so_far, best = 0, len(held) - 1
    for place, (_, some, level) in enumerate(held):
        so_far += some
        if 2 * so_far >= tokens and level <= held[best][2]:
            best = place
    return best


def _pieces(text: str, span: Span, level: int, size: int, count: Count) -> Iterator[tuple[int, int, int]]:
    """The end, the tokens and the border of each piece, none larger than a quarter of the size if it can be smaller."""
    for start, end in pairwise(_borders(text, span, level)):
        small = end - start <= size * 64  # more could not be small, and would take long to count
        if small and (tokens := count(text[start:end])) <= max(size // 4, 1):
            yield end, tokens, level
        elif level < len(_LEVELS):
            for found, some, within in _pieces(text, (start, end), level + 1, size, count):
                yield found, some, level if found == end else within
        else:
            yield end, count(text[start:end]), level


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
