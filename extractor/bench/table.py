"""The figures of a measurement, as rows of text."""

from collections.abc import Callable, Iterator, Sequence

from extractor.bench.bench import Benched
from extractor.bench.measured import ARMS, Measured
from extractor.bench.verdict import Ratio, middle

Rows = list[list[str]]

FIGURES: tuple[tuple[str, Callable[[Measured], float], str], ...] = (
    ("documents/s", lambda one: one.documents_per_second, "{:,.2f}"),
    ("tokens/s read", lambda one: one.prompt_tokens_per_second, "{:,.0f}"),
    ("tokens/s written", lambda one: one.output_tokens_per_second, "{:,.0f}"),
    ("seconds", lambda one: one.seconds, "{:,.2f}"),
    ("processor seconds", lambda one: one.processor_seconds, "{:,.2f}"),
    ("requests", lambda one: one.requests, "{:,.0f}"),
    ("tokens written", lambda one: one.output_tokens, "{:,.0f}"),
    ("quarantined", lambda one: one.quarantined, "{:,.0f}"),
    ("prefix cache hits", lambda one: one.prefix_cache_hits, "{:.1%}"),
    ("room and nothing to do", lambda one: one.idle, "{:.1%}"),
    ("tail, seconds", lambda one: one.tail_seconds, "{:,.2f}"),
    ("tail costs", lambda one: one.tail_cost, "{:.1%}"),
)


def tables(found: Benched) -> tuple[Rows, Rows]:
    """All figures, and the ratios; the first row of each is its header."""
    said = f"{found.documents:,} documents, median of {found.rounds} rounds"
    ratios = list(_ratio_rows(found.verdict.ratios))
    return [[said, *ARMS], *_figures(found.measured)], [["ratio", "by", "median", "least", "most"], *ratios]


def _figures(found: Sequence[Measured]) -> Iterator[list[str]]:
    """A row for each figure: its name, and the median over the rounds of each arm."""
    for name, figure, form in FIGURES:
        yield [name, *(form.format(middle(found, arm, figure)) for arm in ARMS)]
    yield ["peak memory, MiB", *(_peak([one.peak_memory for one in found if one.arm == arm]) for arm in ARMS)]


def _ratio_rows(ratios: Sequence[Ratio]) -> Iterator[list[str]]:
    """A row for each ratio."""
    for one in ratios:
        spread = (f"{share:.3f}" for share in (one.median, one.least, one.most))
        yield [f"{one.of} / {one.to}", f"{one.by}/s", *spread]


def _peak(bytes_: Sequence[int | None]) -> str:
    known = [one for one in bytes_ if one is not None]
    return f"{max(known) / 2**20:,.0f}" if len(known) == len(bytes_) else "unknown"
