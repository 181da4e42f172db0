"""A model's judgements, corrected by a person's: prediction-powered inference (Angelopoulos et al. 2023) with bets.

The mean of what the model says of all disputed things is put right by the mean of (person − model) over the things that
the person was shown. Where the model errs, however one-sidedly, the interval stays true; where it agrees, it is narrow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from extractor.evaluation.intervals import Estimate
from extractor.judging.betting import ALPHA, Bets, bounds
from extractor.judging.draws import Draw
from extractor.judging.estimates import Lot, Parts, ratio, series, within
from extractor.judging.judged import Marks

TRUSTS = (0.0, 0.5, 1.0)  # how far the model is believed: the capital is spread over these bets


@dataclass(frozen=True, slots=True)
class Corrected:
    """The model's opinion alone, and what is left of it once a person has looked; points from -1 to 1 (arm − base)."""

    opinion: Estimate  # uncorrected: its interval says nothing of how often the model errs
    points: Estimate | None  # None without a person
    whole: bool  # whether the model judged each disputed thing


def corrected(
    lot: Lot, person: Marks, model: Marks, drawn: Sequence[Draw], by_model: Sequence[Draw]
) -> Corrected | None:
    """What a model's marks say of a lot; None where it judged nothing of it.

    `drawn` are draws of which a person judged everything, `by_model` those of which the model did.
    """
    said, seen = _worth(lot, model), _worth(lot, person)
    if not said:
        return None
    whole = len(said) == len(lot.signs)
    opinion = lot.points(ratio(_unit(said), by_model, len(lot.signs)))
    both = drawn[: min(len(drawn), len(by_model))] if not whole else drawn
    if not any(number in seen for draw in both for number in draw):
        return Corrected(opinion, None, whole)
    surely = _surely(seen, len(lot.signs))
    mean = _by_all(said, seen, both) if whole else _by_sample(said, seen, both, by_model)
    return Corrected(opinion, lot.points(within(mean, surely)), whole)


def _worth(lot: Lot, marks: Marks) -> dict[int, float]:
    """1 where a thing speaks for the arm, -1 for the base."""
    return {number: lot.signs[number] * mark.worth for number, mark in marks.items() if number in lot.signs}


def _by_all(said: Mapping[int, float], seen: Mapping[int, float], drawn: Sequence[Draw]) -> Estimate:
    mean = sum(said.values()) / len(said)
    low, high = bounds([bets_on(said, seen, drawn, trust, mean) for trust in TRUSTS])
    return Estimate(_value(said, seen, drawn, mean), low, high)


def bets_on(
    said: Mapping[int, float], seen: Mapping[int, float], drawn: Sequence[Draw], trust: float, mean: float
) -> Bets:
    """Bets on person − trust · model, from −(1 + trust) to 1 + trust; `mean` is the model's, which is known."""
    reach = 1 + trust
    top, bottom = series({n: ((seen[n] - trust * said[n] + reach) / (2 * reach), 1.0) for n in seen}, drawn)
    return Bets(top, bottom, slope=1 / reach, start=trust * (1 - mean) / (2 * reach))


def _by_sample(
    said: Mapping[int, float], seen: Mapping[int, float], both: Sequence[Draw], by_model: Sequence[Draw]
) -> Estimate:
    """Half of the error for what the model says of the things that it was not shown, half for how it errs."""
    model = bounds([Bets(*series(_unit(said), by_model))], ALPHA / 2)
    apart = {n: ((worth - said[n] + 2) / 4, 1.0) for n, worth in seen.items() if n in said}  # from -2 to 2
    rest = bounds([Bets(*series(apart, both))], ALPHA / 2)
    low, high = (2 * m - 1 + 4 * r - 2 for m, r in zip(model, rest, strict=True))
    top, bottom = series(_unit(said), by_model)
    mean = 2 * float(top.sum() / bottom.sum()) - 1 if bottom.sum() else 0.0
    return Estimate(_value(said, seen, both, mean), (low + 1) / 2, (high + 1) / 2)


def _value(said: Mapping[int, float], seen: Mapping[int, float], drawn: Sequence[Draw], mean: float) -> float:
    """The likeliest mean, from 0 to 1: the model is believed as far as it went along with the person (PPI++)."""
    shown = [n for draw in drawn for n in draw if n in seen and n in said]
    person, model = (np.array([worth[n] for n in shown]) for worth in (seen, said))
    varies = float(np.var(model)) if shown else 0.0
    along = float(np.mean((person - person.mean()) * (model - model.mean()))) if shown else 0.0
    trust = min(max(along / varies, 0.0), 1.0) if varies else 0.0
    top, bottom = series({n: (seen[n] - trust * said[n], 1.0) for n in seen if n in said}, drawn)
    return (1 + trust * mean + float(top.sum() / max(bottom.sum(), 1e-9))) / 2


def _unit(worth: Mapping[int, float]) -> Parts:
    return {number: ((1 + value) / 2, 1.0) for number, value in worth.items()}


def _surely(seen: Mapping[int, float], count: int) -> Estimate:
    """What is possible whatever the person would say of the rest."""
    top, rest = sum((1 + value) / 2 for value in seen.values()), count - len(seen)
    return Estimate(None, top / count, (top + rest) / count)
