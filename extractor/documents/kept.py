"""KeptValues columns: Arrow values from the files to the output, a column at a time; no value can break a row."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from extractor.documents.kinds import carried, is_text
from extractor.types import KeptRow, KeptValues

_PIECE = 64 << 10  # bytes of a batch that a document may hold on to for the sake of its one row
_FAULTS = (pa.ArrowException, ValueError, TypeError, OverflowError)

Unfit = Mapping[int, tuple[str, ...]]  # rows of a batch → columns whose value does not fit


def carry(batch: pa.RecordBatch, wanted: pa.Schema, given: Mapping[str, str | None]) -> tuple[pa.RecordBatch, Unfit]:
    """The batch with these columns, as they are carried; one that it lacks has the value `given`, else nulls."""
    columns, unfit = [], dict[int, tuple[str, ...]]()
    for field in wanted:
        kind = carried(field.type)
        array, faults = conform(_column(batch, field.name, given), kind)
        columns.append(array)
        for row in faults:
            unfit[row] = (*unfit.get(row, ()), field.name)
    return pa.RecordBatch.from_arrays(columns, schema=_carried(wanted)), unfit


def rows_in(batch: pa.RecordBatch) -> Iterator[KeptRow]:
    """Each row; of a batch with much in it, as a row of a small copy, so that one row never holds on to many."""
    pieces = -(-batch.nbytes // _PIECE)
    size = max(1, batch.num_rows // max(1, pieces))
    for start in range(0, batch.num_rows, size):
        piece = batch if pieces <= 1 else _copied(batch.slice(start, size))
        yield from (KeptRow(piece, row) for row in range(piece.num_rows))


def kept_table(kept: Sequence[KeptValues], schema: pa.Schema) -> pa.Table:
    """The kept columns of so many documents, of the types that are stored."""
    wanted = _carried(schema)
    pieces = [_table(list(run), wanted) for _, run in groupby(kept, type)]
    return pa.concat_tables([wanted.empty_table(), *pieces]).combine_chunks().cast(schema)


def conform(array: pa.Array, kind: pa.DataType) -> tuple[pa.Array, list[int]]:
    """The values in that type, and the rows whose value does not fit it, or is none at all: they are null."""
    try:
        return _as(array, kind), []
    except _FAULTS:
        return _one_by_one(array, kind)


def _table(kept: list[KeptValues], wanted: pa.Schema) -> pa.Table:
    slices = [one.batch.slice(one.row, 1) for one in kept if isinstance(one, KeptRow)]
    return pa.Table.from_batches(slices, wanted) if slices else pa.Table.from_pylist(kept, wanted)


def _carried(schema: pa.Schema) -> pa.Schema:
    return pa.schema([(field.name, carried(field.type)) for field in schema])


def _column(batch: pa.RecordBatch, name: str, given: Mapping[str, str | None]) -> pa.Array:
    if name in batch.schema.names:
        return batch.column(name)
    value = given.get(name)
    return pa.nulls(batch.num_rows) if value is None else pa.repeat(value, batch.num_rows)


def _copied(batch: pa.RecordBatch) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.concat_arrays([column]) for column in batch.columns], schema=batch.schema)


def _one_by_one(array: pa.Array, kind: pa.DataType) -> tuple[pa.Array, list[int]]:
    values, faults = [], []
    for row in range(len(array)):
        try:
            alone = pa.concat_arrays([array.slice(row, 1)])  # a slice of lists would be judged by all their items
            values.append(_as(alone, kind))
        except _FAULTS:
            values.append(pa.nulls(1, kind))
            faults.append(row)
    return pa.concat_arrays(values), faults


def _as(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if array.type != kind:
        array = _texts(array) if is_text(kind) and not is_text(carried(array.type)) else array
        array = array.cast(kind)
    array.validate(full=True)  # what a file calls a string may be none
    return array


def _texts(array: pa.Array) -> pa.Array:
    """Plain values as Arrow writes them, all else as JSON."""
    if pt.is_timestamp(array.type) and array.type.tz:
        array = array.cast(pa.timestamp(array.type.unit, "UTC"))  # its own zone may be one that nobody knows
    if pt.is_nested(array.type) or isinstance(array.type, pa.BaseExtensionType):
        return pa.array([_text(value) for value in array.to_pylist()], pa.string())
    return array.cast(pa.string())


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)
