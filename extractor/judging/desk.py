"""What the page asks for: the next thing to judge, what was said of it, and how many; never whose it is.

A view is {"place", "table", "kind", "parts", "pieces", "said", "judged"}: `place` is where it comes in the order
in which this judge is shown things, `said` what he said of it, `judged` how many things he has judged. At the end of
all things it has no "table".
"""

import threading
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import islice
from typing import Any

from extractor.errors import UserError
from extractor.evaluation.runs import Run
from extractor.judging.ask import claim_of, pieces_of, whole
from extractor.judging.draws import MOST, draws
from extractor.judging.file import Judgements, Voice
from extractor.judging.judged import SAID, Said
from extractor.judging.pool import Pool
from extractor.judging.standing import is_enough

View = dict[str, Any]


def in_order(pool: Pool, seed: int, skipped: Set[int] = frozenset()) -> Iterator[tuple[int, int]]:
    """(number of an item, number of its first draw) for each item once, as the draws bring them."""
    seen = set(skipped)
    for number, draw in enumerate(islice(draws(pool, seed), MOST)):
        if len(seen) == len(pool.items):
            return
        for item in draw:
            if item not in seen:
                seen.add(item)
                yield item, number
    yield from ((item, MOST) for item in range(len(pool.items)) if item not in seen)


class Desk:
    """One person's answers to what the page asks; it may be asked from several threads."""

    def __init__(
        self, held: Judgements, voice: Voice, runs: Sequence[Run], texts: Mapping[str, str], skipped: Set[int],
        margin: float,
    ) -> None:  # fmt: skip
        self._held, self._voice, self._runs, self._texts, self._margin = held, voice, runs, texts, margin
        self._coming = in_order(held.pool, held.about.seed, skipped)
        self._order: list[tuple[int, int]] = []  # as far as it was looked at
        self._lock = threading.Lock()

    def show(self, asked: Any) -> View:
        """The thing at {"place"}, or with null the first that is not judged."""
        with self._lock:
            place = _number(asked, "place")
            return self._view(self._first_open() if place is None else place)

    def say(self, asked: Any) -> View:
        """Keeps what {"said"} is of the thing at {"place"}; when this returns it is on the disk. The next view."""
        with self._lock:
            place, said = _number(asked, "place"), asked.get("said")
            if said not in SAID or place is None or not self._reaches(place):
                raise UserError("no such thing to judge; load the page anew")
            self._held.add(self._order[place][0], said, self._voice, self._order[place][1])
            return self._view(self._first_open())

    def undo(self, asked: Any) -> View:
        """Takes this judge's last word back, and shows what it was about."""
        with self._lock:
            if not self._mine:
                raise UserError("nothing is judged yet")
            last = next(reversed(self._mine))
            place = next((n for n, (item, _) in enumerate(self._order) if item == last), None)
            place = self._look_for(last) if place is None else place
            self._held.add(last, None, self._voice, self._order[place][1])
            return self._view(place)

    def text(self, asked: Any) -> View:
        """The whole text of the thing at {"place"}, as one piece."""
        with self._lock:
            place = _number(asked, "place")
            if place is None or not self._reaches(place):
                raise UserError("no such thing to judge; load the page anew")
            item = self._held.pool.items[self._order[place][0]]
            text = self._texts.get(item.doc_id, "")
            return whole(claim_of(item, self._runs, text), text)

    def stand(self, asked: Any) -> View:
        """How many are judged, of how many, and whether it is enough; nothing about the runs."""
        with self._lock:
            pool = self._held.pool
            enough = is_enough(self._held, self._margin)
            return {"judged": len(self._mine), "disputed": len(pool.items), "enough": enough}

    @property
    def _mine(self) -> dict[int, Said]:
        return self._held.said[self._voice]

    def _first_open(self) -> int:
        place = 0
        while self._reaches(place) and self._order[place][0] in self._mine:
            place += 1
        return place

    def _look_for(self, number: int) -> int:
        while self._reaches(len(self._order)):
            if self._order[-1][0] == number:
                return len(self._order) - 1
        raise UserError("what was judged last is not among what is shown here")

    def _reaches(self, place: int) -> bool:
        while len(self._order) <= place and (one := next(self._coming, None)):
            self._order.append(one)
        return 0 <= place < len(self._order)

    def _view(self, place: int) -> View:
        told = {"place": place, "judged": len(self._mine)}
        if not self._reaches(place):
            return told
        number, _ = self._order[place]
        item = self._held.pool.items[number]
        text = self._texts.get(item.doc_id)
        claim = claim_of(item, self._runs, text or "")
        return told | {
            "table": claim.table,
            "kind": claim.kind,
            "parts": claim.parts,
            "pieces": None if text is None else pieces_of(claim, text),
            "said": self._mine.get(number),
        }


def _number(asked: Any, name: str) -> int | None:
    found = asked.get(name) if isinstance(asked, dict) else None
    return found if type(found) is int and found >= 0 else None
