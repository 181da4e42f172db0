"""The items of a record that feed a table, with what each says by role."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.types import TableField

QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "「": "」", "『": "』", "《": "》", "〈": "〉"}


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the answer: its values by role, and those that have none by property."""

    field: TableField
    said: dict[str, Any]
    rest: dict[str, Any]

    def name(self, role: str) -> str | None:
        """The role's text less quotation marks that enclose the whole of it: 《红楼梦》 is called 红楼梦."""
        return without_quotes(self.text(role))

    def text(self, role: str) -> str | None:
        """The role's text, None where it has none; a number or truth value as JSON writes it."""
        return plain_text(self.said.get(role))

    def kind(self, role: str) -> str | None:
        """What kind of thing the item is: by its role, or by its property's name where no role says it."""
        return self.text(role) or (None if role in self.field.roles else self.field.label)

    def number(self, role: str) -> float | None:
        """The role's number, None where it is none that a float can hold."""
        value = self.said.get(role)
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > sys.float_info.max:
            return None
        return float(value)


def items_of(record: Any, fields: Sequence[TableField], table: str) -> Iterator[Item]:
    """The items that feed this table (its word), in the record's order; of a list, each item."""
    for field in fields:
        if field.table == table:
            for value in _at(record, field.path):
                yield from (_item(field, one) for one in (value if isinstance(value, list) else []))


def texts_of(record: Any, fields: Sequence[TableField], table: str) -> Iterator[Item]:
    """The texts that feed this table (its word), each as an item with that one role."""
    for field in fields:
        if field.table == table:
            for value in _at(record, field.path):
                if isinstance(value, str) and value.strip():
                    yield Item(field, {table: value}, {})


def plain_text(value: Any) -> str | None:
    """A scalar as text, None for nothing, a list or an object."""
    if isinstance(value, str):
        return value.strip() or None
    return None if value is None or isinstance(value, dict | list) else json.dumps(value)


def without_quotes(text: str | None) -> str | None:
    """The text less quotation marks that enclose the whole of it."""
    if text and len(text) > 2 and QUOTES.get(text[0]) == text[-1] and text[-1] not in text[1:-1]:
        return text[1:-1].strip() or text
    return text


def _item(field: TableField, value: Any) -> Item:
    if not isinstance(value, dict):
        return Item(field, {"name": value}, {})
    said = {role: value.get(key) for role, key in field.roles.items()}
    return Item(field, said, {key: child for key, child in value.items() if key not in field.roles.values()})


def _at(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    if not path:
        yield value
    elif path[0] == "[]":
        for item in value if isinstance(value, list) else []:
            yield from _at(item, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from _at(value[path[0]], path[1:])
