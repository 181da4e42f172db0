"""Tables for a terminal."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from extractor import tables
from extractor.cli.say import output
from extractor.documents.shard import Shard
from extractor.escape import in_line
from extractor.jobs.check import Checked
from extractor.jobs.estimate import CostEstimate
from extractor.store.ledger import said_of
from extractor.store.status import OutputStatus
from extractor.system.streams import audience

UNBOUNDED = 1000  # columns


def table(header: Sequence[str], rows: Iterable[Sequence[Any]], stderr: bool = False) -> None:
    """Prints an aligned table, as wide as the terminal; in a file or a pipe as wide as it wants to be."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    made = Table(*map(in_line, header), box=box.SIMPLE, header_style="bold")
    for column in made.columns:
        column.overflow = "fold"  # a name that is cut can not be typed
    made.columns[0].no_wrap = True
    for row in rows:
        made.add_row(*(f"{value:,}" if isinstance(value, int) else in_line(value) for value in row))

    class Plain(Console):
        def on_broken_pipe(self) -> None:  # rich would exit with 1
            raise BrokenPipeError

    console = Plain(stderr=stderr, highlight=False, markup=False, soft_wrap=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = UNBOUNDED
    with audience() if stderr else output():
        console.print(made)


def status_rows(status: OutputStatus) -> list[tuple[str, Any]]:
    """What `extract status` says, line by line."""
    documents = "unknown" if status.documents is None else status.documents
    pending = "unknown" if status.pending is None else status.pending
    rows: list[tuple[str, Any]] = [("documents in", documents), ("  ok", status.ok), ("  empty", status.empty)]
    rows += [("  quarantined", status.quarantined), *((f"    {kind}", n) for kind, n in status.problems.items())]
    rows += [("  pending", pending)]
    rows += [("shards", line) for line in _shard_lines(status.shards)]
    if status.passages:
        rows += [("passages of long documents", status.passages)]
        rows += [("  documents with some that gave no answer", status.partial)] if status.partial else []
    extracted = {table.name for table in tables.TABLES}
    rows += [(name, count) for name, count in status.rows.items() if name in extracted]
    rows += [(f"did not fit, now null: {column}", count) for column, count in status.unfit.items()]
    if again := status.escalated.documents:
        rows += [("thought about again", again), ("  answer changed", status.escalated.changed)]
        rows += [("    had failed before", status.escalated.rescued), ("  tokens for it", status.escalated.tokens)]
    named = {"total_tokens": "written in all attempts"}
    rows += [(named.get(name, name.replace("_", " ")), count) for name, count in status.tokens.items()]
    if status.seconds is not None:
        rows.append(("seconds (last run)", f"{status.seconds:,.1f}"))
    return rows


def _shard_lines(shards: Mapping[str, str]) -> Iterator[str]:
    """How many ended well, and the names of the others by what they are."""
    if not shards:
        return
    of = Shard.parse(next(iter(shards))).of
    yield f"{sum(state == 'finished' for state in shards.values())} of {of} finished"
    absent = [name for number in range(1, of + 1) if (name := f"{number}/{of}") not in shards]
    for state in ("running", "stopped"):
        if named := [name for name, found in shards.items() if found == state]:
            yield f"{state}: {', '.join(named)}"
    if absent:
        yield f"not begun: {', '.join(absent)}"


def ledger_rows(status: OutputStatus) -> list[tuple[str, Any]]:
    """What `extract status --verify` says beyond that, line by line."""
    faults = list(said_of(status.faults))
    return [("ledger", line) for line in faults] or [("ledger", "in order: each row belongs to one document")]


def check_lines(checked: Checked) -> Iterable[tuple[str, Any]]:
    """What `extract check` found beyond the settings."""
    yield "documents", "unknown (standard input)" if checked.documents is None else checked.documents
    yield "columns", ", ".join(checked.columns)
    yield from (("table", line) for line in checked.tables)
    yield f"prompt tokens of the first {checked.sampled:,}", checked.prompt_tokens
    yield "longest prompt", checked.longest
    if checked.cut:
        yield "read in passages", f"{checked.cut:,} documents, {checked.passages:,} passages"
    yield from (("note", note) for note in checked.notes)
    yield from ((f"refused: {kind}", count) for kind, count in checked.refused.items())
    yield from (("  ", line) for line in checked.examples_of_refused)


def estimate_lines(cost: CostEstimate) -> Iterable[tuple[str, Any]]:
    """What `extract check --estimate` says."""
    yield "to do", "unknown (standard input)" if cost.documents is None else cost.documents
    if cost.cut:
        yield "read in passages", f"{cost.cut:,} of the first {cost.sampled:,} documents, {cost.passages:,} passages"
    if cost.further:
        yield "requests a document", f"{1 + len(cost.further)}: {', '.join(cost.further)} after all else"
    yield "prompt tokens to come", _known(cost.prompt_tokens)
    yield "answer tokens to come", f"{_known(cost.answer_tokens)} ({cost.answer_source})"
    hours = "unknown" if cost.hours is None else f"{cost.hours:,.{1 if cost.hours >= 1 else 4}f}"
    yield "hours", f"{hours} ({cost.rate_source})"


def _known(count: int | None) -> str:
    return "unknown" if count is None else f"{count:,}"
