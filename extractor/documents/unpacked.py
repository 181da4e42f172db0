"""What a row group of Parquet takes in memory: a small file may unpack to more than a machine has."""

from collections.abc import Callable, Collection, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as pt

from extractor.documents.kinds import is_said_by_bytes

Opened = Callable[[Sequence[str]], pq.ParquetFile]  # with these columns as dictionaries

_ROWS = 256
_BYTES = 8 << 20
_MOST = 64 << 20  # bytes of a batch whose values are all the largest of a dictionary
_BOMB_BYTES, _BOMB_RATIO = 512 << 20, 200  # of a column in a row group: no honest text shrinks so far


def rows_at_once(opened: Opened, meta: pq.FileMetaData, group: int, names: Collection[str]) -> int:
    """Rows of the group that are to be read at a time. ValueError where a column would unpack to far more than it is.

    What is written once, and stands in many rows, is in memory once for each row that is read.
    """
    found = meta.row_group(group)
    chunks = [chunk for chunk in map(found.column, range(found.num_columns)) if _top(chunk) in names]
    for chunk in chunks:
        packed, whole = chunk.total_compressed_size, chunk.total_uncompressed_size
        if whole > max(_BOMB_BYTES, _BOMB_RATIO * packed):
            raise ValueError(f"column '{_top(chunk)}' would grow from {packed:,} bytes to {whole:,}, and is not read")
    average = found.total_byte_size // max(1, found.num_rows)
    shared = [chunk for chunk in chunks if chunk.has_dictionary_page and chunk.total_uncompressed_size * _ROWS > _MOST]
    most = sum(_in_lists(chunk, found.num_rows) for chunk in shared if _is_nested(chunk))
    if alone := [_top(chunk) for chunk in shared if not _is_nested(chunk)]:
        most += sum(_longest(opened(alone), group, alone))
    return int(max(1, min(_ROWS, _BYTES // max(1, average), _MOST // max(1, most))))


def _top(chunk: pq.ColumnChunkMetaData) -> str:
    return str(chunk.path_in_schema).partition(".")[0]


def _is_nested(chunk: pq.ColumnChunkMetaData) -> bool:
    return "." in chunk.path_in_schema


def _in_lists(chunk: pq.ColumnChunkMetaData, rows: int) -> int:
    """Bytes of a row, if each of its values were all that the dictionary can hold."""
    return int(chunk.total_uncompressed_size * chunk.num_values // max(1, rows))


def _longest(file: pq.ParquetFile, group: int, columns: Sequence[str]) -> Iterator[int]:
    """Bytes of the longest value in each column's dictionary, which comes whole with the first row."""
    batch: pa.RecordBatch = next(file.iter_batches(1, row_groups=[group], columns=list(columns)))
    for column in batch.columns:
        if pt.is_dictionary(column.type) and is_said_by_bytes(column.type.value_type):
            yield pc.max(pc.binary_length(column.dictionary)).as_py() or 0
