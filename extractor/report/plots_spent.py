"""Plots of what was spent: tokens, seconds, and how thinking ended."""

from collections.abc import Callable, Sequence

import numpy as np

from extractor.evaluation.resources import IN_ENGINE, written_tokens
from extractor.evaluation.runs import Numbers, Run
from extractor.report.draw import arm_colour, figure, rows, svg_of
from extractor.report.plot import Plot, PlotInput

ENDS = ("none", "closed", "budget", "truncated", "ended_inside", "repetition")


def tokens(arms: Sequence[PlotInput], ids: Sequence[str]) -> Plot | None:
    """How many tokens documents took."""
    values = [written_tokens(arm.run, ids) for arm in arms]
    caption = "Tokens written for a document, over all attempts. The line is the median."
    return _histogram(values, "Tokens", "tokens for a document", caption, "t")


def seconds(arms: Sequence[PlotInput], ids: Sequence[str]) -> Plot | None:
    """How long documents were in the engine."""
    values = [_in_engine(arm.run, ids) for arm in arms]
    caption = "Seconds in the engine for a document, without waiting for a place. The line is the median."
    return _histogram(values, "Latency", "seconds for a document", caption, "l")


def _in_engine(run: Run, ids: Sequence[str]) -> Numbers:
    """Seconds for each document, NaN where none were recorded."""
    parts = np.array([run.numbers(column, ids) for column in IN_ENGINE])
    return np.where(np.isnan(parts).all(axis=0), np.nan, np.nansum(parts, axis=0))


def _histogram(arms: Sequence[Numbers], title: str, label: str, caption: str, name: str) -> Plot | None:
    known = [values[~np.isnan(values) & (values > 0)] for values in arms]
    every = np.concatenate(known)
    if len(every) < 2 or every.min() == every.max():
        return None
    wide = every.max() / every.min() > 20
    make: Callable[..., Numbers] = np.geomspace if wide else np.linspace
    bins = make(every.min(), every.max(), min(40, max(8, int(np.sqrt(len(every)) * 2))))
    with figure(190) as (made, axes):
        for n, values in enumerate(known):
            if len(values):
                axes.hist(values, bins, histtype="stepfilled", alpha=0.25, color=arm_colour(n))
                axes.hist(values, bins, histtype="step", linewidth=1.5, color=arm_colour(n))
                axes.axvline(np.median(values), color=arm_colour(n), linewidth=2)
        axes.set(xlabel=label, ylabel="documents", xscale="log" if wide else "linear")
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}" if x >= 10 else f"{x:g}")
        axes.xaxis.set_minor_formatter(lambda x, _: "")
        return Plot(title, caption, svg_of(made, name))


def ends(arms: Sequence[PlotInput]) -> Plot | None:
    """How thinking ended, as shares of documents."""
    counts = [arm.resources.thinking_end for arm in arms]
    if not any(set(count) - {"none"} for count in counts):
        return None
    ends = [end for end in ENDS if any(count.get(end) for count in counts)]
    with figure(80 + 30 * len(ends)) as (made, axes):
        high = 0.7 / len(arms)
        for n, count in enumerate(counts):
            total = max(sum(count.values()), 1)
            for row, end in enumerate(ends):
                at, share = row + (n - (len(arms) - 1) / 2) * high, 100 * count.get(end, 0) / total
                axes.barh(at, share, high * 0.9, color=arm_colour(n))
                axes.annotate(f"{count.get(end, 0):,}", (share, at), xytext=(4, 0), textcoords="offset points", va="center", fontsize=9)  # fmt: skip # noqa: E501
        rows(axes, [end.replace("_", " ") for end in ends])
        axes.set(xlabel="% of documents", xlim=(0, 112))
        return Plot("How thinking ended", "“closed” is as it should be; “none” did not think.", svg_of(made, "h"))
