"""The output folder: parts of several tables that appear whole, and go whole."""

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from extractor.documents.kept import conform, kept_table
from extractor.documents.kinds import agreed, carried
from extractor.errors import ExtractorError, UserError
from extractor.store.attempts import FILE, OLD_FILE
from extractor.store.attempts import SCHEMA as ATTEMPTS
from extractor.store.journal import Journal, Move, sync
from extractor.store.tables import ALWAYS, SCHEMAS, TABLES, Row
from extractor.system.crash import crash_point

BATCH = 1 << 16  # rows held at once


class Shelf:
    """One output folder; `kept` are the source columns that its documents carry besides our own.

    A part has a file of a table where it has rows of it, and of those in `always` and of `fed` without any; a part
    without a table's file has no rows of it.
    """

    def __init__(self, folder: Path, kept: pa.Schema | None = None, fed: Collection[str] = ()) -> None:
        self.folder, self._always = folder, {*ALWAYS, *fed}
        for table in TABLES:
            if (folder / table).is_symlink():
                raise UserError(f"{folder / table} is a link; nothing is written through links: give the true folder")
        self._journal = Journal(folder)
        self._kept = kept or pa.schema([])

    def recover(self) -> None:
        """Rolls a commit that a crash cut short forward; call it once, with the lock held."""
        self._journal.recover()

    def count(self) -> int:
        """Documents in all committed parts."""
        return sum(map(self.documents_in, self.parts()))

    def sizes(self) -> dict[str, int]:
        """Rows in all committed parts, by table."""
        parts = self.parts()
        return {table: sum(self._rows_in(table, part) for part in parts) for table in TABLES}

    def parts(self) -> list[str]:
        """File names of the committed parts, oldest first as far as the clock was right."""
        return sorted(path.name for path in (self.folder / "documents").glob("part-*.parquet"))

    def documents_in(self, part: str) -> int:
        """Documents in one part."""
        return self._rows_in("documents", part)

    def read(self, table: str, columns: list[str] | None = None) -> Iterator[tuple[str, pa.Table]]:
        """Rows of this table, a few at a time, each time with the name of the part they lie in."""
        for part in self.parts():
            try:
                if self._has(table, part):
                    for batch in self._open(table, part).iter_batches(BATCH, columns=columns):
                        yield part, pa.Table.from_batches([batch])
            except (pa.ArrowInvalid, FileNotFoundError) as error:
                cure = f"bring it back, or remove {part} from all folders there and run again"
                said = str(error).splitlines()[0]
                raise UserError(f"{self.folder / table / part} cannot be read ({said}); {cure}") from None

    def add(
        self, rows: Mapping[str, Sequence[Row]], superseded: Mapping[str, set[str]], attempts: Sequence[Row] | None
    ) -> str:
        """Commits rows of all tables as one part and gives its name; in the same stroke, the rows of documents done
        again (part name → their ids) leave the parts where they were, and `attempts`, if any, replace those kept."""
        part = _part_name()
        written = [table for table in TABLES if rows[table] or table in self._always]
        new = [self._stage(f"{table}/{part}", self._table(table, rows[table])) for table in written]
        old = [move for name, ids in superseded.items() for move in self._without(name, ids)]
        kept = [] if attempts is None else self._stage_attempts(attempts)
        self._journal.commit([*sorted(old, key=_documents_first), *new, *kept])
        return part

    def keep(self, attempts: Sequence[Row]) -> None:
        """Replaces what came back for unsettled documents."""
        self._journal.commit(self._stage_attempts(attempts))

    def merge(self, parts: Sequence[str]) -> str:
        """Commits one part that holds the rows of these, in their order; they go. Gives its name."""
        merged = _part_name(parts[0].split("-")[1])
        having = {table: [part for part in parts if self._has(table, part)] for table in TABLES}
        new = [self._stage_merged(table, merged, having[table]) for table in TABLES if having[table]]
        old = [Move(f"{table}/{part}") for table in TABLES for part in having[table]]
        self._journal.commit([*sorted(old, key=_documents_first), *new])
        return merged

    def _table(self, name: str, rows: Sequence[Row]) -> pa.Table:
        table = pa.Table.from_pylist(list(rows), SCHEMAS[name])
        if name != "documents" or not self._kept.names:
            return table
        kept = kept_table([row["kept"] for row in rows], self._kept)
        return pa.table([*table.columns, *kept.columns], schema=pa.schema([*table.schema, *kept.schema]))

    def _open(self, table: str, part: str) -> pq.ParquetFile:
        return pq.ParquetFile(self.folder / table / part)

    def _has(self, table: str, part: str) -> bool:
        return (self.folder / table / part).exists()

    def _rows_in(self, table: str, part: str) -> int:
        return int(pq.read_metadata(self.folder / table / part).num_rows) if self._has(table, part) else 0

    def _stage_attempts(self, rows: Sequence[Row]) -> list[Move]:
        return [self._stage(FILE, pa.Table.from_pylist(list(rows), ATTEMPTS)), Move(OLD_FILE)]

    def _stage(self, target: str, rows: pa.Table) -> Move:
        pq.write_table(rows, self._aside(target), compression="zstd")
        return self._staged(target)

    def _aside(self, target: str) -> Path:
        """Where the file is written before it comes to `target`; one flat folder, which is one fsync."""
        self._journal.staging.mkdir(exist_ok=True)
        return self._journal.staging / target.replace("/", ".")

    def _staged(self, target: str) -> Move:
        sync(staged := self._aside(target))
        crash_point("stage")
        return Move(target, str(staged.relative_to(self.folder)))

    def _stage_merged(self, table: str, merged: str, parts: Sequence[str]) -> Move:
        staged = self._aside(f"{table}/{merged}")
        schema = _in_common([self._open(table, part).schema_arrow for part in parts])
        with pq.ParquetWriter(staged, schema, compression="zstd") as writer:
            for rows in _gathered(self._open(table, part) for part in parts):
                writer.write_table(pa.concat_tables([_as(piece, schema) for piece in rows]).combine_chunks())
        if pq.read_metadata(staged).num_rows != sum(self._rows_in(table, part) for part in parts):
            raise ExtractorError(f"{staged} does not hold the rows of its parts: a fault of ours, nothing was changed")
        return self._staged(f"{table}/{merged}")

    def _without(self, part: str, ids: set[str]) -> list[Move]:
        gone = pa.array(ids, pa.string())
        tables = {name: self._open(name, part).read() for name in TABLES if self._has(name, part)}
        left = {name: rows.filter(pc.invert(pc.is_in(rows["doc_id"], gone))) for name, rows in tables.items()}
        if not left["documents"].num_rows:  # then no other table has rows left either
            return [Move(f"{name}/{part}") for name in tables]
        changed = [name for name in tables if left[name].num_rows < tables[name].num_rows]
        return [self._stage(f"{name}/{part}", left[name]) for name in changed]


