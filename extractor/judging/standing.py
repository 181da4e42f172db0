"""How it stands: what the judgements so far say of the runs, table by table."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from extractor.evaluation.intervals import Estimate
from extractor.judging.corrected import Corrected, corrected
from extractor.judging.draws import Draw, complete, draws
from extractor.judging.estimates import LotFound, found_in
from extractor.judging.file import Judgements
from extractor.judging.judged import JudgesAgree, Words, agreements, marks_of
from extractor.judging.pool import Pair

State = Literal["better", "worse", "within", "open"]
MARGIN = 0.02  # a difference up to here is none


@dataclass(frozen=True, slots=True)
class TableStanding:
    """One run against the first in one table; points are arm − base, shares of all things that either found."""

    base: str
    arm: str
    table: str
    either: int  # things that one of them found, or both
    disputed: int
    judged: int  # by persons
    found: LotFound
    corrected: Corrected | None  # by what a model said
    points: Estimate  # what is told: corrected where a model judged every disputed thing and a person some
    state: State


@dataclass(frozen=True, slots=True)
class Standing:
    """All there is to say; `people` and `models` are judgements by each judge that count now."""

    verdict: str
    enough: bool  # nothing is open any more
    draws: int  # of which everything is judged by persons
    people: dict[str, int]
    models: dict[str, int]
    margin: float
    tables: tuple[TableStanding, ...]
    agreements: tuple[JudgesAgree, ...]
    notes: tuple[str, ...]


Say = Callable[[Standing], str]


def standing(held: Judgements, labels: Sequence[str], margin: float, say: Say) -> Standing:
    """Everything, from the file as it is; `say` makes the sentence of it."""
    people, models = held.words(True), held.words(False)
    tables = tuple(_tables(held, people, models, labels, margin))
    by = [{voice.by: len(said) for voice, said in held.said.items() if voice.is_person == person and said}
          for person in (True, False)]  # fmt: skip
    both: Words = {n: {**people.get(n, {}), **models.get(n, {})} for n in {*people, *models}}
    notes = [f"{held.lost} judgements are of things on which the runs do not differ now"] if held.lost else []
    drawn = len(_drawn(held, people))
    enough = all(one.state != "open" for one in tables)
    told = Standing("", enough, drawn, by[0], by[1], margin, tables, tuple(agreements(both)), tuple(notes))
    return replace(told, verdict=say(told))


def is_enough(held: Judgements, margin: float) -> bool:
    """Whether more judgements would change no verdict."""
    if not held.words(True):
        return False
    tables = _tables(held, held.words(True), held.words(False), [str(n) for n in range(len(held.about.ids))], margin)
    return all(one.state != "open" for one in tables)


def _tables(
    held: Judgements, people: Words, models: Words, labels: Sequence[str], margin: float
) -> Iterator[TableStanding]:
    mine, theirs = marks_of(people), marks_of(models)
    drawn, by_model = _drawn(held, people), _drawn(held, models)
    for lot in held.lots:
        found, mended = found_in(lot, mine, drawn), corrected(lot, mine, theirs, drawn, by_model)
        points = mended.points if mended and mended.whole and mended.points else found.points
        judged = sum(number in lot.signs for number in mine)
        names, counts = _names(lot.pair, labels), (lot.either, len(lot.signs), judged)
        yield TableStanding(*names, lot.table, *counts, found, mended, points, _state(points, margin))


def _names(pair: Pair, labels: Sequence[str]) -> tuple[str, str]:
    return labels[pair.base], labels[pair.arm]


def _drawn(held: Judgements, words: Words) -> list[Draw]:
    """Nothing where all is judged: the order says nothing more then."""
    everything = len(words) == len(held.pool.items)
    return [] if everything else complete(draws(held.pool, held.about.seed), set(words))


def _state(points: Estimate, margin: float) -> State:
    low, high = points.low, points.high
    if low is None or high is None:
        return "open"
    if low > 0 or high < 0:
        return "better" if low > 0 else "worse"
    return "within" if max(-low, high) <= margin else "open"
