"""The plot of how far confidence can be relied on."""

from collections.abc import Sequence
from itertools import cycle

from extractor.evaluation.results import Reliability
from extractor.report.draw import BAR, FAINT, arm_colour, bars, figure, svg_of
from extractor.report.plot import Plot, PlotInput
from extractor.report.plots_scores import MARKERS


def reliability(arms: Sequence[PlotInput]) -> Plot | None:
    """The share of right rows over their confidence, by bins; on the diagonal a confidence is what it says."""
    told = [(n, one) for n, arm in enumerate(arms) if arm.evaluation for one in arm.evaluation.reliability]
    if not told:
        return None
    tables = list(dict.fromkeys(one.table for _, one in told))
    signs = dict(zip(tables, cycle(MARKERS), strict=False))
    with figure(300) as (made, axes):
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle="dashed")
        for n, one in told:
            x, y = [bin.confidence for bin in one.bins], [bin.right.value for bin in one.bins]
            axes.plot(x, y, color=arm_colour(n), linewidth=1, alpha=0.5)
            style = {**BAR, "markersize": 6, "linewidth": 1, "elinewidth": 1}
            axes.errorbar(
                x,
                y,
                yerr=bars([bin.right for bin in one.bins]),
                color=arm_colour(n),
                marker=signs[one.table][0],
                **style,
            )
        axes.set(xlabel="confidence", ylabel="share that is right", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        axes.grid(True, linewidth=0.5)
        legend = ", ".join(f"{sign} {table}" for table, (_, sign) in signs.items())
        return Plot("Confidence", f"{legend}. {_said([one for _, one in told])}", svg_of(made, "sure"))


def _said(found: Sequence[Reliability]) -> str:
    how = "Below the dashed line the model is surer than it is right; bars are 95 % intervals."
    areas = [f"{one.table} {one.auroc.value:.2f}" for one in found if one.auroc.value is not None]
    return f"{how} AUROC (0.5 tells nothing): {', '.join(areas)}." if areas else how
