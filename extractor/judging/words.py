"""What a standing says in a sentence, and in rows of tables.

Better or worse is said only where the 95 % interval excludes zero; "as good" only where all of it lies inside the
margin. A model that nobody checked has an opinion, and its opinion is called one.
"""

from collections.abc import Callable, Mapping, Sequence

from extractor.evaluation.intervals import Estimate
from extractor.evaluation.result_rows import Rows
from extractor.judging.standing import Standing, TableStanding

EXPLAINED = (
    "points: of 100 things that either run found, so many more the arm decides rightly; each interval is 95 % by"
    " itself, however often one looks",
    "own right: of the things that this run alone found, the share that is right; arm's recall: of the disputed things"
    " that are right, the share that the arm has, the base has the rest",
)


def sentence(told: Standing) -> str:
    """The verdict, and whose judgements it rests on."""
    if not told.tables:
        return "The runs find the same things: there is nothing to judge."
    if not told.people and not told.models:
        return "Nothing is judged yet."
    arms = list(dict.fromkeys(one.arm for one in told.tables))
    mine = [[one for one in told.tables if one.arm == arm] for arm in arms]
    said = "; ".join(map(_quality if told.people else _opinions, mine))
    return f"{_after(told)} {said}; {_whose(told)}."


def _after(told: Standing) -> str:
    if not told.people:
        return "No person has judged anything. By the opinion of a model, uncorrected,"
    count = sum(told.people.values())
    every = all(one.judged == one.disputed for one in told.tables)
    return f"After {count:,} judgement{'s' * (count != 1)}{', of all that is disputed,' * every}"


def _quality(mine: Sequence[TableStanding]) -> str:
    arm, base = mine[0].arm, mine[0].base
    groups: tuple[tuple[str, str, Callable[[TableStanding], str]], ...] = (
        ("better", f"is better than {base} in", _by),
        ("worse", f"is worse than {base} in", _by),
        ("within", f"is as good as {base} in", _within),
        ("open", f"cannot be told from {base} in", _open),
    )
    said = []
    for state, words, clause in groups:
        if some := [clause(one) for one in mine if one.state == state]:
            said.append(f"{words} {' and '.join(some)}")
    return f"{arm} {', '.join(said)}"


def _by(one: TableStanding) -> str:
    sign = 1 if one.state == "better" else -1
    low, high = sorted(sign * (x or 0) for x in (one.points.low, one.points.high))
    if one.points.value is None:
        return f"{one.table} by {_number(low)} to {_number(high)} points"
    return f"{one.table} by {_number(sign * one.points.value)} points{_between(low, high)}"


def _within(one: TableStanding) -> str:
    value = "" if one.points.value is None else f"{in_points(one.points.value)} points, "
    return f"{one.table} ({value}{_inner(one.points)})"


def _open(one: TableStanding) -> str:
    return f"{one.table} (95 % {in_points(one.points.low)} to {in_points(one.points.high)})"


def _between(low: float, high: float) -> str:
    return "" if low == high else f" (95 % {_number(low)} to {_number(high)})"


def _inner(points: Estimate) -> str:
    return "exactly" if points.low == points.high else f"95 % {in_points(points.low)} to {in_points(points.high)}"


def _opinions(mine: Sequence[TableStanding]) -> str:
    told = [
        f"{in_points(one.corrected.opinion.value)} points in {one.table}"
        for one in mine
        if one.corrected and one.corrected.opinion.value is not None
    ]
    return f"{mine[0].arm} − {mine[0].base} is {' and '.join(told) if told else 'unknown'}, however often it errs"


def _whose(told: Standing) -> str:
    parts = [_counted(told.people, "person"), _counted(told.models, "model")]
    parts += [
        f"{a.one} and {a.two} say the same of {100 * a.same:.0f} % of the {a.items:,} things that both judged"
        + (f" (kappa {_kappa(a.kappa)})" if a.kappa is not None else "")
        for a in told.agreements
    ]
    if told.people and any(one.corrected and one.corrected.whole and one.corrected.points for one in told.tables):
        parts.append("the points are the model's, corrected by the person's")
    return ", ".join(filter(None, parts))


def _counted(judges: Mapping[str, int], kind: str) -> str:
    named = " and ".join(f"{count:,} by {name}" for name, count in judges.items())
    return (
        f"{named}, {'a ' + kind if len(judges) == 1 else kind + 's' if kind == 'model' else 'people'}" if named else ""
    )


def advice(told: Standing) -> str:
    """Whether to go on, in a line; "" where there is nothing to judge."""
    if not told.tables:
        return ""
    if told.enough and told.people:
        return "it is enough: more judgements would change no verdict"
    left = {one.table: one.judged < one.disputed for one in told.tables if one.state == "open"}
    return (
        f"more judgements may tell more of {' and '.join(left)}: the same command goes on" if any(left.values()) else ""
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
    rows = [[a.one, a.two, f"{a.items:,}", f"{100 * a.same:.0f} %", "–" if a.kappa is None else _kappa(a.kappa)]
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


def _number(value: float) -> str:
    return f"{100 * value:.1f}".replace("-", "−")


def _kappa(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
