"""Plots of how right the arms are, and how far they agree."""

from collections.abc import Iterator, Sequence

from extractor.evaluation.html.draw import BAR, FAINT, arm_colour, bars, figure, point, rows, svg_of
from extractor.evaluation.html.seen import Plot, Seen
from extractor.evaluation.results import Agreement, Difference, Evaluation, Score

KINDS = (("entity_strict", "Entities"), ("relation_strict", "Relations"))
MOST_TYPES = 14  # in one plot; the tables have them all


def quality(arms: Sequence[Seen], documents: int) -> Plot | None:
    """Each arm's strict scores over the tokens that it wrote for a document."""
    scored = [(n, arm, arm.evaluation) for n, arm in enumerate(arms) if arm.evaluation]
    if len(scored) < 2:
        return None
    with figure(250) as (made, axes):
        for n, arm, evaluation in scored:
            x = (arm.resources.tokens["written"].total or 0) / documents
            for (metric, _), marker in zip(KINDS, "os", strict=True):
                if (score := _overall(evaluation, metric)) and (found := score.f1 or score.recall).value is not None:
                    axes.errorbar(x, found.value, yerr=bars([found]), color=arm_colour(n), marker=marker, **BAR)
                    if marker == "o":
                        axes.annotate(arm.run.label, (x, found.value), xytext=(8, 2), textcoords="offset points")
        axes.set(xlabel="tokens written for a document", ylabel=_measure(scored[0][2]), ylim=(0, 1))
        axes.set_xlim(0, axes.get_xlim()[1] * 1.3)
        axes.grid(True, linewidth=0.5)
        return Plot(
            "Quality against tokens",
            "● entities, ■ relations. Up is better, left is cheaper; bars are 95 % intervals.",
            svg_of(made, "q"),
        )


def differences(differences: Sequence[Difference]) -> Plot | None:
    """Every headline difference from the first arm, in points."""
    shown = [d for d in differences if not d.name and d.scope != "macro" and d.estimate.value is not None]
    if not shown:
        return None
    labels = [f"{d.metric.replace('_', ' ').replace(' strict', '')}" + _of(d, shown) for d in shown]
    with figure(70 + 24 * len(shown)) as (made, axes):
        axes.axvline(0, color=FAINT, linewidth=1)
        arms = list(dict.fromkeys(d.arm for d in shown))
        for row, d in enumerate(shown):
            colour = arm_colour(1 + arms.index(d.arm))
            axes.errorbar(*point(d.estimate, row, 100), color=colour, marker="o", **BAR)
        rows(axes, labels)
        axes.set(xlabel=f"points, against {shown[0].base}")
        return Plot(
            f"Differences from {shown[0].base}",
            "Right of the line is better than the first run. A bar (95 % interval) across the line: cannot tell.",
            svg_of(made, "d"),
        )


def _of(difference: Difference, shown: Sequence[Difference]) -> str:
    return f", {difference.arm}" if len({d.arm for d in shown}) > 1 else ""


def agreement(agreements: Sequence[Agreement]) -> Plot | None:
    """How far each arm says the same as the first."""
    kinds = ("entities", "relations", "summaries")
    if not agreements or all(getattr(a, kind).value is None for a in agreements for kind in kinds):
        return None
    with figure(80 + 24 * len(kinds) * len(agreements)) as (made, axes):
        pairs = [(n, a, kind) for kind in kinds for n, a in enumerate(agreements, 1)]
        for row, (n, a, kind) in enumerate(pairs):
            if getattr(a, kind).value is not None:
                axes.errorbar(*point(getattr(a, kind), row, 100), color=arm_colour(n), marker="o", **BAR)
        rows(axes, [kind + (f", {a.arm}" if len(agreements) > 1 else "") for _, a, kind in pairs])
        axes.set(xlabel=f"% in common with {agreements[0].base}", xlim=(-2, 102))
        caption = "Of all that either run found, what both found; for summaries, how alike they are."
        return Plot("Agreement", caption, svg_of(made, "a"))


def by_type(arms: Sequence[Seen], metric: str, noun: str) -> Plot | None:
    """Each type's strict score in each arm."""
    scores = [_types(arm.evaluation, metric) if arm.evaluation else {} for arm in arms]
    weight = {name: s.hits + s.missed for by_name in scores for name, s in by_name.items()}
    names = sorted(weight, key=lambda name: -weight[name])[:MOST_TYPES]
    if not names:
        return None
    with figure(70 + len(names) * (16 + 8 * len(arms))) as (made, axes):
        for n, by_name in enumerate(scores):
            shift = (n - (len(arms) - 1) / 2) * 0.5 / len(arms)
            for row, name in enumerate(names):
                if (s := by_name.get(name)) and (s.f1 or s.recall).value is not None:
                    axes.errorbar(*point(s.f1 or s.recall, row + shift), color=arm_colour(n), marker="o", **BAR)
        rows(axes, [f"{name} ({weight[name]})" for name in names])
        evaluation = next(arm.evaluation for arm in arms if arm.evaluation)
        measure = _measure(evaluation, metric)
        axes.set(xlabel=measure, xlim=(-0.02, 1.02))
        return Plot(f"{noun}: {measure} by type", "In brackets: how many there are in gold.", svg_of(made, metric[0]))


def _overall(evaluation: Evaluation, metric: str) -> Score | None:
    return next(_scores(evaluation, metric, "micro"), None)


def _types(evaluation: Evaluation, metric: str) -> dict[str, Score]:
    return {score.name: score for score in _scores(evaluation, metric, "type")}


def _scores(evaluation: Evaluation, metric: str, scope: str) -> Iterator[Score]:
    return (s for s in evaluation.scores if (s.metric, s.scope) == (metric, scope))


def _measure(evaluation: Evaluation, metric: str = "entity_strict") -> str:
    score = _overall(evaluation, metric)
    return "F1" if score is None or score.f1 else "recall"
