"""Arm against base, document by document: differences with intervals and p-values, overall, by length, by language."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from extractor.evaluation import intervals
from extractor.evaluation.evaluate import language_masks
from extractor.evaluation.intervals import Measure, Weights
from extractor.evaluation.results import Difference
from extractor.evaluation.runs import Numbers
from extractor.evaluation.score import Scored
from extractor.evaluation.scored_tables import STRICT

HEADLINE = (*STRICT, "rougeL")


@dataclass(frozen=True, slots=True)
class Draws:
    """The draws that every interval and p-value of one comparison uses."""

    weights: Weights
    flips: Weights


@dataclass(frozen=True, slots=True)
class _Series:
    metric: str
    measure: str
    scope: str
    values: Numbers
    function: Measure


def differences(base: Scored, arm: Scored, labels: tuple[str, str], lengths: Numbers, draws: Draws) -> list[Difference]:
    """All differences between two arms with the same ids, unadjusted; `labels` are (base, arm)."""
    before, after = labels
    of_arm = {(series.metric, series.scope): series for series in _series(arm)}
    found = []
    for one in _series(base):
        two = of_arm.get((one.metric, one.scope), replace(one, values=np.zeros_like(one.values)))
        splits = _splits(one, base.languages, lengths)
        a, b = _masked(one.values, splits), _masked(two.values, splits)
        estimates = intervals.bootstrap_difference(a, b, one.function, draws.weights)
        p_values = intervals.permutation_p(a, b, one.function, draws.flips)
        for ((scope, name), mask), estimate, p in zip(splits.items(), estimates, p_values, strict=True):
            if estimate.value is not None:
                n = int(mask.sum())
                found.append(Difference(after, before, one.metric, one.measure, scope, name, estimate, p, p, n))
    return found


def adjusted(found: Sequence[Difference]) -> list[Difference]:
    """The same with Holm's p-values: headline metrics are one family, their splits another, the rest a third."""
    families = [_family(difference) for difference in found]
    done = list(found)
    for family in set(families):
        places = [i for i, one in enumerate(families) if one == family]
        for place, p in zip(places, intervals.holm([found[i].p for i in places]), strict=True):
            done[place] = replace(found[place], adjusted_p=p)
    return done


def is_headline(difference: Difference) -> bool:
    """One of the few differences that the verdict is about: strict, micro, over all documents."""
    return not difference.name and difference.metric in HEADLINE and difference.scope != "macro"


def _family(difference: Difference) -> str:
    return "split" if difference.name else "headline" if is_headline(difference) else "rest"


def _series(scored: Scored) -> Iterator[_Series]:
    for tally in scored.tallies:
        whole = tally.annotation == "exhaustive"
        name, function = ("f1", intervals.f1) if whole else ("recall", intervals.recall)
        yield _Series(tally.metric, name, "micro", tally.counts.sum(axis=1), function)
        if tally.types:
            yield _Series(tally.metric, name, "macro", tally.counts, intervals.macro(function))
    for mean in scored.means:
        if mean.scope == "all":
            yield _Series(mean.metric, "mean", "all", mean.values, intervals.mean)


def _splits(series: _Series, languages: Sequence[str], lengths: Numbers) -> dict[tuple[str, str], Numbers]:
    """(scope, name) → 0/1 over documents: all, and for headline metrics each half by length and each language."""
    whole = {(series.scope, ""): np.ones(len(languages))}
    if series.metric not in HEADLINE or series.scope == "macro":
        return whole
    known = lengths[~np.isnan(lengths)]
    middle = np.median(known) if len(known) else np.nan
    halves = {("length", "short"): lengths <= middle, ("length", "long"): lengths > middle}
    spoken = {("language", name): mask for name, mask in language_masks(languages).items()}
    return whole | {key: mask.astype(float) for key, mask in halves.items()} | (spoken if len(spoken) > 1 else {})


def _masked(values: Numbers, splits: dict[tuple[str, str], Numbers]) -> Numbers:
    """values[document, split, …]"""
    masks = np.stack(list(splits.values()), axis=1)
    return values[:, None] * masks.reshape(*masks.shape, *[1] * (values.ndim - 1))
