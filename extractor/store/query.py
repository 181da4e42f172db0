"""SQL of strangers over an output folder: it reads the folder's tables, and nothing else, within bounds."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractor.errors import UserError
from extractor.store.output import duckdb_faults, duckdb_views
from extractor.store.parts import Parts, reading

if TYPE_CHECKING:
    import duckdb

MOST_ROWS = 200
SECONDS = 30.0
SETTINGS = {
    "memory_limit": "'1GB'",
    "threads": "1",
    "temp_directory": "''",
    "python_enable_replacements": "false",  # our own variables by their names
    "enable_external_access": "false",
}


@dataclass(frozen=True, slots=True)
class Answered:
    """The first rows that a query gives, as JSON values by column, and whether there are more."""

    columns: list[str]
    rows: list[list[Any]]
    is_all: bool


def query(folder: Path, sql: str, most: int = MOST_ROWS, seconds: float = SECONDS) -> Answered:
    """What a SELECT gives over the tables of the folder; it can read no other file, and write none.

    UserError for anything but one SELECT, for what duckdb refuses, and for what takes more than `seconds`.
    """
    with duckdb_faults() as duckdb:
        try:
            return reading(folder, lambda parts: _found(parts, sql, most, seconds))
        except duckdb.InterruptException:
            raise UserError(f"the query took more than {seconds:g} s; ask for less") from None


def _found(parts: Parts, sql: str, most: int, seconds: float) -> Answered:
    import duckdb

    with duckdb.connect() as connection:
        duckdb_views(connection, parts)
        _fence(connection, parts)
        if [one.type for one in connection.extract_statements(sql)] != [duckdb.StatementType.SELECT]:
            raise UserError("one SELECT is answered, nothing else")
        with _stopped_after(connection, seconds):
            asked = connection.sql(sql)
            rows = asked.limit(most + 1).fetchall()
            return Answered(list(asked.columns), [list(row) for row in rows[:most]], len(rows) <= most)


@contextmanager
def _stopped_after(connection: "duckdb.DuckDBPyConnection", seconds: float) -> Iterator[None]:
    """What the connection does is interrupted after these seconds: again and again, or it may miss the only time."""
    done = threading.Event()

    def stop() -> None:
        wait = seconds
        while not done.wait(wait):
            connection.interrupt()
            wait = 0.1

    clock = threading.Thread(target=stop, daemon=True)
    clock.start()
    try:
        yield
    finally:
        done.set()
        clock.join()


def _fence(connection: "duckdb.DuckDBPyConnection", parts: Parts) -> None:
    """From now on the connection reaches these files alone, and nothing can change that."""
    files = [str(file) for there in parts.files.values() for file in there.values()]
    connection.execute("SET allowed_paths = ?", [files])
    for name, value in SETTINGS.items():
        connection.execute(f"SET {name} = {value}")
    connection.execute("SET lock_configuration = true")
