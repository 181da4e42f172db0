"""Attempts at documents that are not settled yet: kept beside the parts, so that counts survive a restart."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

import pyarrow.parquet as pq

from extractor.answers.recall import Answered
from extractor.store.tables import Row, completion_row
from extractor.types import Request

FILE = "waiting.parquet"


class Waiting:
    """The attempts that an earlier run left behind, until this one comes to their documents."""

    def __init__(self, folder: Path) -> None:
        self._rows: dict[str, list[Row]] = defaultdict(list)
        if (folder / FILE).is_file():
            for row in pq.ParquetFile(folder / FILE).read().to_pylist():
                self._rows[row["fingerprint"]].append(row)
        self._stored = self.rows(())

    def answered(self) -> dict[str, list[Answered]]:
        """The attempts by fingerprint."""
        return {fingerprint: [_answered(row) for row in rows] for fingerprint, rows in self._rows.items()}

    def rows(self, unsettled: Iterable[Request]) -> list[Row]:
        """What must be kept now: attempts behind the requests of this run, and of documents it has not come to."""
        now: dict[str, list[Row]] = {}
        for request in unsettled:
            now[request.fingerprint] = [completion_row(step) for step in request.earlier]
        return [row for rows in (self._rows | now).values() for row in rows]

    def is_stored(self, rows: list[Row]) -> bool:
        """Whether these rows lie on the disk already."""
        return rows == self._stored

    def stored(self, rows: list[Row]) -> None:
        """These rows lie on the disk now."""
        self._stored = rows

    def forget(self, fingerprint: str) -> None:
        """This work is settled."""
        self._rows.pop(fingerprint, None)

    def clear(self) -> None:
        """All work is settled."""
        self._rows.clear()


def _answered(row: Row) -> Answered:
    return Answered(**{item.name: row[item.name] for item in fields(Answered)} | {"detail": row["detail"] or ""})
