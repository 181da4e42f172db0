"""From judgements of a few disputed things to what holds of all of them, with intervals that bear looking at any time.

A disputed thing speaks for one of two runs: for the one that has it if it is right, for the other if it is wrong. What
both have cancels out; so of all things that either found, the disputed ones alone say how much oftener one decides
rightly. Every number here is a ratio Σtop / Σbottom over them.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from extractor.evaluation.intervals import Estimate
from extractor.evaluation.runs import Numbers
from extractor.judging.betting import Bets, bounds
from extractor.judging.draws import Draw
from extractor.judging.judged import Mark, Marks
from extractor.judging.pool import Pair, Pool

Parts = Mapping[int, tuple[float, float]]  # by the number of a judged item: what it adds to top and to bottom


@dataclass(frozen=True, slots=True)
class Lot:
    """The disputed things of one pair of runs in one table."""

    pair: Pair
    table: str
    either: int  # things that one of the two found, or both
    signs: Mapping[int, int]  # by the number of an item: 1 the arm alone has it, -1 the base alone

    @property
    def share(self) -> float:
        """How many of the things that either found are disputed, 0 to 1: no difference can be larger."""
        return len(self.signs) / self.either if self.either else 0.0

    def points(self, ratio: Estimate) -> Estimate:
        """A mean from 0 (each disputed thing speaks for the base) to 1 as the difference over all things."""
        low, high = (None if x is None else self.share * (2 * x - 1) for x in (ratio.low, ratio.high))
        return Estimate(None if ratio.value is None else self.share * (2 * ratio.value - 1), low, high)


def lot_of(pool: Pool, pair: Pair, table: str) -> Lot:
    """What the pair disagrees on in a table."""
    signs = {n: sign for n, item in enumerate(pool.items) if item.table == table and (sign := pair.sign(item))}
    return Lot(pair, table, pool.either.get((pair, table), 0), signs)


def lots_of(pool: Pool) -> tuple[Lot, ...]:
    """Each pair in each table in which it disagrees on anything."""
    lots = (lot_of(pool, pair, table) for pair in pool.pairs for table in pool.tables)
    return tuple(lot for lot in lots if lot.signs)


@dataclass(frozen=True, slots=True)
class LotFound:
    """What is known of a lot, 0 to 1 but for the points, which run from -1 to 1 (arm − base)."""

    points: Estimate  # how much oftener the arm decides rightly, over all things that either found
    precision_arm: Estimate  # of what the arm alone found
    precision_base: Estimate
    recall_arm: Estimate  # of the disputed things that are right, those that the arm has; the base has the rest


def found_in(lot: Lot, marks: Marks, drawn: Sequence[Draw]) -> LotFound:
    """Estimates from draws of which everything is judged; exact where everything disputed is judged."""
    mine = {number: mark for number, mark in marks.items() if number in lot.signs}
    by_sign = {sign: {n for n, s in lot.signs.items() if s == sign} for sign in (1, -1)}
    worth = {n: ((1 + lot.signs[n] * mark.worth) / 2, 1.0) for n, mark in mine.items()}
    right = {n: (mark.right * (lot.signs[n] > 0), mark.right) for n, mark in mine.items()}
    return LotFound(
        lot.points(ratio(worth, drawn, len(lot.signs))),
        ratio(_precision(mine, by_sign[1]), drawn, len(by_sign[1])),
        ratio(_precision(mine, by_sign[-1]), drawn, len(by_sign[-1])),
        ratio(right, drawn, len(lot.signs)),
    )


def ratio(parts: Parts, drawn: Sequence[Draw], count: int) -> Estimate:
    """Σtop / Σbottom over `count` things, those that are judged in `parts`; None where it is not defined.

    The interval lies within what is possible whatever the things not judged are.
    """
    top, bottom = series(parts, drawn)
    surely = _sure(parts, count - len(parts))
    if surely.low is None or surely.high is None or count == len(parts):
        return surely
    low, high = bounds([Bets(top, bottom)])
    value = float(top.sum() / bottom.sum()) if bottom.sum() > 0 else None
    return within(Estimate(value, low, high), surely)


def series(parts: Parts, drawn: Sequence[Draw]) -> tuple[Numbers, Numbers]:
    """What each draw adds to top and to bottom: the means over the things that it shows."""
    sums = [(sum(parts.get(n, (0, 0))[0] for n in d) / len(d), sum(parts.get(n, (0, 0))[1] for n in d) / len(d))
            for d in drawn]  # fmt: skip
    both = np.array(sums, dtype=np.float64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def within(estimate: Estimate, surely: Estimate) -> Estimate:
    """The part of the interval that is possible, and the value in it; all that is possible where they share nothing."""
    assert surely.low is not None and surely.high is not None
    low, high = (
        surely.low if x is None else min(max(x, surely.low), surely.high) for x in (estimate.low, estimate.high)
    )
    value = None if estimate.value is None else min(max(estimate.value, low), high)
    return Estimate(value, low, high)


def _sure(parts: Parts, unjudged: int) -> Estimate:
    top, bottom = (sum(pair[side] for pair in parts.values()) for side in (0, 1))
    if not bottom + unjudged:
        return Estimate(None)
    low, high = top / (bottom + unjudged), (top + unjudged) / (bottom + unjudged)
    return Estimate(None if unjudged else low, low, high)


def _precision(marks: Mapping[int, Mark], numbers: Set[int]) -> Parts:
    return {n: (mark.right, mark.known) for n, mark in marks.items() if n in numbers}
