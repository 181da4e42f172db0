"""Which files make up an output as of one moment, and their rows: also while a commit moves them, or died there."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from extractor.errors import UserError
from extractor.store.journal import Move, pending_moves, within
from extractor.store.shards import shards_in, united
from extractor.store.tables import SCHEMAS, TABLES

BATCH = 1 << 16  # rows held at once
PATIENCE = 20.0  # seconds that a reader tries again while files move
MANIFEST = "manifest.json"
_MOVING = "{}: a commit is under way, its files are moving (by run, retry or compact); ask again later"

Stamps = Mapping[Path, tuple[int, int, int] | None]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Parts:
    """The files of an output folder and of its shards, by table and part, as they were at one moment.

    A file that a commit has named but not moved yet lies in the staging folder; it is read there. A part without a
    table's file has no rows of it.
    """

    folder: Path
    files: Mapping[str, Mapping[str, Path]]  # table → part → file
    manifest: bytes | None  # what it held, as if it had the shards' rows; None where there is none
    stamps: Stamps
    counted: dict[Path, int] = field(default_factory=dict, compare=False)  # rows of files that were looked into

    @property
    def names(self) -> list[str]:
        """The parts that hold documents, oldest first as far as the clock was right."""
        return sorted(self.files["documents"])

    def of(self, table: str) -> list[Path]:
        """The files of a table, in the order of the parts that hold documents."""
        return [self.files[table][part] for part in self.names if part in self.files[table]]

    def has(self, table: str, part: str) -> bool:
        """Whether the part has a file of the table."""
        return part in self.files[table]

    def open(self, table: str, part: str) -> pq.ParquetFile:
        """The part's file of the table. UserError where it is not readable."""
        try:
            file = pq.ParquetFile(self.files[table][part])
            self.counted[self.files[table][part]] = int(file.metadata.num_rows)
            return file
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._unreadable(table, part, error) from None

    def whole(self, table: str, part: str) -> pa.Table:
        """All rows of one file, as it has them; ids as text. UserError where it is torn."""
        try:
            return _with_ids(self.open(table, part).read())
        except (pa.ArrowException, OSError) as error:
            raise self._unreadable(table, part, error) from None

    def rows_in(self, table: str, part: str) -> int:
        """Rows of the table in the part."""
        if not self.has(table, part):
            return 0
        if (file := self.files[table][part]) not in self.counted:
            self.open(table, part)
        return self.counted[file]

    def count(self) -> int:
        """Documents in all parts."""
        return sum(self.rows_in("documents", part) for part in self.names)

    def sizes(self) -> dict[str, int]:
        """Rows in all parts, by table."""
        return {table: sum(self.rows_in(table, part) for part in self.names) for table in TABLES}

    def read(self, table: str, columns: list[str] | None = None) -> Iterator[tuple[str, pa.Table]]:
        """Rows of this table, a few at a time, each time with the name of the part they lie in."""
        for part in self.names:
            if self.has(table, part):
                yield from ((part, rows) for rows in self.rows(table, part, columns))

    def rows(self, table: str, part: str, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """Rows of one file, a few at a time; a column of ours that it lacks is null. UserError where it is torn."""
        try:
            for rows in _pieces(self.open(table, part), columns):
                yield _filled(_with_ids(rows), table, columns or ())
        except (pa.ArrowException, OSError) as error:
            raise self._unreadable(table, part, error) from None

    def still(self) -> bool:
        """Whether all these files are there yet, and are the same."""
        return all(_stamp(file) == stamp for file, stamp in self.stamps.items())

    def _unreadable(self, table: str, part: str, error: Exception) -> UserError:
        said, cure = str(error).splitlines()[0], f"bring it back, or say extract repair {self.folder} --redo"
        return UserError(f"{self.folder / table / part} cannot be read ({said}); {cure}")


def parts_of(folder: Path) -> Parts:
    """The files of the folder as of one moment. UserError where they are moving all the time."""
    ends, found = time.monotonic() + PATIENCE, _listed(folder)
    while found != (found := _listed(folder)):  # two looks at the same: nothing moved between
        if time.monotonic() > ends:
            raise UserError(_MOVING.format(folder))
    return found


def reading(folder: Path, read: Callable[[Parts], Found], patience: float = PATIENCE) -> Found:
    """What `read` gives of an output as of one moment; it is called again where files were moved under it.

    UserError where they are moving for all of `patience` (seconds).
    """
    ends = time.monotonic() + patience
    while time.monotonic() < ends:
        parts = parts_of(folder)
        try:
            found = read(parts)
        except Exception:
            if parts.still():
                raise
        else:
            if parts.still():
                return found
        time.sleep(0.05)
    raise UserError(_MOVING.format(folder))


def manifest_of(folder: Path, name: str = MANIFEST) -> bytes | None:
    """What the folder's manifest holds, or will when the commit under way is over; None where there is none.

    So for the manifest of one of its shards, whose `name` begins with the shard's place.
    """
    moved = [_where(folder, move) for move in pending_moves(folder) if move.target == name]
    path = (moved[0] if moved else None) or folder / name
    try:
        within(folder, path)
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _listed(folder: Path) -> Parts:
    files, shards = _files_in(folder), dict(shards_in(folder))
    for place in shards.values():
        files = {table: there | files[table] for table, there in _files_in(place).items()}
    told = {shard: _told_of(folder, place) for shard, place in shards.items()}
    stamps = {file: _stamp(file) for there in files.values() for file in there.values()}
    return Parts(folder, files, united(manifest_of(folder), told), stamps)


def _told_of(folder: Path, shard: Path) -> bytes | None:
    name = str((shard / MANIFEST).relative_to(folder))
    return (
        manifest_of(folder, name) if any(move.target == name for move in pending_moves(folder)) else manifest_of(shard)
    )


def _files_in(folder: Path) -> dict[str, dict[str, Path]]:
    files = {table: dict(_parts_in(folder, table)) for table in TABLES}
    for move in pending_moves(folder):
        table, _, part = move.target.rpartition("/")
        if table in files:
            file = _where(folder, move)
            files[table].pop(part, None)
            files[table] |= {part: file} if file else {}
    return files


def _pieces(file: pq.ParquetFile, columns: list[str] | None) -> Iterator[pa.Table]:
    if file.metadata.num_rows <= BATCH:  # cheaper, where there are many small files
        yield from [file.read(columns, use_threads=False)] if file.metadata.num_rows else ()
        return
    for batch in file.iter_batches(BATCH, columns=columns, use_threads=False):
        yield pa.Table.from_batches([batch])


def _with_ids(rows: pa.Table) -> pa.Table:
    """The rows with text in doc_id, where a stranger wrote another type."""
    if "doc_id" not in rows.column_names or rows["doc_id"].type == pa.string():
        return rows
    return rows.set_column(rows.column_names.index("doc_id"), "doc_id", rows["doc_id"].cast(pa.string()))


def _filled(rows: pa.Table, table: str, columns: Sequence[str]) -> pa.Table:
    for name in set(columns).difference(rows.column_names).intersection(SCHEMAS[table].names):
        field = SCHEMAS[table].field(name)
        rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    return rows


def _parts_in(output: Path, table: str) -> Iterator[tuple[str, Path]]:
    """Files of the table, or what links to one; a pipe of that name would be waited for. UserError where one leads
    out of the output, which is data."""
    folder = output / table
    try:
        entries = [entry for entry in os.scandir(folder) if entry.is_file()]
    except (FileNotFoundError, NotADirectoryError):
        return
    within(output, folder)
    for entry in entries:
        if entry.name.startswith("part-") and entry.name.endswith(".parquet"):
            if entry.is_symlink():
                within(output, folder / entry.name)
            yield entry.name, folder / entry.name


def _where(folder: Path, move: Move) -> Path | None:
    """Where a file lies that is being moved; None for one that goes."""
    if move.staged is None:
        return None
    return staged if (staged := folder / move.staged).exists() else folder / move.target


def _stamp(file: Path) -> tuple[int, int, int] | None:
    """What tells a file from another of the same name; None where there is none."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
