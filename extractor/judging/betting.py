"""Intervals that stay true however often one looks: a mean, or a ratio of means, by betting against what it may be.

For each value m that the ratio Σtop / Σbottom of the population could have, a gambler who starts with 1 bets on
top − m · bottom, whose mean is 0 if m is the truth. His wealth is then a martingale and exceeds 1/α at any time with
probability at most α (Ville); the values that he has not grown rich against are the interval. Bets of several sizes are
mixed and both sides hedged: Waudby-Smith & Ramdas, Estimating means of bounded random variables by betting (2023).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from extractor.evaluation.runs import Numbers

ALPHA = 0.05
STAKES = 0.9 * 2.0 ** -np.arange(5)  # shares of the largest bet that cannot ruin him
STEPS = 26  # halvings: bounds are exact to 1e-8 of what they may be


@dataclass(frozen=True, slots=True)
class Bets:
    """What is bet on at each draw, 0 ≤ top ≤ bottom ≤ 1: that Σtop / Σbottom is slope · m + start if the truth is m."""

    top: Numbers
    bottom: Numbers
    slope: Numbers | float = 1.0
    start: Numbers | float = 0.0

    def wealth(self, truth: float) -> tuple[Numbers, Numbers]:
        """Logarithms of what the two gamblers have after each draw: who bets on more, and who bets on less."""
        supposed = np.clip(self.slope * truth + self.start, 1e-9, 1 - 1e-9)
        gain = self.top - supposed * self.bottom
        return _mixed(gain / supposed), _mixed(-gain / (1 - supposed))


def bounds(bets: Sequence[Bets], alpha: float = ALPHA) -> tuple[float, float]:
    """The lowest and the highest truth in [0, 1] that was not ruled out at any draw; several bets share the capital."""
    low = _border(lambda truth: ruled_out(bets, truth, alpha)[0], 0.0, 1.0)
    high = _border(lambda truth: ruled_out(bets, truth, alpha)[1], 1.0, 0.0)
    return low, high


def ruled_out(bets: Sequence[Bets], truth: float, alpha: float = ALPHA) -> tuple[bool, bool]:
    """Whether this truth was found too low at some draw, and whether too high."""
    if not len(bets[0].top):
        return False, False
    wealth = [one.wealth(truth) for one in bets]
    enough = np.log(2 / alpha) + np.log(len(bets))
    more, less = (np.logaddexp.reduce([pair[side] for pair in wealth]) for side in (0, 1))
    return bool(more.max() >= enough), bool(less.max() >= enough)


def _mixed(gain: Numbers) -> Numbers:
    wealth = np.log1p(np.outer(STAKES, gain)).cumsum(axis=1)
    return np.asarray(np.logaddexp.reduce(wealth, axis=0) - np.log(len(STAKES)))


def _border(is_out: Callable[[float], bool], out: float, kept: float) -> float:
    """Where what is ruled out ends: wealth falls as the supposed truth nears, from either side."""
    if is_out(kept):
        return kept
    for _ in range(STEPS):
        middle = (out + kept) / 2
        out, kept = (middle, kept) if is_out(middle) else (out, middle)
    return out
