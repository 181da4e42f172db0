"""The items of a record that a field means, with what the maps and objects around them say of each."""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from extractor.types import TableField

Where = tuple[str | int, ...]  # the keys and numbers that lead to a value of a record


@dataclass(frozen=True, slots=True)
class Item:
    """One item: what plays which role in it, what else it holds, and where in the record it is."""

    source: TableField
    said: dict[str, Any]
    rest: dict[str, Any] = field(default_factory=dict)
    where: Where = ()

    def number(self, role: str) -> float | None:
        """The role's number, None where it is none that a float can hold."""
        value = self.said.get(role)
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > sys.float_info.max:
            return None
        return float(value)

    def attributes(self, taken: Sequence[str]) -> dict[str, Any]:
        """What the item holds besides the values of these roles; of a role's object, what is not its name."""
        if "*" in self.source.aside:
            return {}
        keys = {self.source.roles[role] for role in taken if role in self.source.roles}
        gone = keys.union(self.source.aside)
        kept = {key: value for key, value in self.rest.items() if key not in gone}
        if not self.source.inner:
            return kept
        more = {self.source.roles[role]: _less(self.said.get(role), keys) for role, keys in self.source.inner.items()}
        return kept | {key: value for key, value in more.items() if value}


def items_of(record: Any, fields: Sequence[TableField], table: str) -> Iterator[Item]:
    """The items that feed a table (its word): field after field, those of one place in the record's order."""
    places: dict[Any, list[TableField]] = {}
    for one in fields:
        if one.table == table:
            places.setdefault((one.path, one.shape, tuple(one.around)), []).append(one)
    for alike in places.values():
        for value, said, where in _at(record, alike[0], (), {}):
            for found, keys, inside in _spread(value, alike[0].shape, {}, where):
                chosen = _chosen(alike, found)
                if chosen:
                    yield _item(chosen, found, said | keys, inside)


def texts_of(record: Any, fields: Sequence[TableField], table: str) -> Iterator[Item]:
    """The texts that feed a table (its word), each as an item with that one role."""
    sources = {one.path: one for one in reversed(fields) if one.table == table}
    for path in dict.fromkeys(one.path for one in fields if one.table == table):
        source = sources[path]
        for value in at(record, path):
            yield from (Item(source, {table: text}) for text in texts(value) if text.strip())


def at(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """Every value that a path leads to."""
    if not path:
        yield value
        return
    for _, inner in step_into(value, path[0]):
        yield from at(inner, path[1:])


def step_into(value: Any, step: str) -> Iterator[tuple[Any, Any]]:
    """What one step leads to, each with its key or number: "[]", "[0]", "{role:pattern}", or a property's name."""
    if isinstance(value, list) and step.startswith("["):
        wanted = step[1:-1]
        yield from ((n, one) for n, one in enumerate(value) if not wanted or n == int(wanted))
    elif isinstance(value, dict) and step.startswith("{") and step not in value:
        pattern = re.compile(step[1:-1].partition(":")[2])
        yield from ((key, one) for key, one in value.items() if pattern.search(key))
    elif isinstance(value, dict) and step in value:
        yield step, value[step]


def texts(value: Any) -> Iterator[str]:
    """Every text in a value, in its order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts(one)


def _at(
    value: Any, field: TableField, where: Where, said: dict[str, Any]
) -> Iterator[tuple[Any, dict[str, Any], Where]]:
    """The values at the field's path, each with the roles that what is around it plays, and where it is."""
    depth = len(where)
    for role, (steps, key) in field.around.items():
        if steps == depth and key and isinstance(value, dict):
            said = {**said, role: value.get(key)}
    if depth == len(field.path):
        yield value, said, where
        return
    for name, inner in step_into(value, field.path[depth]):
        keyed = {role: name for role, (steps, key) in field.around.items() if steps == depth + 1 and not key}
        yield from _at(inner, field, (*where, name), said | keyed)


def _spread(
    value: Any, shape: Sequence[str], keys: dict[str, Any], where: Where
) -> Iterator[tuple[Any, dict[str, Any], Where]]:
    """The items in a value, each with the roles that the keys of maps play, and where it is."""
    if not shape:
        yield value, keys, where
        return
    if shape == ("[]",) and isinstance(value, list):  # as nearly all are
        yield from ((one, keys, (*where, number)) for number, one in enumerate(value))
        return
    for name, inner in step_into(value, shape[0]):
        role = shape[0][1:-1].partition(":")[0] if shape[0].startswith("{") else ""
        more = {role: name} if role else {} if isinstance(name, int) else {"": name}
        yield from _spread(inner, shape[1:], keys | more, (*where, name))


def _chosen(alike: Sequence[TableField], item: Any) -> TableField | None:
    """The field that means this item: of several, the one that asks for most of what it holds."""
    if len(alike) == 1:
        return alike[0]
    if not isinstance(item, dict):
        return next((one for one in alike if not (one.roles or one.when)), None)
    fitting = [one for one in alike if all(_holds(item, key, values) for key, values in one.when)]
    return max(fitting, key=lambda one: (len(one.when), len(item.keys() & one.roles.values())), default=None)


def _holds(item: dict[str, Any], key: str, values: Sequence[Any]) -> bool:
    return key in item and (not values or item[key] in values)


def _item(field: TableField, item: Any, keys: dict[str, Any], where: Where) -> Item:
    told = {role: value for role, value in keys.items() if role}
    more = {"id": keys["id"]} if "id" in keys else {"key": keys[""]} if "" in keys else {}
    if isinstance(item, dict):
        said = {role: item.get(key) for role, key in field.roles.items()}
        return Item(field, said | told if told else said, more | item if more else item, where)
    if field.bare == "value":
        return Item(field, told, {**more, "value": item}, where)
    return Item(field, {field.bare: item} | told, more, where)


def _less(value: Any, keys: dict[str, str]) -> Any:
    """What an object that plays a role holds besides its name; of a list of them, of each."""
    if isinstance(value, list):
        found = [_less(one, keys) for one in value]
        return found if any(found) else []
    taken = {keys.get("name", ""), *([] if "name" in keys else [keys.get("id", "")])}
    return {key: one for key, one in value.items() if key not in taken} if isinstance(value, dict) else {}
