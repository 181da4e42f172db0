"""Plots of what was found, where no gold says how right it is."""

from collections import Counter
from collections.abc import Iterator, Sequence

from extractor.evaluation.scored_tables import SCORED
from extractor.report.draw import arm_colour, figure, rows, svg_of
from extractor.report.plot import Plot, PlotInput

MOST_TYPES = 14  # in one plot


def found(arms: Sequence[PlotInput], ids: Sequence[str]) -> Iterator[Plot | None]:
    """How many items of each table there are of each kind; nothing where there is gold."""
    if any(arm.evaluation for arm in arms):
        return
    for table in SCORED:
        kinds = [Counter(kind or "–" for i in ids for kind in arm.run.kinds(table, i)) for arm in arms]
        yield _counts(f"{table.name.capitalize()} by type", kinds, table.name) if table.kind else None


def _counts(title: str, counts: Sequence[Counter[str]], name: str) -> Plot | None:
    total = sum(counts, Counter[str]())
    types = [kind for kind, _ in total.most_common(MOST_TYPES)]
    if not types:
        return None
    high = 0.7 / len(counts)
    with figure(60 + len(types) * (14 + 9 * len(counts))) as (made, axes):
        for n, count in enumerate(counts):
            at = [row + (n - (len(counts) - 1) / 2) * high for row in range(len(types))]
            axes.barh(at, [count[kind] for kind in types], high * 0.9, color=arm_colour(n))
        rows(axes, types)
        axes.set(xlabel="found")
        more = f" The {len(types)} most frequent of {len(total)}." if len(total) > len(types) else ""
        return Plot(title, f"{total.total():,} in all.{more}", svg_of(made, name))
