"""Sources → documents, one for each row, good or bad."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO

import pyarrow as pa

from extractor.documents import jsonl, parquet
from extractor.documents.columns import Columns, kept_schema
from extractor.documents.fit import Fit, fitter
from extractor.documents.ids import Ids, bad_id, content_id, plain_id
from extractor.documents.jsonl import json_type
from extractor.documents.row import Row, in_short, is_text
from extractor.documents.source import Source
from extractor.errors import ExtractorError
from extractor.types import Document, Problem


def read(sources: Sequence[Source], columns: Columns, limit: int | None = None) -> Iterator[Document]:
    """Every row as a document, streaming; a bad row, or a file's unreadable rest, is a document with a `problem`.

    Ids are unique in one call. `limit` counts rows, good and bad.
    """
    return islice(_read(sources, columns), limit)


def _read(sources: Sequence[Source], columns: Columns) -> Iterator[Document]:
    maker = _Maker(columns, kept_schema(sources, columns))
    for source in sources:
        for row in _rows(source, columns):
            yield maker.document(f"{source.name}:{row.number}", row)


def _rows(source: Source, columns: Columns) -> Iterator[Row]:
    number, partitions = 0, source.partitions
    try:
        with source.open() as stream:
            for row in _format_rows(source, stream, columns):
                number = row.number
                yield row._replace(values=partitions | row.values) if partitions else row
    except ExtractorError:
        raise
    except Exception as error:  # each file system and codec has failures of its own; the next file may be well
        detail = f"from row {number + 1} on the file cannot be read: {in_short(error)}"
        yield Row(number + 1, {}, problem=Problem("unreadable", detail))


def _format_rows(source: Source, stream: BinaryIO, columns: Columns) -> Iterator[Row]:
    if source.format == "parquet":
        return parquet.rows(stream, columns.names, columns.said)
    return jsonl.rows(stream, source.codec)


class _Maker:
    """Makes documents of rows, and gives each an id of its own."""

    def __init__(self, columns: Columns, kept: pa.Schema) -> None:
        self._columns, self._names = columns, columns.names
        self._fits: dict[str, Fit] = {field.name: fitter(field.type) for field in kept}
        self._ids = Ids()

    def document(self, source: str, row: Row) -> Document:
        """The row as a document; `problem` says what is wrong with it."""
        columns, values = self._columns, row.values
        problem = row.problem or _broken(row, self._names) or _no_text(values, columns.text)
        text = values[columns.text] if problem is None else ""
        name = self._name(values, text)
        if not name and not problem:
            problem = Problem("missing_id", f"{_said(values, columns.id)}, where an id is wanted")
        raw = (row.raw.strip() or (repr(values) if values else source)) if problem else ""
        id, is_first = self._ids.claim(name or bad_id(raw), text or raw)
        if not is_first and not problem:
            same = f"the id {name[:100]!r}" if columns.id else "the same text"
            problem = Problem("duplicate_id", f"an earlier row has {same}")
        return Document(id, text, source, self._kept(row, problem), _mode(values, columns.mode), problem)

    def _name(self, values: dict[str, Any], text: str) -> str:
        if self._columns.id is None:
            return content_id(text) if text else ""
        name = plain_id(values.get(self._columns.id))
        return name if is_text(name) else ""

    def _kept(self, row: Row, problem: Problem | None) -> dict[str, Any]:
        if problem and problem.kind == "bad_encoding":
            return dict.fromkeys(self._fits)
        return {name: fit(row.values.get(name)) for name, fit in self._fits.items()}


def _broken(row: Row, names: list[str]) -> Problem | None:
    """A used value that no UTF-8 can say; a JSON line was already checked, all but its escapes."""
    if row.raw and "\\u" not in row.raw:
        return None
    for name in names:
        value = row.values.get(name)
        if isinstance(value, list | dict):
            value = json.dumps(value, ensure_ascii=False, default=str)
        if isinstance(value, str) and not is_text(value):
            return Problem("bad_encoding", f"column '{name}' is not UTF-8, or holds half a surrogate pair")
    return None


def _no_text(values: dict[str, Any], column: str) -> Problem | None:
    text = values.get(column)
    if isinstance(text, str) and text and not text.isspace():
        return None
    is_blank = isinstance(text, str)
    return Problem("no_text", f"column '{column}' is blank" if is_blank else f"{_said(values, column)}, not text")


def _said(values: dict[str, Any], column: str | None) -> str:
    if column not in values:
        return f"column '{column}' is missing"
    value = values[column]
    return f"column '{column}' is {'blank' if isinstance(value, str) else json_type(value)}"


def _mode(values: dict[str, Any], column: str | None) -> str | None:
    value = values.get(column) if column else None
    return str(value) if value is not None and is_text(str(value)) else None
