"""The tables that a record feeds, one file each; every room goes over this list."""

from collections.abc import Sequence
from typing import Any

from extractor.tables.ends import Relation
from extractor.tables.entities import ENTITIES, Entity
from extractor.tables.events import EVENTS, Event
from extractor.tables.grounding import Ground
from extractor.tables.items import Item, items_of, texts_of
from extractor.tables.relations import RELATIONS
from extractor.tables.summaries import SUMMARIES, Summary
from extractor.tables.table import Made, Table
from extractor.types import TableField

# A table sees the rows of those before it; the order is that of commit, too.
TABLES = (ENTITIES, RELATIONS, EVENTS, SUMMARIES)
BY_WORD = {table.word: table for table in TABLES}

__all__ = [
    "BY_WORD",
    "ENTITIES",
    "RELATIONS",
    "TABLES",
    "Entity",
    "Event",
    "Ground",
    "Relation",
    "Summary",
    "Table",
    "rows_from",
]


def rows_from(record: Any, fields: Sequence[TableField], ground: Ground) -> tuple[dict[str, Sequence[Any]], list[str]]:
    """The rows of each table (its name) from a validated record, and in words what was left out of them, and why."""
    items: dict[str, Sequence[Item]] = {}
    rows: dict[str, Sequence[Any]] = {}
    dropped: list[str] = []
    for table in TABLES:
        items[table.name] = list((items_of if table.holds == "items" else texts_of)(record, fields, table.word))
        rows[table.name], left_out = table.make(items[table.name], ground, Made(items, rows))
        dropped += left_out
    return rows, dropped
