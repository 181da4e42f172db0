"""The output folder: parts of several tables that appear whole, and go whole."""

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from extractor.documents.kept import conform, kept_table
from extractor.documents.kinds import agreed, carried
from extractor.errors import ExtractorError, Locked, UserError
from extractor.store.attempts import FILE, OLD_FILE
from extractor.store.attempts import SCHEMA as ATTEMPTS
from extractor.store.journal import STAGING, Change, Fence, Journal, Move, pending_moves
from extractor.store.lock import locked
from extractor.store.manifest import Manifest
from extractor.store.parts import BATCH, MANIFEST, Parts, parts_of
from extractor.store.seal import Seal, moment, seal_of, written_of
from extractor.store.shards import shards_in
from extractor.store.tables import ALWAYS, SCHEMAS, TABLES, Row

Sieve = Callable[[str, pa.Table], pa.Table]  # the name of a table, and its rows in one part → those that stay


@dataclass(frozen=True, slots=True)
class Beside:
    """What is replaced in the same stroke as rows; None is left as it is."""

    attempts: Sequence[Row] | None = None
    manifest: str | None = None


class Shelf:
    """One output folder; `kept` are the source columns that its documents carry besides our own.

    A part has a file of a table where it has rows of it, and of those in `always` and of `fed` without any; a part
    without a table's file has no rows of it. `fence` holds while something is written.
    """

    def __init__(
        self, folder: Path, kept: pa.Schema | None = None, fed: Collection[str] = (), fence: Fence = nullcontext
    ) -> None:
        self.folder, self._always = folder, {*ALWAYS, *fed}
        for name in (*TABLES, STAGING):
            if (folder / name).is_symlink():
                raise UserError(f"{folder / name} is a link; nothing is written through links: give the true folder")
        if (folder / STAGING).exists() and not (folder / STAGING).is_dir():
            raise UserError(f"{folder / STAGING} is no folder, and none of ours: move it away")
        self._journal = Journal(folder, fence)
        self._kept = kept or pa.schema([])

    def recover(self, skip_live: bool = False) -> None:
        """Rolls a commit that a crash cut short forward, and takes in what shards have settled; call it once, with the
        lock held. Locked where a shard is under way; with `skip_live` that one is left as it is."""
        self._journal.recover()
        for _, place in shards_in(self.folder):
            with suppress(Locked) if skip_live else nullcontext(), locked(place) as lease:
                self._take_in(Shelf(place, fence=lease.writing))

    @property
    def is_committing(self) -> bool:
        """Whether a commit has begun that could not be brought to its end; a later one will."""
        return bool(pending_moves(self.folder))

    def now(self) -> Parts:
        """Its files as of this moment."""
        return parts_of(self.folder)

    def count(self) -> int:
        """Documents in all committed parts."""
        return self.now().count()

    def parts(self) -> list[str]:
        """File names of the committed parts, oldest first as far as the clock was right."""
        return self.now().names

    def documents_in(self, part: str) -> int:
        """Documents in one part."""
        return self.now().rows_in("documents", part)

    def read(self, table: str, columns: list[str] | None = None) -> Iterator[tuple[str, pa.Table]]:
        """Rows of this table, a few at a time, each time with the name of the part they lie in."""
        return self.now().read(table, columns)

    def add(self, rows: Mapping[str, Sequence[Row]], superseded: Mapping[str, Collection[str]], beside: Beside) -> str:
        """Commits rows of all tables as one part and gives its name; in the same stroke, the rows of documents done
        again (part name → their ids) leave the parts where they were, and what lies `beside` is replaced."""
        part = _part_name()
        written = [table for table in TABLES if rows[table] or table in self._always]
        with self._journal.change(_old_first(part)) as change:
            self._take_out(change, superseded)
            new = {table: self._table(table, rows[table]) for table in written}
            _write_part(change, part, new, {table: len(rows[table]) for table in TABLES}, moment())
            _put_beside(change, beside)
        return part

    def remove(self, ids: Mapping[str, Collection[str]], beside: Beside) -> None:
        """Commits that all rows of these documents (part name → their ids) leave their parts."""
        with self._journal.change(_old_first()) as change:
            self._take_out(change, ids)
            _put_beside(change, beside)

    def keep(self, beside: Beside) -> None:
        """Replaces what lies beside the parts."""
        with self._journal.change() as change:
            _put_beside(change, beside)

    def sift(self, part: str, sieve: Sieve) -> None:
        """Commits that of one part those rows stay that `sieve` leaves."""
        with self._journal.change(_old_first()) as change:
            _sift(change, self.now(), part, sieve)

    def drop(self, part: str) -> None:
        """Commits that all files of a part go."""
        now = self.now()
        with self._journal.change(_old_first()) as change:
            for table in TABLES:
                if now.has(table, part):
                    change.drop(f"{table}/{part}")

    def merge(self, parts: Sequence[str]) -> str:
        """Commits one part that holds the rows of these, in their order; they go. Gives its name."""
        merged, now = _part_name(parts[0].split("-")[1]), self.now()
        rows = {table: sum(now.rows_in(table, part) for part in parts) for table in TABLES}
        with self._journal.change(_old_first(merged)) as change:
            for table in TABLES:
                having = [part for part in parts if now.has(table, part)]
                for part in having:
                    change.drop(f"{table}/{part}")
                if having:
                    schema = _in_common([now.open(table, part).schema_arrow for part in having])
                    schema = Seal(rows, moment()).on(schema) if table == "documents" else schema
                    with change.put(f"{table}/{merged}") as staged:
                        _write_merged(staged, schema, [now.open(table, part) for part in having], rows[table])
        return merged

    def _take_out(self, change: Change, ids: Mapping[str, Collection[str]]) -> None:
        """Stages that all rows of these documents (part name → their ids) leave their parts."""
        if ids:
            now = self.now()  # which looks at every file
            for part, gone in ids.items():
                _sift(change, now, part, without(gone))

    def _take_in(self, shard: "Shelf") -> None:
        """Commits that all rows of a shard are in this output's own parts."""
        shard.recover()
        now, manifest, its = shard.now(), Manifest.load(self.folder), Manifest.load(shard.folder)
        if not now.names:
            return
        documents = (manifest.documents or 0) + now.count()
        with self._journal.change(_old_first()) as change:
            for table, files in now.files.items():
                for part, file in files.items():
                    change.take(f"{table}/{part}", file)
            _put_beside(change, Beside(manifest=manifest.text({"documents": documents})))
            with change.put(str((shard.folder / MANIFEST).relative_to(self.folder))) as staged:
                staged.write_text(its.text({"documents": 0}), encoding="utf-8")

    def _table(self, name: str, rows: Sequence[Row]) -> pa.Table:
        table = pa.Table.from_pylist(list(rows), SCHEMAS[name])
        if name != "documents" or not self._kept.names:
            return table
        kept = kept_table([row["kept"] for row in rows], self._kept)
        return pa.table([*table.columns, *kept.columns], schema=pa.schema([*table.schema, *kept.schema]))


