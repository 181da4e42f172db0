"""Ids that passages give to entities, each for itself, made the document's: one for each entity, in ends too."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from extractor.answers.choose import Given, grouped
from extractor.answers.unite import entity_key, put, reach
from extractor.tables import ENTITIES
from extractor.tables.items import Item, items_of
from extractor.tables.names import text_of
from extractor.types import TableField

ENDS = ("subject", "object", "participants")  # roles that may be played by an entity's id
Ids = Mapping[str, Any]  # of one passage: what an id becomes


def renumber(records: Sequence[Any], fields: Sequence[TableField]) -> list[Any]:
    """The passages' records, changed in place, whose entities bear the same id only where they are the same."""
    if not any(
        "id" in field.roles or "{id" in "".join(field.shape) for field in fields if field.table == ENTITIES.word
    ):
        return list(records)
    said = [
        Given(item, number, 1)
        for number, record in enumerate(records)
        for item in items_of(record, fields, ENTITIES.word)
        if text_of(item.said.get("id"))
    ]
    known = [{str(text_of(one.value.said["id"])) for one in said if one.passage == n} for n in range(len(records))]
    strangers = {text for record, ids in zip(records, known, strict=True) for text in _ends(record, fields) - ids}
    ids = _ids(said, len(records), strangers)
    return [_with(record, fields, new) for record, new in zip(records, ids, strict=True)]


def _ids(said: Sequence[Given], count: int, taken: set[str]) -> list[dict[str, Any]]:
    """For each record its ids with what they become: that of the first of the same entity, if it is not taken."""
    found: list[dict[str, Any]] = [{} for _ in range(count)]
    for group in grouped(said, entity_key):
        new = _free(group[0].value.said["id"], taken)
        taken.add(str(text_of(new)))
        for one in group:
            found[one.passage].setdefault(str(text_of(one.value.said["id"])), new)
    return found


def _free(wanted: Any, taken: set[str]) -> Any:
    if text_of(wanted) not in taken:
        return wanted
    if isinstance(wanted, int | float):
        return max(int(one) for one in taken if one.isdecimal()) + 1
    return next(one for n in range(2, len(taken) + 3) if (one := f"{wanted}-{n}") not in taken)


def _with(record: Any, fields: Sequence[TableField], new: Ids) -> Any:
    _turn_ends(record, fields, lambda end: _pointing(end, new))
    items = [item for item in items_of(record, fields, ENTITIES.word) if text_of(item.said.get("id")) in new]
    keyed = [item for item in items if "id" not in item.source.roles]
    for item in (one for one in items if "id" in one.source.roles):
        put(record, (*item.where, item.source.roles["id"]), new[str(text_of(item.said["id"]))])
    for where in dict.fromkeys(_map_of(item) for item in keyed):
        inside = reach(record, where)
        renamed = {str(new.get(key, key)): value for key, value in inside.items()}
        inside.clear()
        inside.update(renamed)
    return record


def _map_of(item: Item) -> tuple[str | int, ...]:
    """Where the map is whose keys are the ids."""
    step = next(n for n, step in enumerate(item.source.shape) if step.startswith("{id"))
    return item.where[: len(item.source.path) + step]


def _ends(record: Any, fields: Sequence[TableField]) -> set[str]:
    """All that ends are called by in a record."""
    found = set[str]()

    def note(end: Any) -> Any:
        found.add(text_of(end) or "")
        return end

    _turn_ends(record, fields, note)
    return found


def _turn_ends(record: Any, fields: Sequence[TableField], turn: Callable[[Any], Any]) -> None:
    """Makes each end what `turn` makes of its name or id."""
    for table in dict.fromkeys(field.table for field in fields if field.table != ENTITIES.word):
        for item in items_of(record, fields, table):
            value = reach(record, item.where)
            for role in ENDS if isinstance(value, dict) else ():
                key = item.source.roles.get(role)
                if key in value:
                    value[key] = _turned(value[key], item.source.inner.get(role, {}), turn)


def _turned(value: Any, keys: Mapping[str, str], turn: Callable[[Any], Any]) -> Any:
    if isinstance(value, list):
        return [_turned(one, keys, turn) for one in value]
    if not isinstance(value, dict):
        return turn(value)
    key = keys.get("id", "")
    return {**value, key: turn(value[key])} if key in value else value


def _pointing(end: Any, new: Ids) -> Any:
    found = new.get(text_of(end) or "", end)
    return str(text_of(found)) if isinstance(end, str) else found
