"""How sure a number is: bootstrap intervals by document, permutation p-values, intervals for shares.

Documents are drawn, not entities: what stands in one document is not independent. Every measure is a function of
sums over documents, so a resample is a matrix product. With few documents (`ENOUGH`) bootstrap intervals are too
narrow; a verdict asks the permutation test as well, which then cannot be small.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from extractor.evaluation.runs import Numbers

ENOUGH = 30  # documents: below, bootstrap intervals are too narrow to be trusted
Weights = npt.NDArray[np.float32]
Measure = Callable[[Numbers], Numbers]  # sums[..., k] → value[...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval; None where it is not defined."""

    value: float | None
    low: float | None = None
    high: float | None = None


def resampled(documents: int, resamples: int, seed: int) -> Weights:
    """weights[resample, document]: how often each resample drew each document (4 bytes each)."""
    drawn = np.random.default_rng(seed).integers(0, documents, size=(resamples, documents), dtype=np.int32)
    weights = np.empty((resamples, documents), dtype=np.float32)
    for row, picks in enumerate(drawn):
        weights[row] = np.bincount(picks, minlength=documents)
    return weights


def bootstrap(values: Numbers, measures: Sequence[Measure], weights: Weights) -> list[tuple[Estimate, ...]]:
    """For each series of values[document, series, …] an estimate by each measure, which sees sums[…, series, …]."""
    whole, drawn = values.sum(axis=0), _sums(weights, values)
    documents = (values != 0).reshape(*values.shape[:2], -1).any(axis=2).sum(axis=0)
    by_measure = (estimates(measure(whole), measure(drawn)) for measure in measures)
    honest = ([_widened(e, int(n)) for e, n in zip(found, documents, strict=True)] for found in by_measure)
    return list(zip(*honest, strict=True))


def bootstrap_difference(one: Numbers, two: Numbers, measure: Measure, weights: Weights) -> list[Estimate]:
    """measure(two) − measure(one) for each series of values[document, series, …], both resampled together."""
    value = measure(two.sum(axis=0)) - measure(one.sum(axis=0))
    return estimates(value, measure(_sums(weights, two)) - measure(_sums(weights, one)))


def permutation_p(one: Numbers, two: Numbers, measure: Measure, flips: Weights) -> list[float]:
    """Two-sided p for "the arms are alike", by series: swap them in random documents.

    flips[resample, document] is 0 or 1. A swap that leaves nothing to measure counts as no evidence against that.
    """
    observed = np.abs(measure(two.sum(axis=0)) - measure(one.sum(axis=0)))
    moved = _sums(flips, two - one)
    spread = np.abs(measure(two.sum(axis=0) - moved) - measure(one.sum(axis=0) + moved))
    as_far = (~(spread < observed - 1e-5)).sum(axis=0)
    return [float(n) for n in (1 + as_far) / (1 + len(flips))]


def coin_flips(documents: int, resamples: int, seed: int) -> Weights:
    """flips[resample, document], each 0 or 1."""
    return np.random.default_rng(seed + 1).integers(0, 2, size=(resamples, documents)).astype(np.float32)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values of a family of tests, made larger so that one false alarm in the whole family is as rare (Holm 1979)."""
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, p_values[place] * (len(p_values) - rank)))
        adjusted[place] = largest
    return adjusted


def share(count: int, total: int) -> Estimate:
    """count / total with Wilson's 95 % interval, which stays honest at 0 and at 1 where a bootstrap does not."""
    if not total:
        return Estimate(None)
    z, p = 1.959964, count / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * float(np.sqrt(p * (1 - p) / total + z * z / (4 * total * total)))
    return Estimate(p, max(0.0, middle - half), min(1.0, middle + half))


def _widened(estimate: Estimate, documents: int) -> Estimate:
    """No interval from one document; where every draw gives 0, or 1, Wilson's with documents as trials."""
    if documents < 2 or estimate.value is None:
        return Estimate(estimate.value)
    certain = estimate.low == estimate.high and estimate.value in (0.0, 1.0)
    return share(round(estimate.value * documents), documents) if certain else estimate


def estimates(values: Numbers, spread: Numbers) -> list[Estimate]:
    """values[series] with 2.5 % and 97.5 % percentiles of spread[resample, series]; NaN becomes None."""
    found = []
    for value, column in zip(values, spread.T, strict=True):
        defined = column[~np.isnan(column)]
        low, high = np.percentile(defined, [2.5, 97.5]) if len(defined) else (np.nan, np.nan)
        found.append(Estimate(*(None if np.isnan(x) else float(x) for x in (value, low, high))))
    return found


def precision(sums: Numbers) -> Numbers:
    """hits / found; 0 where nothing was found, NaN where there was nothing to find either."""
    return _ratio(sums[..., 0], sums[..., 0] + sums[..., 1], sums[..., :3].sum(axis=-1) > 0)


def recall(sums: Numbers) -> Numbers:
    """hits / gold; 0 where gold has nothing but something was found, NaN where neither has."""
    return _ratio(sums[..., 0], sums[..., 0] + sums[..., 2], sums[..., :3].sum(axis=-1) > 0)


def f1(sums: Numbers) -> Numbers:
    """2·hits / (found + gold), NaN where both are nothing."""
    return _ratio(2 * sums[..., 0], 2 * sums[..., 0] + sums[..., 1] + sums[..., 2], sums[..., :3].sum(axis=-1) > 0)


def mean(sums: Numbers) -> Numbers:
    """sums[…, 0] / sums[…, 1], NaN where the second is 0."""
    return _ratio(sums[..., 0], sums[..., 1], sums[..., 1] > 0)


def macro(measure: Measure) -> Measure:
    """The plain mean of a measure over the types that gold has; the last series (unknown types) is left out."""

    def over_types(sums: Numbers) -> Numbers:
        types = sums[..., :-1, :]
        present = types[..., 0] + types[..., 2] > 0
        total = np.where(present, np.nan_to_num(measure(types)), 0).sum(axis=-1)
        return _ratio(total, present.sum(axis=-1).astype(np.float64), np.asarray(present.any(axis=-1)))

    return over_types


def _sums(weights: Weights, values: Numbers) -> Numbers:
    flat = values.reshape(len(values), -1).astype(np.float32)
    return (weights @ flat).astype(np.float64).reshape(len(weights), *values.shape[1:])


def _ratio(top: Numbers, bottom: Numbers, defined: npt.NDArray[np.bool_]) -> Numbers:
    value = np.divide(top, bottom, out=np.zeros(np.shape(top)), where=np.asarray(bottom) > 0)
    return np.where(defined, value, np.nan)