def _part_name(stamp: str = "") -> str:
    """Unique whatever the clock says; names sort by age as far as it is right."""
    return f"part-{stamp or datetime.now(UTC).strftime('%Y%m%dT%H%M%S%f')}-{secrets.token_hex(4)}.parquet"


def _documents_first(move: Move) -> bool:
    return not move.target.startswith("documents/")


def _gathered(files: Iterator[pq.ParquetFile]) -> Iterator[list[pa.Table]]:
    """Rows of these files in pieces of about BATCH / 4 rows: row groups worth reading, little memory."""
    held: list[pa.Table] = []
    for file in files:
        for batch in file.iter_batches(BATCH // 4):
            held.append(pa.Table.from_batches([batch]))
            if sum(piece.num_rows for piece in held) >= BATCH // 4:
                yield held
                held = []
    if held:
        yield held


def _in_common(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """All columns, those of the newest part last, of types that take the values of all parts."""
    fields: dict[str, list[pa.Field]] = {}
    for field in (field for schema in schemas for field in schema):
        fields.setdefault(field.name, []).append(field)
    return pa.schema([found[0].with_type(agreed(field.type for field in found)) for found in fields.values()])


def _as(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    return pa.table([_column(rows, field) for field in schema], schema=schema)


def _column(rows: pa.Table, field: pa.Field) -> pa.ChunkedArray | pa.Array:
    if field.name not in rows.column_names:
        return pa.nulls(rows.num_rows, field.type)
    chunks = [conform(chunk, carried(field.type))[0] for chunk in rows[field.name].chunks]
    return pa.chunked_array(chunks, carried(field.type)).cast(field.type)
