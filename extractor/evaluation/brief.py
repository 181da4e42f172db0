"""The tables of results cut to the width of a terminal; `--json`, `--parquet` and the report have the rest."""

import re

from extractor.evaluation.differences import HEADLINE
from extractor.evaluation.results import Comparison, Difference, Evaluation
from extractor.evaluation.tables import MEDIAN_AND_95, Rows, arm_rows, difference_rows, evaluation_rows, points


def brief_rows(evaluation: Evaluation) -> Rows:
    """`evaluation_rows` with two digits and the interval of F1 (or recall) alone, for the width of a terminal."""
    header = ["metric", "of", "P", "R", "F1", "95 %", "✓/✗/miss"]
    return [header, *(_brief_row(row) for row in evaluation_rows(evaluation)[1:])]


def brief_arm_rows(comparison: Comparison) -> Rows:
    """The columns of `arm_rows` with two digits, less the lines that are empty for all arms, for a terminal's width."""
    (_, *arms), *rows = arm_rows(comparison)
    told = [row for row in rows if set(row[1:]) != {"–"}]
    return [
        ["tokens and seconds:\nmedian / p95", *arms],
        *([row[0].removesuffix(MEDIAN_AND_95), *map(_short, row[1:])] for row in told),
    ]


def brief_difference_rows(comparison: Comparison) -> Rows:
    """Of `difference_rows` those that the verdict is about, over all documents, by length and by language."""
    if not comparison.differences:
        return [[_short(cell) for cell in row] for row in difference_rows(comparison)]
    told = [d for d in comparison.differences if d.metric in HEADLINE and d.scope != "macro"]
    header = [f"against {comparison.arms[0].label}", "", "of", "points", "95 %", "Holm p", "n"]
    return [header, *map(_brief_difference, told)]


def _brief_row(row: list[str]) -> list[str]:
    of = re.sub("^(type|language|field) ", "", row[1])
    values = [_two_digits(cell).partition(" (") for cell in row[2:5]]
    interval = (values[1] if row[4] == "–" else values[2])[2].rstrip(")")
    return [row[0], of, *(value[0] for value in values), interval, "/".join(filter(None, row[5:]))]


def _brief_difference(d: Difference) -> list[str]:
    what = f"{d.metric.removesuffix('_strict')} {d.measure.removesuffix('mean')}".strip()
    value, _, interval = points(d.estimate).partition(" (")
    between = interval.rstrip(")").replace(" to ", "…")
    return [d.arm, what, d.name or "all", value, between, f"{d.adjusted_p:.3f}", str(d.documents)]


def _short(cell: str) -> str:
    """0.780 (0.659–0.881) as 0.78 (.66–.88), and anything else as it is."""
    return _two_digits(cell) if "–" in cell and "(" in cell else cell


def _two_digits(cell: str) -> str:
    """With as many digits as 40 documents bear, and no more signs than are needed."""
    short = re.sub(r"\b\d\.\d{3}\b", lambda number: f"{float(number[0]):.2f}", cell)
    return re.sub(r"(?<=[(–])0(?=\.)", "", short).replace("–1.00)", "–1)")
