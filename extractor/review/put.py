"""Where in a record a new item goes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.review.new_item import NewItem
from extractor.tables.items import Where, step_into
from extractor.tasks.places import Found
from extractor.tasks.reading import Node
from extractor.types import TableField


class NoPlace(Exception):
    """The record has no place for a row; says why."""


def put(record: Any, found: Sequence[Found], root: Node, item: NewItem) -> Any:
    """The record, with the item in the first place that may hold it; it is changed. NoPlace where there is none."""
    kind = item.values.get(item.table.kind or "")
    for one in found:
        if not one.labels or kind in one.labels:
            held = [record]
            for holder, key in _holders(held, one.field, item):
                try:
                    holder[key] = _Putting(one, root, item).into(_value(holder, key), one.field.shape)
                    return held[0]
                except _Full:
                    continue
    name = " → ".join(str(item.values.get(role)) for role in item.table.needed)
    raise NoPlace(f"the schema has no place for another {item.table.one} of this kind ({kind}: {name})")


class _Full(Exception):
    pass


@dataclass(frozen=True, slots=True)
class _Putting:
    found: Found
    root: Node
    item: NewItem

    def into(self, value: Any, shape: Sequence[str]) -> Any:
        """The value at a place with the item in it, through the lists and maps that lead to it; _Full where it cannot
        be there."""
        if not shape:
            if value in (None, "", [], {}):
                return self.item.made(self.found, self.root)
            raise _Full
        step, value = shape[0], ([] if shape[0].startswith("[") else {}) if value is None else value
        if step == "[]" and isinstance(value, list):
            return [*value, self.into(None, shape[1:])]
        if step.startswith("{") and isinstance(value, dict):
            role, _, pattern = step[1:-1].partition(":")
            name = self.item.new_id(None) if role == "id" else self.item.values.get(role)
            if isinstance(name, str) and re.search(pattern, name):
                return value | {name: self.into(value.get(name), shape[1:])}
        raise _Full


def _holders(held: list[Any], field: TableField, item: NewItem) -> Iterator[tuple[Any, Any]]:
    """What holds the field's place, and under which key: where what is around it plays the roles that the row says."""
    if field.path:
        yield from _down(held[0], field, item, ())
    else:
        yield held, 0


def _down(value: Any, field: TableField, item: NewItem, where: Where) -> Iterator[tuple[Any, Any]]:
    depth = len(where)
    step, is_last = field.path[depth], depth + 1 == len(field.path)
    around = [(role, key) for role, (steps, key) in field.around.items() if steps == depth and key]
    if any(isinstance(value, dict) and value.get(key) != item.values.get(role) for role, key in around):
        return
    if isinstance(value, dict) and not step.startswith(("[", "{")) and value.get(step) is None:
        if is_last:
            yield value, step
            return
        value[step] = [] if field.path[depth + 1].startswith("[") else {}
    keyed = [role for role, (steps, key) in field.around.items() if steps == depth + 1 and not key]
    for name, inner in step_into(value, step):
        if any(name != item.values.get(role) for role in keyed):
            continue
        if is_last:
            yield value, name
        else:
            yield from _down(inner, field, item, (*where, name))


def _value(holder: Any, key: Any) -> Any:
    return holder.get(key) if isinstance(holder, dict) else holder[key]
