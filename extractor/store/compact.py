"""Many small parts into few large ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from extractor.store.lock import locked
from extractor.store.manifest import Manifest
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
    """Merges neighbouring small parts into parts of about `full` documents; UserError where there is no output.

    For the moment of each merge a reader finds its documents absent, never twice; a crash costs nothing.
    """
    Manifest.of_output(folder)
    with locked(folder):
        shelf = Shelf(folder)
        shelf.recover()
        before = len(shelf.parts())
        for parts in list(_groups(shelf, full)):
            with signals_wait():
                shelf.merge(parts)
        return Compacted(before, len(shelf.parts()), shelf.count())


def _groups(shelf: Shelf, full: int) -> Iterator[list[str]]:
    """Runs of neighbours that hold at most `full` documents together, where there are two at least."""
    group: list[str] = []
    held = 0
    for part in shelf.parts():
        size = shelf.documents_in(part)
        if held + size > full:
            if len(group) > 1:
                yield group
            group, held = [], 0
        group.append(part)
        held += size
    if len(group) > 1:
        yield group
