"""Many small parts into few large ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from extractor.store.ledger import opened
from extractor.store.lock import locked
from extractor.store.manifest import Manifest
from extractor.store.parts import Parts
from extractor.store.shelf import Shelf
from extractor.system.signals import signals_wait

FULL = 50_000  # documents in a merged part


@dataclass(frozen=True, slots=True)
class Compacted:
    """Parts before and after, and the documents in them."""

    before: int
    after: int
    documents: int


def compact(folder: Path, full: int = FULL) -> Compacted:
    """Merges neighbouring small parts into parts of about `full` documents; UserError where there is no output, or one
    that is not in order.

    For the moment of each merge a reader finds its documents absent, never twice; a crash costs nothing.
    """
    Manifest.of_output(folder)
    with locked(folder) as lease:
        shelf = Shelf(folder, fence=lease.writing)
        shelf.recover()
        opened(before := shelf.now())
        for parts in list(_groups(before, full)):
            with signals_wait():
                shelf.merge(parts)
        after = shelf.now()
        return Compacted(len(before.names), len(after.names), after.count())


def _groups(parts: Parts, full: int) -> Iterator[list[str]]:
    """Runs of neighbours that hold at most `full` documents together, where there are two at least."""
    group: list[str] = []
    held = 0
    for part in parts.names:
        size = parts.rows_in("documents", part)
        if held + size > full:
            if len(group) > 1:
                yield group
            group, held = [], 0
        group.append(part)
        held += size
    if len(group) > 1:
        yield group
