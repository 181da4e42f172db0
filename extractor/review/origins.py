"""Which items of a record gave which rows of a table: by what they say, so that no text is needed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from extractor.evaluation.scored_tables import key_columns
from extractor.tables import ENTITIES, Table
from extractor.tables.fold import fold
from extractor.tables.items import Item, items_of
from extractor.tables.names import each, kinds_of, name_of, named, text_of
from extractor.types import TableField

Key = tuple[str | None, ...]  # kind, then the folded names
Ids = Mapping[str, str]  # of entities → their names


def ids_in(record: Any, fields: Sequence[TableField]) -> dict[str, str]:
    """The ids by which a record calls its entities, each with the name."""
    found: dict[str, str] = {}
    for item in items_of(record, fields, ENTITIES.word):
        identifier, names = text_of(item.said.get("id")), names_in(item, "name", {})
        if identifier and names:
            found.setdefault(identifier, names[0])
    return found


def names_in(item: Item, role: str, ids: Ids) -> list[str]:
    """What an item says in a role, ids replaced by the names that they stand for."""
    return [name for one in each(item.said.get(role)) if (name := _name(one, item.source.inner.get(role, {}), ids))]


def _name(value: Any, keys: Mapping[str, str], ids: Ids) -> str | None:
    said = value.get(keys["id"]) if isinstance(value, dict) and "id" in keys else value
    return ids.get(text_of(said) or "") or name_of(named(value, keys))


def keys_of_item(item: Item, table: Table, ids: Ids) -> Iterator[Key]:
    """What names each row that an item gives."""
    names = [[fold(name) for name in names_in(item, column, ids)] for column in key_columns(table)]
    for kind, *said in product(kinds_of(item, table.kind or ""), *names):
        yield kind, *said


def key_of_row(table: Table, values: Mapping[str, Any]) -> Key:
    """What names a row."""
    kind = values.get(table.kind or "")
    return kind, *(fold(str(values.get(column) or "")) for column in key_columns(table))


def origins(
    record: Any, fields: Sequence[TableField], table: Table, rows: Sequence[Mapping[str, Any]]
) -> list[list[Item]]:
    """For each row of a document the items that gave it; two rows of one name share theirs out in their order.

    A relation may have been turned round to fit its predicate.
    """
    ids, found = ids_in(record, fields), dict[Key, list[Item]]()
    for item in items_of(record, fields, table.word):
        for key in keys_of_item(item, table, ids):
            found.setdefault(key, []).append(item)
    keys = [_known(key_of_row(table, row), found) for row in rows]
    every, before = Counter(keys), Counter[Key]()
    given = []
    for key in keys:
        given.append(_share(found.get(key, []), before[key], every[key]))
        before[key] += 1
    return given


def _known(key: Key, found: Mapping[Key, Any]) -> Key:
    turned = (key[0], *reversed(key[1:]))
    return turned if key not in found and turned in found else key


def _share(items: list[Item], place: int, rows: int) -> list[Item]:
    """All of them for a row alone of its name; the last of several has what is left."""
    if rows == 1:
        return items
    return items[place:] if place == rows - 1 else items[place : place + 1]
