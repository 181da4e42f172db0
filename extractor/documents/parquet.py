"""Parquet → rows: a row group at a time, in small batches, and only the columns that are asked for."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import repeat
from typing import Any, BinaryIO
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt

from extractor.documents.kept import carry, rows_in
from extractor.documents.kinds import is_said_by_bytes
from extractor.documents.row import Gap, Row, in_short
from extractor.documents.unpacked import rows_at_once
from extractor.types import KeptValues

_BUFFER = 1 << 20  # bytes of a column that are read at a time
_COARSER = {pa.duration("ns"): pa.duration("us"), pa.time64("ns"): pa.time64("us")}
_FAULTS = (pa.ArrowException, ValueError, OverflowError)

Given = Mapping[str, str | None]  # values of columns that a file may lack


def rows(stream: BinaryIO, said: Sequence[str], kept: pa.Schema, given: Given) -> Iterator[Row | Gap]:
    """Every row, numbered from 1: of the columns `said` those values that the file has, and the columns `kept`.

    Values that are said come as Python's own, strings and bytes as strings, which may hold lone surrogates.
    A damaged row group gives the rows before the damage, and the gap.
    Raises what pyarrow raises where the file's own footer is damaged.
    """
    names, file = {*said, *kept.names}, open_file(stream)
    uuids, number = _uuids(file), 0
    for group in range(file.num_row_groups):
        end = number + file.metadata.row_group(group).num_rows
        try:
            size = rows_at_once(partial(open_file, stream), file.metadata, group, names)
            for batch in _batches(file, group, size, names):
                pairs = zip(_said_rows(batch, said, uuids), _kept_rows(batch, kept, given), strict=True)
                for number, (values, (row, unfit)) in enumerate(pairs, number + 1):  # noqa: B020
                    yield Row(number, values, kept=row, unfit=unfit)
        except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
            yield Gap(number + 1, end - number, f"rows {number + 1} to {end} cannot be read: {in_short(error)}")
        number = end


def open_file(stream: BinaryIO, dictionaries: Sequence[str] = ()) -> pq.ParquetFile:
    """The file, its footer read; column pages are read as they are needed, those of strings as dictionaries on demand.

    Microseconds for INT96, in which Arrow would take the year 9999 for 1816 if it counted nanoseconds.
    """
    return pq.ParquetFile(
        stream,
        buffer_size=_BUFFER,
        page_checksum_verification=True,
        coerce_int96_timestamp_unit="us",
        read_dictionary=list(dictionaries),
    )


def schema(stream: BinaryIO, codec: str) -> pa.Schema:
    """The file's columns, of the types that they have there; its codecs are its own."""
    return open_file(stream).schema_arrow.remove_metadata()


def _batches(file: pq.ParquetFile, group: int, size: int, names: set[str]) -> Iterator[pa.RecordBatch]:
    columns = [name for name in file.schema_arrow.names if name in names]
    yield from file.iter_batches(size, row_groups=[group], columns=columns)


def _uuids(file: pq.ParquetFile) -> set[str]:
    """Columns of UUIDs, which an older pyarrow takes for mere bytes."""
    columns = map(file.schema.column, range(len(file.schema)))
    return {column.path for column in columns if column.logical_type.type == "UUID"}


def _said_rows(batch: pa.RecordBatch, said: Sequence[str], uuids: set[str]) -> Iterator[dict[str, Any]]:
    columns = [name for name in batch.schema.names if name in said]
    if not columns:
        return ({} for _ in range(batch.num_rows))
    lists = [_uuid_texts(batch.column(name)) if name in uuids else _python(batch.column(name)) for name in columns]
    return (dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True))


def _kept_rows(batch: pa.RecordBatch, kept: pa.Schema, given: Given) -> Iterator[tuple[KeptValues, tuple[str, ...]]]:
    if not kept.names:
        return repeat(({}, ()), batch.num_rows)
    carried, unfit = carry(batch, kept, given)
    return zip(rows_in(carried), (unfit.get(row, ()) for row in range(batch.num_rows)), strict=True)


def _uuid_texts(array: pa.Array) -> list[str | None]:
    items = (array.storage if isinstance(array, pa.ExtensionArray) else array).to_pylist()
    return [None if item is None else str(UUID(bytes=item)) for item in items]


def _python(array: pa.Array) -> list[Any]:
    """Python values; a string that is no UTF-8 comes with lone surrogates."""
    array = array.dictionary_decode() if pt.is_dictionary(array.type) else array
    array = array.storage if isinstance(array, pa.ExtensionArray) else array
    if is_said_by_bytes(array.type):
        items = array.cast(pa.large_binary()).to_pylist()
        return [None if item is None else item.decode("utf-8", "surrogateescape") for item in items]
    try:
        return list(_coarse(array).to_pylist())
    except _FAULTS:  # a date that Python has not, a zone that nobody knows
        return [_item(array.slice(row, 1)) for row in range(len(array))]


def _coarse(array: pa.Array) -> pa.Array:
    """In microseconds, as Python counts; ArrowInvalid where nanoseconds would be lost."""
    if pt.is_timestamp(array.type) and array.type.unit == "ns":
        return array.cast(pa.timestamp("us", array.type.tz))
    return array.cast(_COARSER.get(array.type, array.type))


def _item(one: pa.Array) -> Any:
    try:
        return _coarse(one)[0].as_py()
    except _FAULTS:
        return _as_arrow_writes_it(one)


def _as_arrow_writes_it(one: pa.Array) -> Any:
    if pt.is_timestamp(one.type) and one.type.tz:
        one = one.cast(pa.timestamp(one.type.unit, "UTC"))
    try:
        return one.cast(pa.string())[0].as_py()
    except _FAULTS:
        return None
