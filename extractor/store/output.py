"""An output folder, read: its tables in Arrow, or under SQL."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from extractor.errors import UserError
from extractor.store.manifest import Manifest
from extractor.store.parts import Parts, reading
from extractor.store.tables import SCHEMAS, TABLES

if TYPE_CHECKING:
    import duckdb


class Output(Mapping[str, pa.Table]):
    """The tables of an output folder by name; each is read when it is asked for, as it is at that moment.

    UserError where files of the folder are moving all the time.
    """

    def __init__(self, folder: Path) -> None:
        """UserError where the folder is no output of a run."""
        Manifest.of_output(folder)
        self._folder = folder

    def __getitem__(self, name: str) -> pa.Table:
        """All rows of a table; a column that an old part lacks is null there."""
        if name not in TABLES:
            raise KeyError(name)
        pieces = reading(self._folder, lambda parts: [rows for _, rows in parts.read(name)])
        return pa.concat_tables([SCHEMAS[name].empty_table(), *pieces], promote_options="default")

    def __iter__(self) -> Iterator[str]:
        """The names of the tables."""
        return iter(TABLES)

    def __len__(self) -> int:
        """How many tables there are."""
        return len(TABLES)

    def sql(self, query: str) -> "duckdb.DuckDBPyRelation":
        """What duckdb answers to a query over these tables; it reads the columns that the query names, and no others.

        UserError where duckdb is not installed, or refuses the query.
        """
        with duckdb_faults() as duckdb:
            connection = duckdb.connect()
            return reading(self._folder, lambda parts: _answer(connection, parts, query))


@contextmanager
def duckdb_faults() -> Iterator[Any]:
    """duckdb, and within it what it refuses as a UserError; so where it is not installed."""
    try:
        import duckdb
    except ImportError:
        raise UserError("SQL wants duckdb: pip install duckdb") from None
    try:
        yield duckdb
    except duckdb.Error as error:
        raise UserError(f"duckdb: {' '.join(str(error).split())}") from None


def duckdb_views(connection: "duckdb.DuckDBPyConnection", parts: Parts) -> None:
    """Gives the connection a view of each table, of no rows where no part has any."""
    for name in TABLES:
        if found := [str(file) for file in parts.of(name)]:
            connection.read_parquet(found, union_by_name=True).create_view(name, replace=True)
        else:
            connection.from_arrow(SCHEMAS[name].empty_table()).create_view(name, replace=True)


def _answer(connection: "duckdb.DuckDBPyConnection", parts: Parts, query: str) -> "duckdb.DuckDBPyRelation":
    """The whole answer, held: the files may move as soon as it is given. None for a query that has none, as COPY."""
    duckdb_views(connection, parts)
    answer = connection.sql(query)
    return answer if answer is None else connection.from_arrow(answer.to_arrow_table())
