"""Parquet → rows: a row group at a time, in small batches, and only the columns that are asked for."""

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt

from extractor.documents.row import Row, in_short
from extractor.types import Problem

_BATCH_ROWS = 256
_BATCH_BYTES = 8 << 20
_BUFFER = 1 << 20  # bytes of a column that are read at a time
_COARSER = {pa.duration("ns"): pa.duration("us"), pa.time64("ns"): pa.time64("us")}


def rows(stream: BinaryIO, names: Sequence[str], said: Sequence[str]) -> Iterator[Row]:
    """Every row, numbered from 1, with those of `names` that the file has; strings may hold lone surrogates.

    Binary values of the columns `said` come as strings.

    A damaged row group gives the rows before the damage and one row with the problem `unreadable`.
    Raises what pyarrow raises where the file's own footer is damaged.
    """
    file = open_file(stream)
    columns = [name for name in file.schema_arrow.names if name in names]
    number = 0
    for group in range(file.num_row_groups):
        end = number + file.metadata.row_group(group).num_rows
        try:
            for values in _values(file, group, columns, said):
                number += 1
                yield Row(number, values)
        except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
            detail = f"rows {number + 1} to {end} cannot be read: {in_short(error)}"
            yield Row(number + 1, {}, problem=Problem("unreadable", detail))
        number = end


def open_file(stream: BinaryIO) -> pq.ParquetFile:
    """The file, its footer read; column pages are read as they are needed."""
    return pq.ParquetFile(stream, buffer_size=_BUFFER, page_checksum_verification=True)


def schema(stream: BinaryIO) -> pa.Schema:
    """The file's columns, of the types that `rows` gives their values."""
    return pa.schema([(field.name, plain_type(field.type)) for field in open_file(stream).schema_arrow])


def plain_type(type: pa.DataType) -> pa.DataType:
    """The nearest type whose Python values can be written again: no dictionaries, views, extensions, nanoseconds."""
    if pt.is_dictionary(type):
        return plain_type(type.value_type)
    if isinstance(type, pa.BaseExtensionType):
        return plain_type(type.storage_type)
    if pt.is_timestamp(type) and type.unit == "ns":
        return pa.timestamp("us", type.tz)  # Python's datetime has no nanoseconds
    if pt.is_string_view(type) or pt.is_null(type):
        return pa.string()
    return pa.binary() if pt.is_binary_view(type) else _COARSER.get(type, type)


def _values(file: pq.ParquetFile, group: int, columns: list[str], said: Sequence[str]) -> Iterator[dict[str, Any]]:
    meta = file.metadata.row_group(group)
    row_bytes = max(1, meta.total_byte_size // max(1, meta.num_rows))
    size = max(1, min(_BATCH_ROWS, _BATCH_BYTES // row_bytes))
    for batch in file.iter_batches(size, row_groups=[group], columns=columns):
        if not columns:
            yield from ({} for _ in range(batch.num_rows))
        lists = [_python(batch.column(name), name in said) for name in columns]
        yield from (dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True))


def _python(array: pa.Array, is_said: bool) -> list[Any]:
    """Python values; a string that is no UTF-8 comes with lone surrogates, a broken nested one as a lone surrogate."""
    wanted = plain_type(array.type)
    if array.type != wanted:
        array = array.cast(wanted, safe=False)
    is_bytes = pt.is_binary(wanted) or pt.is_large_binary(wanted) or pt.is_fixed_size_binary(wanted)
    if pt.is_string(wanted) or pt.is_large_string(wanted) or (is_said and is_bytes):
        array = array.cast(pa.large_binary())
        return [None if item is None else item.decode("utf-8", "surrogateescape") for item in array.to_pylist()]
    try:
        return list(array.to_pylist())
    except UnicodeDecodeError:
        return [_or_surrogate(item) for item in array]


def _or_surrogate(item: pa.Scalar) -> Any:
    try:
        return item.as_py()
    except UnicodeDecodeError:
        return "\udc80"
