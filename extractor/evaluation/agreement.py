"""How far runs say the same, with no gold to say who is right."""

from collections.abc import Sequence

import numpy as np

from extractor.evaluation import intervals
from extractor.evaluation.intervals import Weights
from extractor.evaluation.matching import normal
from extractor.evaluation.results import Agreement, Disagreement
from extractor.evaluation.row_items import row_key
from extractor.evaluation.runs import Numbers, Run
from extractor.evaluation.scored_tables import FURTHER
from extractor.evaluation.summaries import similarity
from extractor.tables import Table


def agreement(base: Run, arm: Run, parts: Numbers, weights: Weights) -> Agreement:
    """Two arms over all documents, from their `shared_parts`."""
    entities, relations, summaries, *others = (e for (e,) in intervals.bootstrap(parts, [intervals.mean], weights))
    further = {table.name: e for table, e in zip(FURTHER, others, strict=True) if e.value is not None}
    return Agreement(arm.label, base.label, entities, relations, summaries, further)


def shared_parts(base: Run, arm: Run, ids: Sequence[str]) -> Numbers:
    """parts[document, kind, (shared, all)] for entities, relations, summaries and each further table."""
    parts = [_document(base, arm, doc_id) for doc_id in ids]
    return np.array(parts, dtype=np.float64).reshape(-1, 3 + len(FURTHER), 2)


def disagreements(ids: Sequence[str], parts: Sequence[Numbers]) -> list[Disagreement]:
    """Documents on which the arms differ, the widest apart first; `parts` of each pair of arms."""
    sums = np.concatenate(parts, axis=1)  # document, pair × kind, (shared, all)
    shares = intervals.mean(sums)
    said = (~np.isnan(shares)).sum(axis=1)
    mean = np.where(said > 0, np.nansum(shares, axis=1) / np.maximum(said, 1), 1.0)
    ranked = sorted((float(value), doc_id) for value, doc_id in zip(mean, ids, strict=True) if value < 1)
    return [Disagreement(doc_id, value) for value, doc_id in ranked]


def _document(base: Run, arm: Run, doc_id: str) -> list[tuple[float, float]]:
    one, two = base.summaries.get(doc_id, ""), arm.summaries.get(doc_id, "")
    return [
        _overlap(_entities(base, doc_id), _entities(arm, doc_id)),
        _overlap(_relations(base, doc_id), _relations(arm, doc_id)),
        (similarity(one, two), 1.0) if one or two else (0.0, 0.0),
        *(_overlap(_rows(base, table, doc_id), _rows(arm, table, doc_id)) for table in FURTHER),
    ]


def _overlap(one: set[tuple[str, ...]], two: set[tuple[str, ...]]) -> tuple[float, float]:
    return float(len(one & two)), float(len(one | two))


def _entities(run: Run, doc_id: str) -> set[tuple[str, ...]]:
    return {(normal(e.name), normal(e.type)) for e in run.entities.get(doc_id, ())}


def _relations(run: Run, doc_id: str) -> set[tuple[str, ...]]:
    return {(normal(r.subject), normal(r.predicate), normal(r.object)) for r in run.relations.get(doc_id, ())}


def _rows(run: Run, table: Table, doc_id: str) -> set[tuple[str, ...]]:
    return {row_key(table, row) for row in run.further_rows(table, doc_id)}
