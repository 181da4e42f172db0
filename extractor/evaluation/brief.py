"""The tables of results cut to the width of a terminal; `--json`, `--parquet` and the report have the rest."""

import re

from extractor.evaluation.differences import HEADLINE
from extractor.evaluation.intervals import Estimate
from extractor.evaluation.result_rows import MEDIAN_AND_95, Rows, arm_rows, difference_rows, evaluation_rows, points
from extractor.evaluation.results import Comparison, Difference, Evaluation


def in_short(estimate: Estimate | None) -> str:
    """0.78 (.66–.88): as many digits as some dozens of documents bear."""
    if estimate is None or estimate.value is None:
        return "–"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f}"
    low, high = (f"{x:.2f}".removeprefix("0").replace("1.00", "1") for x in (estimate.low, estimate.high))
    return f"{estimate.value:.2f} ({low}–{high})"


def brief_rows(evaluation: Evaluation) -> Rows:
    """`evaluation_rows` with two digits and the interval of F1 (or recall) alone, for the width of a terminal."""
    header = ["metric", "of", "P", "R", "F1", "95 %", "✓/✗/miss"]
    return [header, *(_brief_row(row) for row in evaluation_rows(evaluation, in_short)[1:])]


def brief_arm_rows(comparison: Comparison) -> Rows:
    """The columns of `arm_rows` with two digits, less the lines that are empty for all arms, for a terminal's width."""
    (_, *arms), *rows = arm_rows(comparison, in_short)
    told = [row for row in rows if set(row[1:]) != {"–"}]
    return [
        ["tokens and seconds:\nmedian / p95", *arms],
        *([row[0].removesuffix(MEDIAN_AND_95), *row[1:]] for row in told),
    ]


def brief_difference_rows(comparison: Comparison) -> Rows:
    """Of `difference_rows` those that the verdict is about, over all documents, by length and by language."""
    if not comparison.differences:
        return difference_rows(comparison, in_short)
    told = [d for d in comparison.differences if d.metric in HEADLINE and d.scope != "macro"]
    header = [f"against {comparison.arms[0].label}", "", "of", "points", "95 %", "Holm p", "n"]
    return [header, *map(_brief_difference, told)]


def _brief_row(row: list[str]) -> list[str]:
    of = re.sub("^(type|language|field) ", "", row[1])
    values = [cell.partition(" (") for cell in row[2:5]]
    interval = (values[1] if row[4] == "–" else values[2])[2].rstrip(")")
    return [row[0], of, *(value[0] for value in values), interval, "/".join(filter(None, row[5:]))]


def _brief_difference(d: Difference) -> list[str]:
    what = f"{d.metric.removesuffix('_strict')} {d.measure.removesuffix('mean')}".strip()
    value, _, interval = points(d.estimate).partition(" (")
    between = interval.rstrip(")").replace(" to ", "…")
    return [d.arm, what, d.name or "all", value, between, f"{d.adjusted_p:.3f}", str(d.documents)]
