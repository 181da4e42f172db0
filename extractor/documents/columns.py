"""Which columns are read: what a person named, beside what the files have."""

import io
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from extractor.documents import jsonl, parquet
from extractor.documents.kinds import agreed, is_said_by_bytes, plain
from extractor.documents.source import Source
from extractor.errors import ExtractorError, UserError, did_you_mean

_AT_ONCE = 16  # files whose columns are asked for


@dataclass(frozen=True, slots=True)
class Columns:
    """The source columns of a job. Without an id column, ids are content hashes."""

    id: str | None
    text: str
    keep: tuple[str, ...] = ()
    mode: str | None = None
    types: pa.Schema | None = None  # of the kept columns, where all files were asked already

    @property
    def said(self) -> list[str]:
        """Those whose values are read as strings, each once."""
        return [name for name in dict.fromkeys((self.id, self.text, self.mode)) if name]


def check_columns(sources: Sequence[Source], columns: Columns, id_asked: bool = False) -> tuple[Columns, list[str]]:
    """The columns to read, and all that exist, by the first readable file (of JSONL, its first 100 lines).

    Raises UserError for a local file that is no JSON lines though it is called so.

    `id` becomes None where it is missing and nobody asked for it. Raises UserError for any other missing column, and
    for a Parquet text column that holds no text. Where no file tells its columns (all empty or broken) none is missing.
    """
    _check_shapes(sources)
    source, schema = _first_schema(sources)
    existing = schema.names
    if columns.id not in existing and not id_asked:
        columns = replace(columns, id=None)
    if source and existing:
        _check_all(source, columns, existing)
        _check_text(source, columns.text, schema)
    return columns, existing


def kept_schema(sources: Sequence[Source], columns: Columns) -> pa.Schema:
    """Arrow types of the kept columns, in which all files agree (see `kinds.agreed`): those of Parquet as they are.

    Of JSONL bool, int64 or float64 where the first 100 lines of all files hold nothing else, of folder names strings,
    and a string for all else: a text as it is, other values as JSON. A value that does not fit is null.
    """
    if columns.types is not None or not columns.keep:
        return columns.types or pa.schema([])
    found: dict[str, list[pa.DataType]] = {name: [] for name in columns.keep}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for schema in pool.map(_schema_or_none, sources):
            for field in schema:
                if field.name in found:
                    found[field.name].append(field.type)
    return pa.schema([(name, agreed(kinds)) for name, kinds in found.items()])


def _first_schema(sources: Sequence[Source]) -> tuple[Source | None, pa.Schema]:
    for source in sources:
        if (schema := _schema(source)).names:
            return source, schema
    return None, pa.schema([])


def _check_shapes(sources: Sequence[Source]) -> None:
    for source in sources:
        if source.is_local and source.format == "jsonl":
            _looked(source, jsonl.check_shape)


def _schema(source: Source) -> pa.Schema:
    """The file's columns and those of its folders' names; none where it cannot be read."""
    found = _looked(source, parquet.schema if source.format == "parquet" else jsonl.schema) or pa.schema([])
    partitions = [(name, pa.string()) for name in source.partitions if name not in found.names]
    return pa.schema([*found, *map(pa.field, *zip(*partitions, strict=True))]) if found.names and partitions else found


def _schema_or_none(source: Source) -> pa.Schema:
    try:
        return _schema(source)
    except UserError:  # the reader will meet it too, and the next file may be well
        return pa.schema([])


def _looked(source: Source, at: Callable[[io.BufferedReader, str], Any]) -> Any:
    try:
        with source.look() as stream:
            return at(stream, source.codec)
    except jsonl.Misshapen as error:
        raise UserError(f"{source.name} {error}") from None
    except ExtractorError:
        raise
    except Exception:  # the reader will meet it too
        return None


def _check_all(source: Source, columns: Columns, existing: list[str]) -> None:
    asked = [("--id-column", columns.id), ("--text-column", columns.text), ("--mode-column", columns.mode)]
    for flag, name in [*asked, *(("--keep", name) for name in columns.keep)]:
        if name and existing.count(name) != 1:
            raise UserError(_missing(source, flag, name, existing))


def _missing(source: Source, flag: str, name: str, existing: list[str]) -> str:
    if name in existing:
        return f"{source.name} has {existing.count(name)} columns named '{name}' ({flag}): rename all but one"
    shown = ", ".join(existing[:30]) + (" …" if len(existing) > 30 else "")
    return f"{source.name} has no column '{name}' ({flag}); it has: {shown}{did_you_mean(name, existing)}"


def _check_text(source: Source, text: str, schema: pa.Schema) -> None:
    found = schema.field(text).type
    if source.format == "parquet" and not is_said_by_bytes(plain(found)):
        raise UserError(f"column '{text}' of {source.name} holds {found}, not text: name another with --text-column")
