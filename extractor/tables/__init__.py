"""The tables that a record feeds, one file each; every room goes over this list."""

from collections.abc import Sequence
from typing import Any

from extractor.tables.ends import Relation
from extractor.tables.entities import ENTITIES, Entity
from extractor.tables.events import EVENTS, Event
from extractor.tables.items import items_of, texts_of
from extractor.tables.relations import RELATIONS
from extractor.tables.summaries import SUMMARIES, Summary
from extractor.tables.table import Table
from extractor.types import TableField

# A table sees the rows of those before it; the order is that of commit, too.
TABLES = (ENTITIES, RELATIONS, EVENTS, SUMMARIES)
BY_WORD = {table.word: table for table in TABLES}

__all__ = ["BY_WORD", "ENTITIES", "RELATIONS", "TABLES", "Entity", "Event", "Relation", "Summary", "Table", "rows_from"]


def rows_from(record: Any, fields: Sequence[TableField], text: str) -> tuple[dict[str, Sequence[Any]], list[str]]:
    """The rows of each table (its name) from a validated record, and in words what was left out of them, and why."""
    made: dict[str, Sequence[Any]] = {}
    dropped: list[str] = []
    for table in TABLES:
        found = (items_of if table.holds == "items" else texts_of)(record, fields, table.word)
        made[table.name], left_out = table.make(list(found), text, made)
        dropped += left_out
    return made, dropped
