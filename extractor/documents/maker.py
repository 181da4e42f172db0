"""Rows → documents."""

from typing import Any

import pyarrow as pa

from extractor.documents.columns import Columns
from extractor.documents.fit import Fit, fitter
from extractor.documents.ids import Ids, bad_id, content_id, plain_id
from extractor.documents.jsonl import json_type
from extractor.documents.kinds import carried
from extractor.documents.row import Row, is_text
from extractor.types import TEXT_STORED, Document, KeptValues, Problem


class DocumentMaker:
    """Makes documents of rows, and gives each an id of its own."""

    def __init__(self, columns: Columns, kept: pa.Schema, ids: Ids) -> None:
        self._columns, self._names, self._ids = columns, columns.said, ids
        self._fits: dict[str, Fit] = {field.name: fitter(carried(field.type)) for field in kept}

    def document(self, source: str, row: Row) -> Document:
        """The row as a document; `problem` says what is wrong with it."""
        columns, values = self._columns, row.values
        problem = row.problem or _broken(row, self._names) or _no_text(values, columns.text)
        text = values[columns.text] if problem is None else ""
        name = self._name(values, text)
        if not name and not problem:
            problem = Problem("missing_id", f"{_said(values, columns.id)}, where an id is wanted")
        raw = (row.raw.strip() or (repr(values) if values else "")) if problem else ""
        id, is_first = self._ids.claim(name or bad_id(raw or source), text or raw or source)
        if not is_first and not problem:
            same = f"the id {name[:100]!r}" if columns.id else "the same text"
            problem = Problem("duplicate_id", f"an earlier row has {same}")
        kept, unfit = self._kept(row)
        text = _beginning(text or raw) if problem else text
        return Document(id, text, source, kept, _mode(values, columns.mode), problem, unfit)

    def _name(self, values: dict[str, Any], text: str) -> str:
        if self._columns.id is None:
            return content_id(text) if text else ""
        name = plain_id(values.get(self._columns.id))
        return name if is_text(name) else ""

    def _kept(self, row: Row) -> tuple[KeptValues, tuple[str, ...]]:
        if row.kept is not None:
            return row.kept, row.unfit
        if not self._fits:
            return {}, ()
        values = row.values
        kept = {name: fit(values.get(name)) for name, fit in self._fits.items()}
        if None not in kept.values():
            return kept, ()
        return kept, tuple(name for name, value in kept.items() if value is None and values.get(name) is not None)


def _beginning(text: str) -> str:
    """As much of it as is stored; bytes that were no UTF-8 are written as \\xff."""
    said = text[:TEXT_STORED].encode("utf-8", "surrogateescape")
    return said.decode("utf-8", "backslashreplace")[:TEXT_STORED]


def _broken(row: Row, names: list[str]) -> Problem | None:
    """A used value that no UTF-8 can say; a JSON line was already checked, all but its escapes."""
    if row.raw and "\\u" not in row.raw:
        return None
    for name in names:
        value = row.values.get(name)
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
