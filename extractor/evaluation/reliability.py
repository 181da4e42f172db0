"""Whether confidence tells right from wrong, and whether it says how often: by the strict rules, over single rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from extractor.evaluation import intervals
from extractor.evaluation.gold import Gold
from extractor.evaluation.intervals import Estimate, Weights
from extractor.evaluation.marks import RIGHT, UNKNOWN, marks
from extractor.evaluation.results import Bin, Reliability
from extractor.evaluation.runs import Numbers, Run
from extractor.evaluation.scored_tables import FURTHER, SCORED
from extractor.tables import ENTITIES, RELATIONS

BINS = 10  # of the same width


@dataclass(frozen=True, slots=True)
class Graded:
    """The rows of a table that have a confidence, where gold says of each whether it is right."""

    table: str
    documents: npt.NDArray[np.int64]  # the place of each row's document among the ids
    confidence: Numbers
    right: npt.NDArray[np.bool_]


def graded(run: Run, gold: Gold, ids: Sequence[str]) -> list[Graded]:
    """The rows of each table of which gold marks everything, less those tables that have no row with a confidence."""
    found: dict[str, list[tuple[int, float, bool]]] = {}
    for place, doc_id in enumerate(ids if run.has_confidence else ()):
        for table, confidence, verdict in _rows(run, gold, doc_id):
            if confidence is not None and verdict != UNKNOWN:
                found.setdefault(table, []).append((place, confidence, verdict == RIGHT))
    whole = [table.name for table in SCORED if gold.annotation[table.name] == "exhaustive" and table.name in found]
    columns = ((name, list(zip(*found[name], strict=True))) for name in whole)
    return [Graded(name, np.array(d, np.int64), np.array(c, float), np.array(r, bool)) for name, (d, c, r) in columns]


def reliability(rows: Graded, weights: Weights) -> Reliability:
    """How far the confidence of these rows can be relied on; `weights` are those of the documents."""
    bins = tuple(_bins(rows))
    n = len(rows.right)
    return Reliability(
        table=rows.table,
        items=n,
        right=int(rows.right.sum()),
        mean=float(rows.confidence.mean()),
        auroc=auroc(rows, weights),
        ece=sum(one.items / n * abs(one.confidence - (one.right.value or 0.0)) for one in bins),
        bins=bins,
    )


def auroc(rows: Graded, weights: Weights) -> Estimate:
    """The chance that a right row has a higher confidence than a wrong one, a tie counts half; None without both."""
    _, level = np.unique(rows.confidence, return_inverse=True)
    drawn = [_above(level, rows.right, weight[rows.documents]) for weight in weights]
    value = _above(level, rows.right, np.ones(len(level)))
    return intervals.estimates(np.array([value]), np.array(drawn)[:, None])[0]


def _above(level: npt.NDArray[np.int64], right: npt.NDArray[np.bool_], weight: npt.NDArray[Any]) -> float:
    """The weighted share of pairs of a right and a wrong row in which the right one is at the higher level."""
    hits, misses = np.bincount(level, weight * right), np.bincount(level, weight * ~right)
    pairs, below = hits.sum() * misses.sum(), np.cumsum(misses) - misses
    return float((hits * (below + misses / 2)).sum() / pairs) if pairs else float("nan")


def _bins(rows: Graded) -> Iterator[Bin]:
    """The bins that hold any row."""
    which = np.clip((rows.confidence * BINS).astype(int), 0, BINS - 1)
    for number in range(BINS):
        inside = which == number
        if inside.any():
            share = intervals.share(int(rows.right[inside].sum()), int(inside.sum()))
            mean = float(rows.confidence[inside].mean())
            yield Bin(number / BINS, (number + 1) / BINS, int(inside.sum()), mean, share)


def _rows(run: Run, gold: Gold, doc_id: str) -> Iterator[tuple[str, float | None, int]]:
    """Table, confidence and verdict of each row of a document."""
    marked = marks(run, gold, doc_id)
    for one, verdict in zip(run.entities.get(doc_id, ()), marked.entities, strict=True):
        yield ENTITIES.name, one.confidence, verdict
    for other, verdict in zip(run.relations.get(doc_id, ()), marked.relations, strict=True):
        yield RELATIONS.name, other.confidence, verdict
    for table in FURTHER:
        for row, verdict in zip(run.further_rows(table, doc_id), marked.rows[table.name].verdicts, strict=True):
            yield table.name, row.get("confidence"), verdict
