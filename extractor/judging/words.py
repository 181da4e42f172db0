"""What a standing says in a sentence.

Better or worse is said only where the 95 % interval excludes zero; "as good" only where all of it lies inside the
margin. A model that nobody checked has an opinion, and its opinion is called one.
"""

from collections.abc import Callable, Mapping, Sequence

from extractor.evaluation.intervals import Estimate
from extractor.judging.rows import in_points, kappa_shown
from extractor.judging.standing import Standing, TableStanding


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
        + (f" (kappa {kappa_shown(a.kappa)})" if a.kappa is not None else "")
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


def _number(value: float) -> str:
    return f"{100 * value:.1f}".replace("-", "−")
