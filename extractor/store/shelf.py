"""The output folder: parts of six tables that appear whole, and go whole."""

import os
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from extractor.store.fault import crash_point
from extractor.store.journal import Journal, Move, sync
from extractor.store.tables import SCHEMAS, TABLES, Row


class Shelf:
    """One output folder; `kept` are the source columns that its documents carry besides our own."""

    def __init__(self, folder: Path, kept: pa.Schema | None = None) -> None:
        self.folder = folder
        self._journal = Journal(folder)
        self._schemas = {**SCHEMAS, "documents": _with_kept(SCHEMAS["documents"], kept)}

    def recover(self) -> None:
        """Rolls a commit that a crash cut short forward; call it once, with the lock held."""
        self._journal.recover()

    def count(self) -> int:
        """Documents in all committed parts."""
        return self.sizes()["documents"]

    def sizes(self) -> dict[str, int]:
        """Rows in all committed parts, by table."""
        parts = self.parts()
        return {t: sum(pq.read_metadata(self.folder / t / part).num_rows for part in parts) for t in TABLES}

    def parts(self) -> list[str]:
        """File names of the committed parts, oldest first."""
        return sorted(path.name for path in (self.folder / "documents").glob("part-*.parquet"))

    def add(
        self, rows: Mapping[str, Sequence[Row]], superseded: Mapping[str, set[str]], waiting: Sequence[Row] = ()
    ) -> str:
        """Commits rows of all tables as one part and gives its name; in the same stroke, the rows of documents done
        again (part name → their ids) leave the parts where they were, and `waiting` replaces what waited."""
        part = _part_name()
        new = [self._stage(f"{t}/{part}", pa.Table.from_pylist(list(rows[t]), self._schemas[t])) for t in TABLES]
        old = [move for name, ids in superseded.items() for move in self._without(name, ids)]
        later = self._stage("waiting.parquet", pa.Table.from_pylist(list(waiting), SCHEMAS["completions"]))
        self._journal.commit([*sorted(old, key=_documents_first), *new, later])
        return part

    def merge(self, parts: Sequence[str]) -> str:
        """Commits one part that holds the rows of these, which go; gives its name."""
        merged = _part_name()
        new = [self._stage_merged(table, merged, parts) for table in TABLES]
        old = [Move(f"{table}/{part}") for part in parts for table in TABLES]
        self._journal.commit([*sorted(old, key=_documents_first), *new])
        return merged

    def read(self, table: str, columns: list[str] | None = None) -> Iterable[tuple[str, pa.Table]]:
        """Each part's name with its rows of this table."""
        for part in self.parts():
            yield part, pq.read_table(self.folder / table / part, columns=columns)

    def _stage(self, target: str, rows: pa.Table) -> Move:
        staged = self._journal.staging / target
        staged.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(rows, staged, compression="zstd")
        sync(staged)
        crash_point("stage")
        return Move(target, str(staged.relative_to(self.folder)))

    def _stage_merged(self, table: str, merged: str, parts: Sequence[str]) -> Move:
        staged = self._journal.staging / table / merged
        staged.parent.mkdir(parents=True, exist_ok=True)
        files = [pq.ParquetFile(self.folder / table / part) for part in parts]
        schema = pa.unify_schemas([file.schema_arrow for file in files])
        with pq.ParquetWriter(staged, schema, compression="zstd") as writer:
            for file in files:
                writer.write_table(_as(file.read(), schema))
        sync(staged)
        crash_point("stage")
        return Move(f"{table}/{merged}", str(staged.relative_to(self.folder)))

    def _without(self, part: str, ids: set[str]) -> list[Move]:
        gone = pa.array(ids, pa.string())
        tables = {name: pq.read_table(self.folder / name / part) for name in TABLES}
        left = {name: rows.filter(pc.invert(pc.is_in(rows["doc_id"], gone))) for name, rows in tables.items()}
        if not left["documents"].num_rows:  # then no other table has rows left either
            return [Move(f"{name}/{part}") for name in TABLES]
        return [self._stage(f"{name}/{part}", rows) for name, rows in left.items()]


def _part_name() -> str:
    return f"part-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{secrets.token_hex(4)}.parquet"


def _documents_first(move: Move) -> bool:
    return not move.target.startswith("documents" + os.sep)


def _with_kept(schema: pa.Schema, kept: pa.Schema | None) -> pa.Schema:
    for field in kept or ():
        schema = schema.append(field.with_nullable(True))
    return schema


def _as(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    for field in schema:
        if field.name not in rows.column_names:
            rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    return rows.select(schema.names).cast(schema)
