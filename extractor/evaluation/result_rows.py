"""Results as rows of a table; the first row is the header."""

from collections.abc import Callable, Sequence

from extractor.evaluation.intervals import Estimate
from extractor.evaluation.results import Agreement, Arm, Comparison, Difference, Evaluation, Reliability, Score, Spread

Rows = list[list[str]]
Show = Callable[[Estimate | None], str]
MEDIAN_AND_95 = ", median / p95"


def in_full(estimate: Estimate | None) -> str:
    """0.780 (0.659–0.881); a dash where there is nothing."""
    if estimate is None or estimate.value is None:
        return "–"
    interval = "" if estimate.low is None else f" ({estimate.low:.3f}–{estimate.high:.3f})"
    return f"{estimate.value:.3f}{interval}"


def evaluation_rows(evaluation: Evaluation, show: Show = in_full) -> Rows:
    """Metrics with 95 % intervals: all metrics overall, then the strict ones by type and language, then averages."""
    overall = [s for s in evaluation.scores if s.scope in ("micro", "macro")]
    parts = [s for s in evaluation.scores if s not in overall and s.metric.endswith("strict")]
    return [
        ["metric", "of", "precision", "recall", "F1", "right", "wrong", "missed"],
        *(_score_row(score, show) for score in (*overall, *parts)),
        *([a.metric, a.name or a.scope, "", "", show(a.estimate), "", "", f"n={a.n}"] for a in evaluation.averages),
        *(row for one in evaluation.reliability for row in _reliability_rows(one, show)),
        *([kind, "documents", "", "", show(e), "", "", ""] for kind, e in evaluation.rates.items()),
    ]


def arm_rows(comparison: Comparison, show: Show = in_full) -> Rows:
    """One column for each arm: quality, validity, tokens, seconds, cost."""
    lines: list[tuple[str, Callable[[Arm], str]]] = [
        *((f"{metric} {measure}", _quality(metric, measure, show)) for metric, measure in _measured(comparison)),
        ("valid", lambda arm: show(arm.rates["valid"])),
        ("empty", lambda arm: show(arm.rates["empty"])),
        ("quarantined", lambda arm: show(arm.rates["quarantined"])),
        ("truncated", lambda arm: show(arm.resources.truncated)),
        ("thinking ended", lambda arm: ", ".join(f"{k} {n}" for k, n in arm.resources.thinking_end.items()) or "–"),
        *((f"{name} tokens{MEDIAN_AND_95}", _spent("tokens", name)) for name in comparison.arms[0].resources.tokens),
        *((f"{name} seconds{MEDIAN_AND_95}", _spent("seconds", name)) for name in comparison.arms[0].resources.seconds),
        ("documents/s", lambda arm: _number(arm.resources.documents_per_second)),
        ("tokens/s", lambda arm: _number(arm.resources.tokens_per_second)),
        ("cost of 1,000 documents", lambda arm: _number(arm.resources.cost_per_1000_documents)),
        ("cost of a correct item", lambda arm: _number(arm.resources.cost_per_correct_item)),
        ("tokens for a correct item", lambda arm: _number(arm.resources.tokens_per_correct_item)),
    ]
    return [["", *(arm.label for arm in comparison.arms)], *([n, *map(cell, comparison.arms)] for n, cell in lines)]


def difference_rows(comparison: Comparison, show: Show = in_full) -> Rows:
    """Every difference from the first arm in points, with interval and p; agreement where there is no gold."""
    if not comparison.differences:
        return _agreement_rows(comparison.agreements, show)
    return [
        ["arm − base", "metric", "of", "points (95 %)", "p", "p (Holm)", "n"],
        *map(_difference_row, comparison.differences),
    ]


def _agreement_rows(agreements: Sequence[Agreement], show: Show) -> Rows:
    kinds = list(dict.fromkeys(kind for a in agreements for kind in a.by_kind))
    header = ["arms", *(f"{kind} {'alike' if kind == 'summaries' else 'agree'}" for kind in kinds)]
    return [header, *([f"{a.arm}, {a.base}", *(show(a.by_kind.get(kind)) for kind in kinds)] for a in agreements)]


def _reliability_rows(one: Reliability, show: Show) -> Rows:
    name, wrong = f"{one.table} confidence", one.items - one.right
    return [
        [name, "AUROC", "", "", show(one.auroc), str(one.right), str(wrong), ""],
        [name, "ECE", "", "", show(Estimate(one.ece)), "", "", f"n={one.items}"],
    ]


def _score_row(score: Score, show: Show) -> list[str]:
    of = f"{score.scope} {score.name}".strip()
    counts = ("–" if n is None else str(n) for n in (score.hits, score.spurious, score.missed))
    return [score.metric, of, show(score.precision), show(score.recall), show(score.f1), *counts]


def _difference_row(d: Difference) -> list[str]:
    of = f"{d.scope} {d.name}".strip()
    metric = f"{d.metric} {d.measure}"
    return [
        f"{d.arm} − {d.base}",
        metric,
        of,
        points(d.estimate),
        f"{d.p:.3f}",
        f"{d.adjusted_p:.3f}",
        str(d.documents),
    ]


def points(estimate: Estimate) -> str:
    """A difference in points with its interval: -16.6 (-27.4 to -7.5)."""
    value, *bounds = ("–" if x is None else f"{100 * x:+.1f}" for x in (estimate.value, estimate.low, estimate.high))
    return f"{value} ({' to '.join(bounds)})"


def _measured(comparison: Comparison) -> list[tuple[str, str]]:
    found = ((d.metric, d.measure) for d in comparison.differences if not d.name and d.scope != "macro")
    return list(dict.fromkeys(found))


def _quality(metric: str, measure: str, show: Show) -> Callable[[Arm], str]:
    def cell(arm: Arm) -> str:
        if not arm.evaluation:
            return "–"
        scores = [s for s in arm.evaluation.scores if (s.metric, s.scope) == (metric, "micro")]
        means = [a.estimate for a in arm.evaluation.averages if (a.metric, a.scope) == (metric, "all")]
        found = [s.f1 if measure == "f1" else s.recall for s in scores] + means
        return show(found[0] if found else None)

    return cell


def _spent(what: str, name: str) -> Callable[[Arm], str]:
    def cell(arm: Arm) -> str:
        spread: Spread = getattr(arm.resources, what)[name]
        return "–" if spread.median is None else f"{_number(spread.median)} / {_number(spread.p95)}"

    return cell


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
