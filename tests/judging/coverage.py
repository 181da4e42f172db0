"""Do the intervals of `extract judge` hold as often as they say? Simulated judges over runs whose truth is known.

    python tests/judging/coverage.py 1000

Looks after each draw, as somebody would who stops when he likes what he sees, and counts the simulations in which the
truth was ever outside the 95 % interval; and how wide the interval is after 50, 100 and 200 judgements, by the person
alone, with a model judge that errs to one side, and with one that judged a sample (looked at after 50, 100 and 200
alone). An ordinary interval, looked at after each draw from the 20th on, is counted as well.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from extractor.evaluation.intervals import Estimate
from extractor.judging.betting import Bets, ruled_out
from extractor.judging.corrected import TRUSTS, bets_on, corrected
from extractor.judging.draws import Draw, draws
from extractor.judging.estimates import Lot, found_in, lot_of, series
from extractor.judging.judged import Mark
from extractor.judging.pool import FoundItem, Pool, made_pool

LOOKS = (50, 100, 200)  # judgements


@dataclass(frozen=True)
class World:
    """Two runs, what is right, and what a person and a model judge would say of each disputed thing."""

    seed: int
    pool: Pool
    person: dict[int, Mark]
    model: dict[int, Mark]


@dataclass
class Outcome:
    """Of each lot in one simulation: whether the truth was ever outside, and widths in points by judgements."""

    missed: dict[str, bool] = field(default_factory=dict)
    widths: dict[tuple[str, int], float] = field(default_factory=dict)


def world(seed: int, documents: int = 150) -> World:
    """Runs over documents that are easy or hard, and a model judge that calls too much right."""
    chance = np.random.default_rng(seed)
    items, right = [], {}
    for document in range(documents):
        ease = chance.normal(0, 1)
        for table, mean, finds in (("entities", 4, 0.8), ("relations", 3, 0.9)):
            for number in range(chance.poisson(mean)):
                true = chance.random() < 1 / (1 + np.exp(-ease))
                arms = [arm for arm, share in enumerate((0.75, finds)) if chance.random() < (share if true else 0.25)]
                items.append(FoundItem(f"d{document}", table, (str(number),), frozenset(arms)))
                right[items[-1].name] = true
    pool = made_pool([item for item in items if item.arms], 2)
    marks = {}
    for name, err in (("person", (0.03, 0.03)), ("model", (0.05, 0.3))):  # of right things, of wrong ones
        said = (right[item.name] != (chance.random() < err[not right[item.name]]) for item in pool.items)
        marks[name] = {n: Mark(float(word), 1.0) for n, word in enumerate(said)}
    return World(seed, pool, **marks)


def simulated(seed: int, looks: Sequence[int] = LOOKS) -> Outcome:
    """One person who judges until the last look, and is looked at after each draw."""
    made, outcome = world(seed), Outcome()
    drawn, ends = _drawn(made.pool, seed, looks)
    for table in made.pool.tables:
        lot = lot_of(made.pool, made.pool.pairs[0], table)
        truth = found_in(lot, made.person, drawn).points.value
        assert truth is not None
        outcome.missed[table] = _ever_outside(_own(lot, made, drawn), lot, truth)
        outcome.missed[f"{table}, ordinary interval"] = _ordinary_outside(_own(lot, made, drawn)[0], lot, truth)
        outcome.missed[f"{table}, corrected"] = _ever_outside(_corrected(lot, made, drawn), lot, truth)
        for look, end in ends.items():
            seen = {n: made.person[n] for draw in drawn[:end] for n in draw}
            whole = [tuple(lot.signs)]
            mended = corrected(lot, seen, made.model, drawn[:end], whole)
            assert mended is not None and mended.points is not None
            outcome.widths[table, look] = _width(found_in(lot, seen, drawn[:end]).points)
            outcome.widths[f"{table}, corrected", look] = _width(mended.points)
        _with_sample(outcome, made, lot, (drawn, ends), truth)
    return outcome


def _with_sample(
    outcome: Outcome, made: World, lot: Lot, order: tuple[list[Draw], dict[int, int]], truth: float
) -> None:
    """The same with a model that judged what the draws bring until it has judged so many things."""
    drawn, ends = order
    name, outside = f"{lot.table}, corrected from a sample", False
    by_model = list(islice(draws(made.pool, made.seed), 2 * len(drawn)))
    said = {n: made.model[n] for draw in by_model for n in draw}
    for look, end in ends.items():
        seen = {n: made.person[n] for draw in drawn[:end] for n in draw}
        mended = corrected(lot, seen, said, drawn[:end], by_model)
        assert mended is not None and mended.points is not None
        low, high = mended.points.low, mended.points.high
        assert low is not None and high is not None
        outside = outside or not low <= truth <= high
        outcome.widths[name, look] = _width(mended.points)
    outcome.missed[name] = outside


def _ordinary_outside(bets: Bets, lot: Lot, truth: float) -> bool:
    """Whether the truth is ever outside mean ± 1.96 standard errors, from the 20th draw on."""
    count = np.arange(1, len(bets.top) + 1)
    top, bottom = bets.top.cumsum(), np.maximum(bets.bottom.cumsum(), 1e-9)
    mean = top / bottom
    squares = (
        (bets.top**2).cumsum() - 2 * mean * (bets.top * bets.bottom).cumsum() + mean**2 * (bets.bottom**2).cumsum()
    )
    error = np.sqrt(squares) / bottom
    off = np.abs(mean - (truth / lot.share + 1) / 2) > 1.959964 * error
    return bool(off[count >= 20].any())


def _drawn(pool: Pool, seed: int, looks: Sequence[int]) -> tuple[list[Draw], dict[int, int]]:
    """The draws up to the last look, and how many of them come before each."""
    order: Iterator[Draw] = draws(pool, seed)
    found, seen, ends = list[Draw](), set[int](), dict[int, int]()
    for look in looks:
        while len(seen) < min(look, len(pool.items)):
            found.append(next(order))
            seen.update(found[-1])
        ends[look] = len(found)
    return found, ends


def _own(lot: Lot, made: World, drawn: Sequence[Draw]) -> list[Bets]:
    worth = {n: ((1 + sign * made.person[n].worth) / 2, 1.0) for n, sign in lot.signs.items()}
    return [Bets(*series(worth, drawn))]


def _corrected(lot: Lot, made: World, drawn: Sequence[Draw]) -> list[Bets]:
    said = {n: sign * made.model[n].worth for n, sign in lot.signs.items()}
    seen = {n: sign * made.person[n].worth for n, sign in lot.signs.items()}
    mean = sum(said.values()) / len(said)
    return [bets_on(said, seen, drawn, trust, mean) for trust in TRUSTS]


def _ever_outside(bets: Sequence[Bets], lot: Lot, truth: float) -> bool:
    """Wealth against the truth, after each draw: what `bounds` would leave outside."""
    return any(ruled_out(bets, (truth / lot.share + 1) / 2))


def _width(estimate: Estimate) -> float:
    assert estimate.low is not None and estimate.high is not None
    return 100 * (estimate.high - estimate.low)


def main(count: int) -> None:
    """Prints how often the truth was ever outside, and the mean widths."""
    outcomes = [simulated(seed) for seed in range(count)]
    for name in outcomes[0].missed:
        outside = sum(one.missed[name] for one in outcomes)
        told = [look for look in LOOKS if (name, look) in outcomes[0].widths]
        widths = ", ".join(f"{np.mean([o.widths[name, look] for o in outcomes]):.1f} after {look}" for look in told)
        wide = f"; points wide: {widths}" if told else ""
        print(f"{name}: ever outside in {outside} of {count} ({100 * outside / count:.1f} %){wide}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
