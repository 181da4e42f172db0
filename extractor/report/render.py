"""report.html: one file that a person reads, for one run or for runs side by side; it loads nothing from elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from extractor.escape import in_json
from extractor.evaluation import resources as spending
from extractor.evaluation.compare import compare
from extractor.evaluation.evaluate import evaluate, problems, rates
from extractor.evaluation.gold import Gold, load_gold
from extractor.evaluation.result_rows import Rows, arm_rows, difference_rows, evaluation_rows
from extractor.evaluation.results import Comparison, Evaluation
from extractor.evaluation.runs import Run, load_run, with_unique_labels
from extractor.report.cases import Arms, cases, tables_shown
from extractor.report.details import details_of, sample
from extractor.report.headline import ArmSummary, Tile, run_headline, tiles
from extractor.report.plot import Plot, PlotInput
from extractor.report.plots import plots
from extractor.report.texts import texts_of
from extractor.web.inline import PageParts, inline

SCRIPTS = ("text.js", "hits.js", "case.js", "rows.js", "point.js", "list.js", "theme.js", "page.js")
HERE = "extractor.report"
PARTS = PageParts((HERE, "page.html"), [(HERE, "page.css")], [(HERE, name) for name in SCRIPTS])


@dataclass(frozen=True, slots=True)
class Page:
    """All that the template fills in."""

    title: str
    headline: str
    remarks: Sequence[str]  # further sentences of the verdict
    tiles: Sequence[Tile]
    notes: Sequence[str]
    plots: Sequence[Plot]
    tables: Sequence[tuple[str, Rows]]
    sampled: str
    data: dict[str, Any]
    runs: Sequence[tuple[str, str, str]]  # label, path, manifest


def render_run(out: str, gold: str | None = None, labels: str | None = None) -> str:
    """The report of one run as HTML; with `gold`, its scores too. UserError where there is no run, or no such gold."""
    run, known = load_run(out), load_gold(gold, labels) if gold else None
    return run_page(run, known, evaluate(run, known) if known else None)


def render_comparison(outs: Sequence[str], gold: str | None = None, gpu_hour_price: float | None = None) -> str:
    """The report of runs side by side as HTML; the first is what the others are measured against."""
    runs, known = with_unique_labels([load_run(out) for out in outs]), load_gold(gold) if gold else None
    return comparison_page(runs, known, compare(runs, known, gpu_hour_price=gpu_hour_price))


def run_page(run: Run, gold: Gold | None, evaluation: Evaluation | None) -> str:
    """The same of what is loaded and evaluated already."""
    ids = list(run.rows)
    spent = spending.resources(run, ids, spending.seconds_per_document(run), evaluation, None)
    status = run.values("status", ids)
    told = ArmSummary(len(ids), rates(status), spent, evaluation)
    shown, sampled = sample(ids, (i for i, s in zip(ids, status, strict=True) if s == "quarantined"))
    arms = [(run, details_of(run, shown))]
    return _html(
        Page(
            title=run.label,
            headline=run_headline(told, problems(run, ids)),
            remarks=(),
            tiles=tiles([told]),
            notes=evaluation.notes if evaluation else (),
            plots=plots([PlotInput(run, spent, evaluation)], ids),
            tables=[("Scores", evaluation_rows(evaluation))] if evaluation else [],
            sampled=sampled,
            data=_data(arms, gold, None),
            runs=[_described(run)],
        )
    )


@dataclass(frozen=True, slots=True)
class BesideGold:
    """What else is told of runs, from elsewhere than gold: sentences, notes, and tables with their names."""

    remarks: Sequence[str] = ()
    notes: Sequence[str] = ()
    tables: Sequence[tuple[str, Rows]] = ()


def comparison_page(
    runs: Sequence[Run], gold: Gold | None, comparison: Comparison, beside: BesideGold | None = None
) -> str:
    """The same of runs that are loaded and compared already; their labels are those of the comparison."""
    beside = beside or BesideGold()
    ids = [i for i in runs[0].rows if all(i in run.rows for run in runs[1:])]
    quarantined = [i for run in runs for i, s in zip(ids, run.values("status", ids), strict=True) if s == "quarantined"]
    shown, sampled = sample(ids, [*quarantined, *(d.doc_id for d in comparison.disagreements)])
    arms = [(run, details_of(run, shown)) for run in runs]
    seen = [PlotInput(run, arm.resources, arm.evaluation) for run, arm in zip(runs, comparison.arms, strict=True)]
    headline, *remarks = comparison.verdict.rstrip(".").split("; ")
    return _html(
        Page(
            title=" or ".join(run.label for run in runs),
            headline=headline + ".",
            remarks=[*(f"{remark}." for remark in remarks), *beside.remarks],
            tiles=tiles(
                [ArmSummary(comparison.documents, a.rates, a.resources, a.evaluation) for a in comparison.arms]
            ),
            notes=[*comparison.notes, *beside.notes],
            plots=plots(seen, ids, comparison.differences, comparison.agreements),
            tables=[
                ("Arm by arm", arm_rows(comparison)),
                ("Differences" if comparison.differences else "Agreement", difference_rows(comparison)),
                *((arm.label, evaluation_rows(arm.evaluation)) for arm in comparison.arms if arm.evaluation),
                *beside.tables,
            ],
            sampled=sampled,
            data=_data(arms, gold, {d.doc_id: d.agreement for d in comparison.disagreements}),
            runs=[_described(run) for run in runs],
        )
    )


def _data(arms: Arms, gold: Gold | None, agree: dict[str, float] | None) -> dict[str, Any]:
    runs = [run for run, _ in arms]
    texts = texts_of(runs, gold, list(arms[0][1].documents))
    return {
        "arms": [run.label for run in runs],
        "gold": gold is not None,
        "tables": tables_shown(runs, gold),
        "cases": cases(arms, gold, texts, agree),
    }


def _described(run: Run) -> tuple[str, str, str]:
    return run.label, run.path, in_json(run.manifest.content, indent=1)


def _html(page: Page) -> str:
    return inline(PARTS, page.data, {"page": page})