def _part_name(stamp: str = "") -> str:
    """Unique whatever the clock says; names sort by age as far as it is right."""
    return f"part-{stamp or moment()}-{secrets.token_hex(4)}.parquet"


def _old_first(new: str = "") -> Callable[[Move], tuple[bool, bool]]:
    """The order in which nobody finds a document twice: old parts, their documents first; then the `new` one."""

    def place(move: Move) -> tuple[bool, bool]:
        table, _, part = move.target.rpartition("/")
        is_old = bool(table) and part != new
        return not is_old, is_old and table != "documents"

    return place


def _write_part(
    change: Change, part: str, tables: Mapping[str, pa.Table], all_rows: Mapping[str, int], written: str
) -> None:
    """Stages these tables of a part that has so many rows of each table."""
    for table, rows in tables.items():
        if table == "documents":
            rows = rows.replace_schema_metadata(Seal(all_rows, written).on(rows.schema).metadata)
        with change.put(f"{table}/{part}") as staged:
            pq.write_table(rows, staged, compression="zstd")


def _write_merged(staged: Path, schema: pa.Schema, files: Sequence[pq.ParquetFile], expected: int) -> None:
    with pq.ParquetWriter(staged, schema, compression="zstd") as writer:
        for rows in _gathered(files):
            writer.write_table(pa.concat_tables([_as(piece, schema) for piece in rows]).combine_chunks())
    if pq.read_metadata(staged).num_rows != expected:
        raise ExtractorError(f"{staged} does not hold the rows of its parts: a fault of ours, nothing was changed")


def _put_beside(change: Change, beside: Beside) -> None:
    if beside.attempts is not None:
        with change.put(FILE) as staged:
            pq.write_table(pa.Table.from_pylist(list(beside.attempts), ATTEMPTS), staged, compression="zstd")
        change.drop(OLD_FILE)
    if beside.manifest is not None:
        with change.put(MANIFEST) as staged:
            staged.write_text(beside.manifest, encoding="utf-8")


def _sift(change: Change, now: Parts, part: str, sieve: Sieve) -> None:
    """Stages what the sieve leaves of a part: its documents, which tell of the others, and what has fewer rows."""
    tables = {name: now.whole(name, part) for name in TABLES if now.has(name, part)}
    left = {name: sieve(name, rows) for name, rows in tables.items()}
    if not left["documents"].num_rows:  # then no other table has rows left either
        for name in tables:
            change.drop(f"{name}/{part}")
        return
    changed = {n: rows for n, rows in left.items() if n == "documents" or rows.num_rows < tables[n].num_rows}
    written = written_of(part, seal_of(tables["documents"].schema))
    _write_part(change, part, changed, {name: rows.num_rows for name, rows in left.items()}, written)


def without(ids: Collection[str]) -> Sieve:
    """Leaves the rows of other documents than these."""
    gone = pa.array(ids, pa.string())
    return lambda table, rows: rows.filter(pc.invert(pc.is_in(rows["doc_id"], gone)))


def _gathered(files: Iterable[pq.ParquetFile]) -> Iterator[list[pa.Table]]:
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
