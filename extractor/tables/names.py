"""What names a thing: a text, a number, an object with a name or an id, or a list of these; and which it names."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.tables.items import Item

QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "「": "」", "『": "』", "《": "》", "〈": "〉"}


@dataclass(frozen=True, slots=True)
class NamedEnd:
    """One end: the entity that it is, if it is one of the answer's, and its name."""

    name: str | None
    entity_id: str | None = None


def names_of(value: Any, keys: Mapping[str, str], name: "Callable[[Any], str | None] | None" = None) -> Iterator[str]:
    """The names in a value; in objects, what stands under the key of the name, else of the id."""
    for one in _each(value):
        found = (name or name_of)(_named(one, keys))
        if found:
            yield found


def name_of(value: Any) -> str | None:
    """The text less the quotation marks that enclose the whole of it: 《红楼梦》 is called 红楼梦."""
    text = text_of(value)
    if text and len(text) > 2 and QUOTES.get(text[0]) == text[-1] and text[-1] not in text[1:-1]:
        return text[1:-1].strip() or text
    return text


def text_of(value: Any) -> str | None:
    """A text without the blanks around it, a number or truth value as it is written; None for anything else."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return None if value is None or isinstance(value, dict | list) else json.dumps(value)


class EndFinder:
    """Finds the entities that the ends of one record's relations are."""

    def __init__(self, items: Sequence[Item], entities: Sequence[Any]) -> None:
        """`entities` are the rows that `items` gave."""
        self._by_id = _by_id(items, entities)
        self._by_name: dict[str, list[Any]] = {}
        for entity in entities:
            self._by_name.setdefault(entity.name, []).append(entity)
        for entity in entities:
            if entity.name.casefold() != entity.name or entity.name not in self._by_name:
                self._by_name.setdefault(entity.name.casefold(), []).append(entity)

    def find(self, value: Any, keys: Mapping[str, str], types: Collection[str] | None = None) -> list[NamedEnd]:
        """The ends in a value, none only in an empty list; by id where one of the entities has it, else by name.

        Of several entities of a name it is the one of the type that is said, else of one of `types`, else the first.
        """
        found = [end for one in _each(value) if (end := self._one(one, keys, types))]
        return found if found or value == [] else [NamedEnd(None)]

    def _one(self, value: Any, keys: Mapping[str, str], types: Collection[str] | None) -> NamedEnd | None:
        said = value.get(keys["id"]) if isinstance(value, dict) and "id" in keys else value
        if (identifier := text_of(said)) and (entity := self._by_id.get(identifier)):
            return NamedEnd(entity.name, entity.entity_id)
        name = name_of(_named(value, keys))
        kind = text_of(value.get(keys["type"])) if isinstance(value, dict) and "type" in keys else None
        return NamedEnd(name, self._id(name, [kind] if kind else types or ())) if name else None

    def _id(self, name: str, types: Collection[str]) -> str | None:
        alike = self._by_name.get(name) or self._by_name.get(name.casefold()) or []
        fitting = [entity for entity in alike if entity.type in types] or alike
        return fitting[0].entity_id if fitting else None


def _by_id(items: Sequence[Item], entities: Sequence[Any]) -> dict[str, Any]:
    """The entities by the ids that the answer gives them, the first of each."""
    known = {(entity.name, json.dumps(entity.attributes, sort_keys=True)): entity for entity in reversed(entities)}
    found: dict[str, Any] = {}
    for item in items:
        identifier = text_of(item.said.get("id"))
        names = list(names_of(item.said.get("name"), item.source.inner.get("name", {})))
        rest = json.dumps(item.attributes(("name", "type", "confidence")), sort_keys=True)
        if identifier and names and (names[0], rest) in known:
            found.setdefault(identifier, known[names[0], rest])
    return found


def _each(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _each(one)
    else:
        yield value


def _named(value: Any, keys: Mapping[str, str]) -> Any:
    if not isinstance(value, dict):
        return value
    name = value.get(keys.get("name", ""))
    return value.get(keys.get("id", "")) if name is None else name


def kinds_of(item: Item, role: str) -> list[str | None]:
    """The types or predicates of an item: as it says, else the field's label where it has no place to say it."""
    keyed = any(step.startswith(f"{{{role}") for step in item.source.shape)
    keys = item.source.inner.get(role, {})
    said = list(dict.fromkeys(names_of(item.said.get(role), keys, name=text_of)))
    return [*said] or [None if role in item.source.roles or keyed or item.source.bare == role else item.source.label]
