"""Which entity an end may be whose name none of them bears: a guess, and marked as one."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from extractor.tables.fold import Span, fold, is_whole, places, without_accents
from extractor.tables.fuzzy import edits_to
from extractor.tables.grounding import Ground
from extractor.tables.nearest import MOST_EDITS, most_edits, same_digits


class Guesses:
    """The entities of one record, to be guessed from: by a name that holds the other on the borders of words, by a name
    almost so written, by a mention in which the end stands."""

    def __init__(self, entities: Sequence[Any], ground: Ground) -> None:
        self._entities, self._ground = entities, ground

    def of(self, name: str) -> Iterator[tuple[str, list[Any]]]:
        """The entities that a name may mean that none of them bears, by each way of guessing, and how it is called."""
        folded, stands = fold(name), self._ground.find(name)
        yield (
            "containment",
            [one for one, other in zip(self._entities, self._folds, strict=True) if _holds_either_way(folded, other)],
        )
        if stands.match in ("fuzzy", "none"):  # what is in the text as it is written is no other name misspelled
            yield "fuzzy", self._almost(without_accents(folded))
        if stands.mentions:
            yield "mention", self._around(stands.mentions)

    def _almost(self, plain: str) -> list[Any]:
        """The entities of the fewest edits."""
        away = [(_edits(plain, other), one) for one, other in zip(self._entities, self._plain, strict=True)]
        fewest = min((edits for edits, _ in away if edits is not None), default=None)
        return [one for edits, one in away if edits is not None and edits == fewest]

    def _around(self, spans: Sequence[Span]) -> list[Any]:
        """The entities that have a mention in which one of the spans stands."""
        mentions, longest = self._mentions
        found = set()
        for start, end in spans:
            at = bisect_right(mentions, (start, len(self._ground.text), len(self._entities)))
            while at and mentions[at - 1][0] >= end - longest:
                at -= 1
                found |= {mentions[at][2]} if mentions[at][1] >= end else set()
        return [self._entities[n] for n in sorted(found)]

    @cached_property
    def _mentions(self) -> tuple[list[tuple[int, int, int]], int]:
        """Each mention with the number of its entity, sorted, and the length of the longest."""
        mentions = sorted((start, end, n) for n, one in enumerate(self._entities) for start, end in one.mentions)
        return mentions, max((end - start for start, end, _ in mentions), default=0)

    @cached_property
    def _folds(self) -> list[str]:
        return [fold(entity.name) for entity in self._entities]

    @cached_property
    def _plain(self) -> list[str]:
        return list(map(without_accents, self._folds))


def _holds_either_way(one: str, other: str) -> bool:
    """Whether the longer of two folded names holds the shorter, of two characters or more, on the borders of words."""
    if not (one in other or other in one):
        return False
    short, long = sorted((one, other), key=len)
    if len(short) < 2:
        return False
    return bool(places(short, long, lambda start, end: (start, end) if is_whole(long, start, end) else None))


def _edits(one: str, other: str) -> int | None:
    """The edits between two folded names, None where they are too many, or digits differ."""
    apart = abs(len(one) - len(other))
    if apart > MOST_EDITS or apart > (most := min(most_edits(one), most_edits(other))) or not same_digits(one, other):
        return None
    edits = edits_to(one, other)[-1]
    return edits if edits <= most else None
