"""Settled documents, gathered into parts."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from extractor.store.settled import Settled
from extractor.store.shelf import Shelf
from extractor.store.tables import TABLES, Row, rows_of
from extractor.store.waiting import waiting_rows
from extractor.types import Request, Settlement


@dataclass(frozen=True, slots=True)
class PartSize:
    """When a part is committed: at so many documents, or so many seconds after its first."""

    documents: int = 1000
    seconds: float = 120.0


class Writer:
    """Commits a part when it is full; `unsettled` gives the requests whose failed attempts must survive a restart."""

    def __init__(
        self,
        shelf: Shelf,
        settled: Settled,
        unsettled: Callable[[], Iterable[Request]],
        size: PartSize,
        reasoning: bool,
    ) -> None:
        self._shelf, self._settled, self._unsettled = shelf, settled, unsettled
        self._size, self._reasoning = size, reasoning
        self._clear()

    def add(self, settlement: Settlement) -> None:
        """Puts a document into the part being gathered, and commits it if that is full now."""
        for table, rows in rows_of(settlement, self._reasoning).items():
            self._rows[table].extend(rows)
        if part := self._settled.part_of(settlement.document.id):
            self._superseded[part].add(settlement.document.id)
        full = len(self._rows["documents"]) >= self._size.documents
        if full or time.monotonic() - self._since >= self._size.seconds:
            self.commit()

    def commit(self) -> None:
        """Commits what is gathered, however little."""
        if self._rows["documents"] or self._unsettled():
            self._shelf.add(self._rows, self._superseded, waiting_rows(self._unsettled()))
        self._clear()

    def _clear(self) -> None:
        self._rows: dict[str, list[Row]] = {table: [] for table in TABLES}
        self._superseded: dict[str, set[str]] = defaultdict(set)
        self._since = time.monotonic()
