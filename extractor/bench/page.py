"""What a bench found, as one HTML file that a person looks at."""

from collections.abc import Callable

from extractor.bench.bench import Benched
from extractor.bench.measured import ARMS, Measured
from extractor.bench.table import tables
from extractor.bench.verdict import RATES, middle
from extractor.report.draw import arm_colour, figure, rows, svg_of
from extractor.report.plot import Plot
from extractor.web.inline import PageParts, inline

PARTS = PageParts(("extractor.bench", "page.html"), [("extractor.report", "page.css")], [])
COSTS: dict[str, Callable[[Measured], float]] = {
    "its tail": lambda one: one.tail_cost,
    "room and nothing to do": lambda one: one.idle,
}


def bench_page(found: Benched) -> str:
    """The page: the sentence, plots of each round and of what is lost, and every figure."""
    by, rate = found.verdict.by, RATES[found.verdict.by]
    plots = [_rates(found, f"{by} a second", rate), _lost(found)]
    return inline(PARTS, None, {"found": found, "ways": ARMS, "plots": plots, "tables": tables(found)})


def _rates(found: Benched, label: str, rate: Callable[[Measured], float]) -> Plot:
    """Each round of each way is a dot, its median a line."""
    with figure(60 + 30 * len(ARMS)) as (made, axes):
        for row, arm in enumerate(ARMS):
            mine = [rate(one) for one in found.measured if one.arm == arm]
            axes.plot(mine, [row] * len(mine), "o", color=arm_colour(row), alpha=0.6)
            axes.vlines(middle(found.measured, arm, rate), row - 0.3, row + 0.3, color=arm_colour(row), linewidth=2)
        rows(axes, ARMS)
        axes.set(xlabel=label)
        axes.set_xlim(left=0)
        return Plot("How fast each way is", "A dot for each round; the line is the median.", svg_of(made, "r"))


def _lost(found: Benched) -> Plot:
    with figure(60 + 50 * len(COSTS)) as (made, axes):
        high = 0.7 / len(ARMS)
        for n, arm in enumerate(ARMS):
            for row, cost in enumerate(COSTS.values()):
                share = 100 * middle(found.measured, arm, cost)
                at = row + (n - (len(ARMS) - 1) / 2) * high
                axes.barh(at, share, high * 0.9, color=arm_colour(n))
                axes.annotate(f"{share:.1f}", (share, at), xytext=(4, 0), textcoords="offset points", va="center")
        rows(axes, list(COSTS))
        axes.set(xlabel="% of the time")
        caption = "What the empty seats of the tail cost, and the time before it in which the engine waited for us."
        return Plot("What is lost", caption, svg_of(made, "l"))
