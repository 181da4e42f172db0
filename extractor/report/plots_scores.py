"""Plots of how right the arms are, and how far they agree."""

from collections.abc import Iterator, Sequence
from itertools import cycle

from extractor.evaluation.intervals import Estimate
from extractor.evaluation.results import Agreement, Difference, Evaluation, Score
from extractor.evaluation.scored_tables import STRICT
from extractor.report.draw import BAR, FAINT, arm_colour, bars, figure, point, rows, svg_of
from extractor.report.plot import Plot, PlotInput

KINDS = tuple((metric, table.name.capitalize()) for metric, table in STRICT.items())
MARKERS = tuple(zip("os^DvP*X", "●■▲◆▼✚★✖", strict=True))  # as matplotlib calls them, and as a caption shows them
MOST_TYPES = 14  # in one plot; the tables have them all


def quality(arms: Sequence[PlotInput], documents: int) -> Plot | None:
    """Each arm's strict scores over the tokens that it wrote for a document."""
    scored = [(n, arm, arm.evaluation) for n, arm in enumerate(arms) if arm.evaluation]
    if len(scored) < 2:
        return None
    with figure(250) as (made, axes):
        for n, arm, evaluation in scored:
            x = (arm.resources.tokens["written"].total or 0) / documents
            for (metric, _), (marker, _) in zip(KINDS, cycle(MARKERS), strict=False):
                if (score := _overall(evaluation, metric)) and (found := score.f1 or score.recall).value is not None:
                    axes.errorbar(x, found.value, yerr=bars([found]), color=arm_colour(n), marker=marker, **BAR)
                    if metric == KINDS[0][0]:
                        axes.annotate(arm.run.label, (x, found.value), xytext=(8, 2), textcoords="offset points")
        axes.set(xlabel="tokens written for a document", ylabel=_measure(scored[0][2]), ylim=(0, 1))
        axes.set_xlim(0, axes.get_xlim()[1] * 1.3)
        axes.grid(True, linewidth=0.5)
        legend = _legend([evaluation for _, _, evaluation in scored])
        caption = f"{legend}. Up is better, left is cheaper; bars are 95 % intervals."
        return Plot("Quality against tokens", caption, svg_of(made, "q"))


def _legend(evaluations: Sequence[Evaluation]) -> str:
    """● entities, ■ relations: what is scored in any arm."""
    signs = zip(KINDS, cycle(MARKERS), strict=False)
    shown = ((sign, noun) for (metric, noun), (_, sign) in signs if any(_overall(e, metric) for e in evaluations))
    return ", ".join(f"{sign} {noun.lower()}" for sign, noun in shown)


def differences(differences: Sequence[Difference]) -> Plot | None:
    """Every headline difference from the first arm, in points."""
    shown = [d for d in differences if not d.name and d.scope != "macro" and d.estimate.value is not None]
    if not shown:
        return None
    arms, metrics = (list(dict.fromkeys(getattr(d, name) for d in shown)) for name in ("arm", "metric"))
    with figure(_height(len(metrics), len(arms))) as (made, axes):
        axes.axvline(0, color=FAINT, linewidth=1)
        for d in shown:
            n = arms.index(d.arm)
            row = metrics.index(d.metric) + _shift(n, len(arms))
            axes.errorbar(*point(d.estimate, row, 100), color=arm_colour(1 + n), marker="o", **BAR)
        rows(axes, [metric.replace("_", " ").removesuffix(" strict") for metric in metrics])
        axes.set(xlabel=f"points, against {shown[0].base}")
        return Plot(
            f"Differences from {shown[0].base}",
            "Right of the line is better than the first run. A bar (95 % interval) across the line: cannot tell.",
            svg_of(made, "d"),
        )


def agreement(agreements: Sequence[Agreement]) -> Plot | None:
    """How far each arm says the same as the first."""
    kinds = list(dict.fromkeys(kind for a in agreements for kind in a.by_kind))
    shares = [[a.by_kind.get(kind, Estimate(None)) for kind in kinds] for a in agreements]
    if all(share.value is None for of_arm in shares for share in of_arm):
        return None
    with figure(_height(len(kinds), len(agreements))) as (made, axes):
        for n, of_arm in enumerate(shares):
            for row, estimate in enumerate(of_arm):
                if estimate.value is not None:
                    place = point(estimate, row + _shift(n, len(agreements)), 100)
                    axes.errorbar(*place, color=arm_colour(1 + n), marker="o", **BAR)
        rows(axes, kinds)
        axes.set(xlabel=f"% in common with {agreements[0].base}", xlim=(-2, 102))
        caption = "Of all that either run found, what both found; for summaries, how alike they are."
        return Plot("Agreement", caption, svg_of(made, "a"))


def by_type(arms: Sequence[PlotInput], metric: str, noun: str) -> Plot | None:
    """Each type's strict score in each arm."""
    scores = [_types(arm.evaluation, metric) if arm.evaluation else {} for arm in arms]
    weight = {name: s.hits + s.missed for by_name in scores for name, s in by_name.items()}
    names = sorted(weight, key=lambda name: -weight[name])[:MOST_TYPES]
    if not names:
        return None
    with figure(_height(len(names), len(arms))) as (made, axes):
        for n, by_name in enumerate(scores):
            for row, name in enumerate(names):
                if (s := by_name.get(name)) and (s.f1 or s.recall).value is not None:
                    place = point(s.f1 or s.recall, row + _shift(n, len(arms)))
                    axes.errorbar(*place, color=arm_colour(n), marker="o", **BAR)
        rows(axes, [f"{name} ({weight[name]})" for name in names])
        evaluation = next(arm.evaluation for arm in arms if arm.evaluation)
        measure = _measure(evaluation, metric)
        axes.set(xlabel=measure, xlim=(-0.02, 1.02))
        return Plot(f"{noun}: {measure} by type", "In brackets: how many there are in gold.", svg_of(made, metric))


def _height(things: int, arms: int) -> float:
    """Room for a row of things with a bar for each arm, in viewBox units."""
    return 70 + things * (16 + 8 * arms)


def _shift(arm: int, arms: int) -> float:
    """How far an arm's bar lies from the middle of its row."""
    return (arm - (arms - 1) / 2) * 0.5 / arms


def _overall(evaluation: Evaluation, metric: str) -> Score | None:
    return next(_scores(evaluation, metric, "micro"), None)


def _types(evaluation: Evaluation, metric: str) -> dict[str, Score]:
    return {score.name: score for score in _scores(evaluation, metric, "type")}


def _scores(evaluation: Evaluation, metric: str, scope: str) -> Iterator[Score]:
    return (s for s in evaluation.scores if (s.metric, s.scope) == (metric, scope))


def _measure(evaluation: Evaluation, metric: str = "entity_strict") -> str:
    score = _overall(evaluation, metric)
    return "F1" if score is None or score.f1 else "recall"
