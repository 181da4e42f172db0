"""Where almost the same is: Levenshtein distance by bit vectors (Myers 1999, Hyyrö 2003), of strings as they are."""

from collections.abc import Iterator
from itertools import pairwise

MOST_ENDS = 1000  # places at which a likeness may end; in a text of one character again and again there is no end


def near(name: str, text: str, most: int) -> Iterator[tuple[int, int, int]]:
    """Each (start, end, edits) of the text that at most so many edits make the name; MOST_ENDS ends are looked at."""
    backwards, looked = name[::-1], 0
    for first, last in _windows(name, text, most):
        for length, edits in enumerate(edits_to(name, text[first:last], anywhere=True)):
            if edits <= most and looked < MOST_ENDS:
                looked, end = looked + 1, first + length
                before = text[max(first, end - len(name) - most) : end][::-1]
                yield from ((end - n, end, d) for n, d in enumerate(edits_to(backwards, before)) if n and d <= most)


def likeness(one: str, other: str) -> float:
    """1 for the same, 0 where nothing stays: the edits between them, for the length of the longer."""
    return 1 - edits_to(one, other)[-1] / max(len(one), len(other), 1)


def edits_to(name: str, text: str, anywhere: bool = False) -> list[int]:
    """The edits between the name and each beginning of the text, the empty one first.

    With `anywhere`: and that part of the text that ends there and needs the fewest.
    """
    places: dict[str, int] = {}
    for n, character in enumerate(name):
        places[character] = places.get(character, 0) | 1 << n
    every, top = (1 << len(name)) - 1, 1 << max(len(name) - 1, 0)
    up, down, edits = every, 0, len(name)
    found = [edits]
    for character in text:
        same = places.get(character, 0)
        across = ((same & up) + up ^ up) | same
        more, fewer = down | ~(across | up) & every, up & across
        edits += bool(more & top) - bool(fewer & top)
        found.append(edits)
        more = (more << 1 | (not anywhere)) & every
        fewer = fewer << 1 & every
        vertical = same | down
        up, down = fewer | ~(vertical | more) & every, more & vertical
    return found


def _windows(name: str, text: str, most: int) -> list[tuple[int, int]]:
    """The parts of the text that hold every likeness: of most + 1 pieces of the name, one is there unchanged."""
    edge = [len(name) * n // (most + 1) for n in range(most + 2)]
    around = []
    for start, end in pairwise(edge):
        at = text.find(name[start:end])
        while at >= 0:
            around.append((max(0, at - start - most), min(len(text), at - start + len(name) + most)))
            at = text.find(name[start:end], at + 1)
    return _joined(sorted(around))


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted spans, those that overlap as one."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined
