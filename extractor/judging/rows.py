"""A standing as rows of tables; the first row is the header."""

from collections.abc import Callable

from extractor.evaluation.intervals import Estimate
from extractor.evaluation.result_rows import Rows
from extractor.judging.standing import Standing, TableStanding

EXPLAINED = (
    "points: of 100 things that either run found, so many more the arm decides rightly; each interval is 95 % by"
    " itself, however often one looks",
    "own right: of the things that this run alone found, the share that is right; arm's recall: of the disputed things"
    " that are right, the share that the arm has, the base has the rest",
)


def standing_rows(told: Standing) -> Rows:
    """A line for each run and table: points, precision of what each found alone, relative recall, what was judged."""
    header = ["arm − base", "table", "points (95 %)", "arm's own right", "base's own right", "arm's recall", "judged"]
    return [header, *([f"{one.arm} − {one.base}", one.table, in_interval(one.points, in_points), *_shares(one),
                       f"{one.judged:,} of {one.disputed:,}"] for one in told.tables)]  # fmt: skip


def model_rows(told: Standing) -> Rows:
    """The same points by the person alone, by the model alone, and by the model corrected; nothing without a model."""
    rows = [
        [f"{one.arm} − {one.base}", one.table, in_interval(one.found.points, in_points),
         in_interval(one.corrected.opinion, in_points), in_interval(one.corrected.points, in_points)]
        for one in told.tables if one.corrected
    ]  # fmt: skip
    header = ["", "table", "points by people alone", "by the model, uncorrected", "by the model, corrected"]
    return [header, *rows] if rows else []


def judge_rows(told: Standing) -> Rows:
    """How far each two judges say the same; nothing where no thing was judged twice."""
    rows = [[a.one, a.two, f"{a.items:,}", f"{100 * a.same:.0f} %", "–" if a.kappa is None else kappa_shown(a.kappa)]
            for a in told.agreements]  # fmt: skip
    return [["judge", "judge", "judged by both", "the same", "kappa"], *rows] if rows else []


def named_tables(told: Standing) -> list[tuple[str, Rows]]:
    """All rows that there are, each table with its name."""
    if not told.people and not told.models:
        return []
    rows = [
        ("Judged blind", standing_rows(told)),
        ("Judged by a model", model_rows(told)),
        ("Agreement of judges", judge_rows(told)),
    ]
    return [(name, some) for name, some in rows if some]


def in_interval(estimate: Estimate | None, show: Callable[[float | None], str]) -> str:
    """+3.1 (−2.0 to +8.2); a dash where there is nothing."""
    if estimate is None or (estimate.value is None and estimate.low is None):
        return "–"
    value = "?" if estimate.value is None else show(estimate.value)
    return (
        value if estimate.low in (None, estimate.high) else f"{value} ({show(estimate.low)} to {show(estimate.high)})"
    )


def in_points(value: float | None) -> str:
    """A share as signed points."""
    return f"{100 * (value or 0):+.1f}".replace("-", "−").replace("+0.0", "0.0").replace("−0.0", "0.0")


def _shares(one: TableStanding) -> list[str]:
    found = one.found
    return [in_interval(e, _share) for e in (found.precision_arm, found.precision_base, found.recall_arm)]


def _share(value: float | None) -> str:
    return f"{value or 0:.2f}"


def kappa_shown(value: float) -> str:
    """With two digits."""
    return f"{value:.2f}".replace("-", "−")
