"""The documents that are measured: the first good ones of an input, as Parquet, and the job over them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from extractor.documents import Columns, check_columns, kept_schema, located, read
from extractor.errors import UserError
from extractor.jobs.prepare import Prepared
from extractor.types import Document


@dataclass(frozen=True, slots=True)
class Chosen:
    """Documents of a job, and the job over them alone."""

    documents: list[Document]
    prepared: Prepared


def sample(prepared: Prepared, count: int, folder: Path) -> Chosen:
    """The first documents of the job that can be asked about, `count` or fewer, written to FOLDER/in.parquet.

    Kept columns are left out. UserError where there is none.
    """
    wanted = (document for document in read(prepared.sources, prepared.columns) if not document.problem)
    documents = list(islice(wanted, count))
    if not documents:
        raise UserError("INPUT holds no document that can be asked about; give some")
    file = folder / "in.parquet"
    _write(file, documents, prepared.columns, prepared.job.id_column)
    return _over(prepared, file)


def into(prepared: Prepared, out: Path) -> Prepared:
    """The same job with another output."""
    return replace(prepared, job=prepared.job.model_copy(update={"out": out}))


def _write(file: Path, documents: Sequence[Document], columns: Columns, id_column: str) -> None:
    values: dict[str, list[str | None]] = {columns.text: [document.text for document in documents]}
    values[columns.id or id_column] = [document.id for document in documents]
    if columns.mode:
        values[columns.mode] = [document.mode for document in documents]
    pq.write_table(pa.table({name: pa.array(column, pa.string()) for name, column in values.items()}), file)


def _over(prepared: Prepared, file: Path) -> Chosen:
    sources, _ = located([str(file)])
    ours = Columns(prepared.job.id_column, prepared.columns.text, (), prepared.columns.mode)
    columns, existing = check_columns(sources, ours)
    columns = replace(columns, types=kept_schema(sources, columns))
    job = prepared.job.model_copy(update={"inputs": [str(file)], "keep": [], "limit": None})
    over = replace(prepared, job=job, sources=sources, columns=columns, existing=existing, left_out=[])
    return Chosen(list(read(sources, columns)), over)
