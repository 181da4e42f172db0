"""Results as tidy Parquet, one number a row, for those who go on with them."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from extractor.evaluation.intervals import Estimate
from extractor.evaluation.results import Arm, Comparison, Evaluation, Resources

SCHEMA = pa.schema(
    [
        ("arm", pa.string()),
        ("metric", pa.string()),  # such as entity_strict.f1, rate.valid, difference.entity_strict.f1
        ("scope", pa.string()),
        ("type", pa.string()),  # type, language, field or half; empty for all
        *((name, pa.float64()) for name in ("value", "low", "high")),
        ("n", pa.int64()),  # documents, or values for fields and attributes
    ]
)
WHOLE = (
    *("wall_seconds", "documents_per_second", "tokens_per_second"),
    *("cost_per_1000_documents", "cost_per_correct_item", "tokens_per_correct_item"),
)


def save(result: Evaluation | Comparison, path: str) -> None:
    """Writes all metrics as tidy Parquet: arm, metric, scope, type, value, low, high, n."""
    rows = _comparison(result) if isinstance(result, Comparison) else _evaluation(result)
    pq.write_table(pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], SCHEMA), path)


def _comparison(comparison: Comparison) -> Iterator[tuple[Any, ...]]:
    for arm in comparison.arms:
        if arm.evaluation:
            yield from (row for row in _evaluation(arm.evaluation) if not row[1].startswith("rate."))
        yield from ((arm.label, *row) for row in _arm(arm, comparison.documents))
    for d in comparison.differences:
        arms = f"{d.arm} − {d.base}"
        yield arms, f"difference.{d.metric}.{d.measure}", d.scope, d.name, *_values(d.estimate), d.documents
        yield arms, f"p.{d.metric}.{d.measure}", d.scope, d.name, d.p, None, None, d.documents
        yield arms, f"p_holm.{d.metric}.{d.measure}", d.scope, d.name, d.adjusted_p, None, None, d.documents
    for a in comparison.agreements:
        for kind, estimate in a.by_kind.items():
            yield f"{a.arm}, {a.base}", f"agreement.{kind}", "all", "", *_values(estimate), comparison.documents


def _evaluation(evaluation: Evaluation) -> Iterator[tuple[Any, ...]]:
    for s in evaluation.scores:
        for measure, estimate in (("precision", s.precision), ("recall", s.recall), ("f1", s.f1)):
            if estimate:
                yield evaluation.label, f"{s.metric}.{measure}", s.scope, s.name, *_values(estimate), s.documents
    for a in evaluation.averages:
        yield evaluation.label, a.metric, a.scope, a.name, *_values(a.estimate), a.n
    for r in evaluation.reliability:
        yield evaluation.label, f"{r.table}_confidence.auroc", "all", "", *_values(r.auroc), r.items
        yield evaluation.label, f"{r.table}_confidence.ece", "all", "", r.ece, None, None, r.items
    for kind, estimate in evaluation.rates.items():
        yield evaluation.label, f"rate.{kind}", "all", "", *_values(estimate), evaluation.documents


def _arm(arm: Arm, n: int) -> Iterator[tuple[Any, ...]]:
    spent: Resources = arm.resources
    for kind, estimate in (*arm.rates.items(), ("truncated", spent.truncated)):
        yield f"rate.{kind}", "all", "", *_values(estimate), n
    for what, spreads in (("tokens", spent.tokens), ("seconds", spent.seconds)):
        for name, spread in spreads.items():
            for part in ("total", "median", "p95"):
                yield f"{what}.{name}.{part}", "all", "", getattr(spread, part), None, None, n
    for name in WHOLE:
        yield name, "all", "", getattr(spent, name), None, None, n
    for end, count in spent.thinking_end.items():
        yield "thinking_end", "all", end, float(count), None, None, n


def _values(estimate: Estimate) -> tuple[float | None, float | None, float | None]:
    return estimate.value, estimate.low, estimate.high
