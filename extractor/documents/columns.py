"""Which columns are read: what a person named, beside what the files have."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

import pyarrow as pa

from extractor.documents import jsonl, parquet
from extractor.documents.source import Source
from extractor.errors import ExtractorError, UserError


@dataclass(frozen=True, slots=True)
class Columns:
    """The source columns of a job. Without an id column, ids are content hashes."""

    id: str | None
    text: str
    keep: tuple[str, ...] = ()
    mode: str | None = None

    @property
    def names(self) -> list[str]:
        """All that are read, each once."""
        return list(dict.fromkeys((*self.said, *self.keep)))

    @property
    def said(self) -> list[str]:
        """Those whose values are read as strings, not kept as they are."""
        return [name for name in (self.id, self.text, self.mode) if name]


def check_columns(sources: Sequence[Source], columns: Columns, id_asked: bool = False) -> tuple[Columns, list[str]]:
    """The columns to read, and all that exist, by the first readable file (of JSONL, its first 100 lines).

    `id` becomes None where it is missing and nobody asked for it. Raises UserError for any other missing column, and
    for a Parquet text column that holds no text. Where no file tells its columns (all empty or broken) none is missing.
    """
    source, schema = _first_schema(sources)
    existing = schema.names
    if columns.id not in existing and not id_asked:
        columns = replace(columns, id=None)
    if source and existing:
        _check_all(source, columns, existing)
        _check_text(source, columns.text, schema)
    return columns, existing


def kept_schema(sources: Sequence[Source], columns: Columns) -> pa.Schema:
    """Arrow types of the kept columns; every value of `Document.kept` fits them.

    By the first readable file: Parquet's own types (dictionaries as their values, nanoseconds as microseconds), of
    JSONL bool, int64 or float64 where the first 100 lines hold nothing else, of folder names strings, and a string for
    all else: a text as it is, other values as JSON. A later value that does not fit bool, int64 or float64 is null.
    """
    _, schema = _first_schema(sources) if columns.keep else (None, pa.schema([]))
    known = {field.name: field.type for field in schema}
    return pa.schema([(name, known.get(name, pa.string())) for name in dict.fromkeys(columns.keep)])


def _first_schema(sources: Sequence[Source]) -> tuple[Source | None, pa.Schema]:
    for source in sources:
        if (schema := _schema(source)).names:
            partitions = [(name, pa.string()) for name in source.partitions if name not in schema.names]
            return source, pa.schema(
                [*schema, *map(pa.field, *zip(*partitions, strict=True))] if partitions else schema
            )
    return None, pa.schema([])


def _schema(source: Source) -> pa.Schema:
    try:
        with source.open() as stream:
            return parquet.schema(stream) if source.format == "parquet" else jsonl.schema(stream, source.codec)
    except ExtractorError:
        raise
    except Exception:  # the reader will meet it too, and settle it as a row
        return pa.schema([])


def _check_all(source: Source, columns: Columns, existing: list[str]) -> None:
    asked = [("--id-column", columns.id), ("--text-column", columns.text), ("--mode-column", columns.mode)]
    for flag, name in [*asked, *(("--keep", name) for name in columns.keep)]:
        if name and existing.count(name) != 1:
            raise UserError(_missing(source, flag, name, existing))


def _missing(source: Source, flag: str, name: str, existing: list[str]) -> str:
    if name in existing:
        return f"{source.name} has {existing.count(name)} columns named '{name}' ({flag}): rename all but one"
    near = get_close_matches(name.lower(), {key.lower(): key for key in existing}, n=1)
    guess = next((f"; did you mean '{key}'?" for key in existing if near and key.lower() == near[0]), "")
    shown = ", ".join(existing[:30]) + (" …" if len(existing) > 30 else "")
    return f"{source.name} has no column '{name}' ({flag}); it has: {shown}{guess}"


def _check_text(source: Source, text: str, schema: pa.Schema) -> None:
    found = schema.field(text).type
    readable = {pa.string(), pa.large_string(), pa.binary(), pa.large_binary()}
    is_text = found in readable or isinstance(found, pa.FixedSizeBinaryType)
    if source.format == "parquet" and not is_text:
        raise UserError(f"column '{text}' of {source.name} holds {found}, not text: name another with --text-column")
