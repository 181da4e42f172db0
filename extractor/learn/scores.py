"""What each setting scored on all reviewed documents, and which of the differences are more than chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from extractor.evaluation import intervals
from extractor.evaluation.gold import Gold
from extractor.evaluation.intervals import Estimate, Weights
from extractor.evaluation.resources import written_tokens
from extractor.evaluation.runs import Numbers, Run
from extractor.evaluation.scored_tables import STRICT
from extractor.evaluation.tally import match_document, tallies
from extractor.learn.settings import Setting

SURE = 0.05  # a p-value below which a difference counts, if its interval says so too


@dataclass(frozen=True, slots=True)
class Tried:
    """A setting and what came of it; `overall` is the mean of the tables' F1, `gained` its difference from the
    simplest setting."""

    setting: Setting
    f1: dict[str, Estimate]  # by table
    overall: Estimate
    gained: Estimate | None
    p: float | None  # of the difference
    read_tokens: float | None  # of a document's prompts, the mean
    written_tokens: float | None
    quarantined: int


@dataclass(frozen=True, slots=True)
class Outcomes:
    """counts[document, table, (hits, spurious, missed)] of a setting, by the strict rules, and what it spent."""

    tables: tuple[str, ...]
    counts: Numbers
    read: float | None
    written: float | None
    quarantined: int


def counted(runs: Mapping[str, Run], gold: Gold, ids: Sequence[str]) -> Outcomes:
    """What the run of each document's fold found in it, in the order of `ids`."""
    matched = [match_document(runs[doc_id], gold, doc_id) for doc_id in ids]
    strict = [one for one in tallies(gold, matched) if one.metric in STRICT]
    read = np.array([runs[doc_id].numbers("prompt_tokens", [doc_id])[0] for doc_id in ids])
    written = np.array([written_tokens(runs[doc_id], [doc_id])[0] for doc_id in ids])
    return Outcomes(
        tables=tuple(STRICT[one.metric].name for one in strict),
        counts=np.stack([one.counts.sum(axis=1) for one in strict], axis=1),
        read=_mean(read),
        written=_mean(written),
        quarantined=sum(runs[doc_id].values("status", [doc_id]) == ["quarantined"] for doc_id in ids),
    )


class Scores:
    """Settings on the same documents, drawn together, so that differences are those of the same documents."""

    def __init__(self, documents: int, seed: int = 0, resamples: int = 1000) -> None:
        self._weights: Weights = intervals.resampled(documents, resamples, seed)
        self._flips: Weights = intervals.coin_flips(documents, resamples, seed)
        self._found: dict[Setting, Outcomes] = {}

    def __len__(self) -> int:
        return len(self._found)

    def __contains__(self, setting: Setting) -> bool:
        return setting in self._found

    def add(self, setting: Setting, found: Outcomes) -> None:
        """Takes in what a setting scored."""
        self._found[setting] = found

    @property
    def simplest(self) -> Setting:
        """Of those tried."""
        return min(self._found, key=lambda one: one.cost)

    @property
    def best(self) -> Setting:
        """The one with the highest mean F1; of equals the simplest."""
        return min(self._found, key=lambda one: (-self._overall(one), one.cost))

    @property
    def recommended(self) -> Setting:
        """The simplest that is not shown to be worse than the best."""
        best = self.best
        return min((one for one in self._found if not self.is_better(best, one)), key=lambda one: one.cost)

    def is_better(self, one: Setting, other: Setting) -> bool:
        """Whether the first is shown to score higher: by the interval, and by the permutation test."""
        gained, p = self.gained(one, other)
        return gained.low is not None and gained.low > 0 and p < SURE

    def gained(self, one: Setting, other: Setting) -> tuple[Estimate, float]:
        """The first's mean F1 less the second's, with its interval and p-value, paired by document."""
        after, before = (self._found[setting].counts[:, None] for setting in (one, other))
        (estimate,) = intervals.bootstrap_difference(before, after, mean_f1, self._weights)
        (p,) = intervals.permutation_p(before, after, mean_f1, self._flips)
        return estimate, p

    def tried(self) -> list[Tried]:
        """All of them, in the order tried."""
        return [self._tried(setting, found) for setting, found in self._found.items()]

    def _tried(self, setting: Setting, found: Outcomes) -> Tried:
        by_table = intervals.bootstrap(found.counts, [intervals.f1], self._weights)
        ((overall,),) = intervals.bootstrap(found.counts[:, None], [mean_f1], self._weights)
        gained, p = (None, None) if setting == self.simplest else self.gained(setting, self.simplest)
        return Tried(
            setting,
            {table: one for table, (one,) in zip(found.tables, by_table, strict=True)},
            overall,
            gained,
            p,
            found.read,
            found.written,
            found.quarantined,
        )

    def _overall(self, setting: Setting) -> float:
        value = float(mean_f1(self._found[setting].counts.sum(axis=0)))
        return -1.0 if np.isnan(value) else value


def mean_f1(sums: Numbers) -> Numbers:
    """From sums[…, table, 3] the plain mean over the tables of their F1; NaN where no table has anything."""
    each = intervals.f1(sums)
    told = ~np.isnan(each)
    total, tables = np.where(told, each, 0.0).sum(axis=-1), told.sum(axis=-1)
    return np.where(tables > 0, total / np.maximum(tables, 1), np.nan)


def _mean(values: Numbers) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None
