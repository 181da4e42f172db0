"""Sources → documents, one for each row, good or bad."""

import io
from collections.abc import Iterator, Sequence
from itertools import islice

from extractor.documents import jsonl, parquet
from extractor.documents.columns import Columns, kept_schema
from extractor.documents.ids import Ids
from extractor.documents.maker import DocumentMaker
from extractor.documents.patient import PAUSES
from extractor.documents.row import Gap, Row, in_short
from extractor.documents.source import Source
from extractor.documents.unchanged import Unchanged
from extractor.errors import ExtractorError
from extractor.types import Document, SourceFault


def read(
    sources: Sequence[Source], columns: Columns, limit: int | None = None, pauses: Sequence[float] = PAUSES
) -> "Reading":
    """Every row as a document, streaming; a bad row is a document with a `problem`. Ids are unique in one call.

    `limit` counts rows, good and bad. Where a file cannot be read on it is tried again after each of the pauses
    (seconds), and once more when all others are read; if that does not help, its rows are left out, and the `Reading`
    says so.
    """
    return Reading(sources, columns, limit, pauses)


class Reading:
    """The documents, one after the other, and what became of each source: what is said below is said of those so far.

    A row that cannot be had is no document: it belongs to a fault, and is there at a later reading, or not.
    """

    def __init__(self, sources: Sequence[Source], columns: Columns, limit: int | None, pauses: Sequence[float]) -> None:
        self.whole: set[str] = set()  # names of the sources that were read to their end; never standard input
        self._columns, self._kept, self._pauses = columns, kept_schema(sources, columns), pauses
        self._ids, self._faults = Ids(), dict[Source, list[SourceFault]]()
        self._documents = islice(self._read(sources), limit)

    @property
    def faults(self) -> list[SourceFault]:
        """What could not be had, by source and row."""
        return [fault for faults in self._faults.values() for fault in faults]

    def __iter__(self) -> Iterator[Document]:
        return self._documents

    def __next__(self) -> Document:
        return next(self._documents)

    def gave(self, doc_id: str) -> bool:
        """Whether there was a document of this id; 8 bytes of each are remembered."""
        return doc_id in self._ids

    def _read(self, sources: Sequence[Source]) -> Iterator[Document]:
        maker, broken = DocumentMaker(self._columns, self._kept, self._ids), []
        for source in sources:
            unchanged, faults = Unchanged(source), self._faults.setdefault(source, [])
            for row in self._rows(source, unchanged, faults):
                yield maker.document(f"{source.name}:{row.number}", row)
            self._is_over(source)
            if faults and source.place != "-":
                broken.append((source, unchanged))
        for source, unchanged in broken:
            for row in self._rows_again(source, unchanged):
                yield maker.document(f"{source.name}:{row.number}", row)
            self._is_over(source)

    def _is_over(self, source: Source) -> None:
        if self._faults[source]:
            return
        del self._faults[source]
        if source.place != "-":
            self.whole.add(source.name)

    def _rows_again(self, source: Source, unchanged: Unchanged) -> Iterator[Row]:
        """Those that could not be had before: of a file that is still the same one, unless none of it was had."""
        before, now = self._faults[source], list[SourceFault]()
        same = Unchanged(source) if before[0].first == 1 and before[0].rows is None else unchanged
        for row in self._rows(source, same, now):
            if any(fault.covers(row.number) for fault in before):
                yield row
        self._faults[source] = [both for old in before for new in now if (both := old.in_common(new))]

    def _rows(self, source: Source, unchanged: Unchanged, faults: list[SourceFault]) -> Iterator[Row]:
        number, partitions = 0, source.partitions
        try:
            unchanged.check()
            with source.open(self._pauses) as stream:
                for row in self._format_rows(source, stream):
                    if isinstance(row, Gap):
                        faults.append(SourceFault(source.name, row.first, row.rows, row.detail))
                        continue
                    if row.problem:
                        unchanged.check(is_half=not row.ended)
                    number = row.number
                    yield row._replace(values=partitions | row.values) if partitions else row
            unchanged.check()
        except ExtractorError:
            raise
        except jsonl.Misshapen as error:
            faults.append(SourceFault(source.name, 1, None, str(error)))
        except Exception as error:  # each file system and codec has failures of its own; the next file may be well
            detail = f"from row {number + 1} on the file cannot be read: {in_short(error)}"
            faults.append(SourceFault(source.name, number + 1, None, detail))

    def _format_rows(self, source: Source, stream: io.BufferedReader) -> Iterator[Row | Gap]:
        if source.format == "parquet":
            return parquet.rows(stream, self._columns.said, self._kept, source.partitions)
        return jsonl.rows(stream, source.codec)
