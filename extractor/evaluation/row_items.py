"""Rows of further tables in the one form that matching compares, from either side, duplicates merged."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from extractor.evaluation.gold_rows import GoldRow
from extractor.evaluation.matching import normal
from extractor.evaluation.normalised import NamedItem, merged_items
from extractor.evaluation.scored_tables import key_columns, said_columns
from extractor.tables import Table
from extractor.tables.names import text_of
from extractor.tables.table import CONFIDENCE


def row_key(table: Table, row: Mapping[str, Any]) -> tuple[str, str]:
    """What makes two rows the same: the columns it is scored by, and its kind ("" where the table has none)."""
    kind = _plain(row.get(table.kind)) if table.kind else ""
    return "\n".join(_plain(row.get(name)) for name in key_columns(table)), kind


def found_rows(table: Table, rows: Iterable[Mapping[str, Any]]) -> list[NamedItem]:
    """What a run found in a document, one item for each key."""
    return merged_items(_item(table, row, (), ()) for row in rows)


def marked_rows(table: Table, rows: Iterable[GoldRow]) -> list[NamedItem]:
    """What a person marked in a document, one item for each key."""
    return merged_items(_item(table, row.values, row.aliases, row.alt_types) for row in rows)


def _item(table: Table, row: Mapping[str, Any], aliases: Sequence[str], alt_types: Sequence[str]) -> NamedItem:
    """An alias stands for the first scored column."""
    (name, kind), first = row_key(table, row), key_columns(table)[0]
    names = frozenset((name, *(row_key(table, {**row, first: alias})[0] for alias in aliases)))
    return NamedItem(name, kind, names, frozenset((kind, *map(normal, alt_types))), attributes=_beside(table, row))


def _beside(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """What a row says beside its key and its kind."""
    columns = [name for name in said_columns(table) if name not in (*table.scored, table.kind, CONFIDENCE.name)]
    return {name: row[name] for name in columns if row.get(name) is not None} | dict(row.get("attributes") or {})


def _plain(value: Any) -> str:
    """A value as names are compared; of a list, whatever its order."""
    if isinstance(value, list | tuple):
        return ", ".join(sorted(map(_plain, value)))
    return normal(text_of(value))
