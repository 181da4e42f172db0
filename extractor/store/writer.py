"""Settled documents, gathered into parts."""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from extractor.errors import Locked
from extractor.store.attempts import Attempts, Unsettled
from extractor.store.settled import Settled
from extractor.store.shelf import Beside, Shelf
from extractor.store.tables import TABLES, Row, rows_of
from extractor.system.signals import signals_wait
from extractor.types import Settlement


@dataclass(frozen=True, slots=True)
class PartSize:
    """When a part is committed: at so many documents, or so many seconds after its first."""

    documents: int = 1000
    seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Kept:
    """Of settled documents and of those under way, what the disk is to hold."""

    attempts: Attempts  # of an earlier run
    unsettled: Callable[[], Iterable[Unsettled]]  # of this run
    reasoning: bool  # thoughts too
    manifest: Callable[[], str | None] = lambda: None  # its text, with what is counted by now


class Writer:
    """Commits a part when it is full, or due; what came back for unsettled documents is kept with it."""

    def __init__(self, shelf: Shelf, settled: Settled, size: PartSize, kept: Kept) -> None:
        self._shelf, self._settled, self._size, self._kept = shelf, settled, size, kept
        self._gathered: list[dict[str, list[Row]]] = []
        self._lost: list[Row] = []
        self._passages = 0  # done when it was committed last
        self._since = time.monotonic()

    def add(self, settlement: Settlement) -> None:
        """Puts a document into the part being gathered, and commits it if that is full now."""
        if not self._gathered:
            self._since = time.monotonic()
        self._gathered.append(rows_of(settlement, self._kept.reasoning))  # one stroke, that Ctrl-C cannot halve
        self._kept.attempts.forget(settlement.document.id)
        if len(self._gathered) >= self._size.documents:
            self.commit()

    def tend(self, passages: int = 0) -> None:
        """Commits what has been gathered, or has come back, for long enough; or with so many passages, all in all."""
        done = len(self._gathered) + passages - self._passages
        if done >= self._size.documents or time.monotonic() - self._since >= self._size.seconds:
            self.commit()
            self._passages = passages

    def commit(self) -> None:
        """Commits what is gathered, however little; what fails to be committed is not tried again."""
        with signals_wait():
            gathered, self._gathered = self._gathered, []
            self._since = time.monotonic()
            rows = {table: [row for document in gathered for row in document[table]] for table in TABLES}
            try:
                self._commit(rows)
            except BaseException as error:
                if isinstance(error, Locked) or not self._shelf.is_committing:
                    self._lost += rows["documents"]
                raise

    def remove(self, ids: Mapping[str, Collection[str]]) -> None:
        """Commits that these documents (part → their ids) are not there any more."""
        with signals_wait():
            self._shelf.remove(ids, Beside(manifest=self._kept.manifest()))

    def lost(self) -> list[Row]:
        """The rows of documents whose commit failed, since it was asked last."""
        lost, self._lost = self._lost, []
        return lost

    def _commit(self, rows: Mapping[str, list[Row]]) -> None:
        attempts = self._kept.attempts.rows(self._kept.unsettled())
        if rows["documents"]:
            beside = Beside(attempts, self._kept.manifest())
            self._shelf.add(rows, self._superseded(rows["documents"]), beside)
        elif attempts is not None:
            self._shelf.keep(Beside(attempts))
        self._kept.attempts.written()

    def _superseded(self, documents: Iterable[Row]) -> dict[str, set[str]]:
        """The part of each document that was there before, and the ids in it."""
        found: dict[str, set[str]] = defaultdict(set)
        for row in documents:
            if part := self._settled.part_of(row["doc_id"]):
                found[part].add(row["doc_id"])
        return found
