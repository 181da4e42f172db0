"""Which entities the ends of relations are, and where the ends stand.

By id; else by the same name; else by the same fold of it; of several with that name the one whose type fits. What
follows is inferred (guesses.py), and says so. Two that fit alike are none, and nobody looks further.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from extractor.tables.entities import grouped, key_of
from extractor.tables.fold import Span, fold
from extractor.tables.grounding import Ground
from extractor.tables.guesses import Guesses
from extractor.tables.items import Item
from extractor.tables.names import akin, each, kinds_of, name_of, named, names_of, text_of


@dataclass(frozen=True, slots=True)
class NamedEnd:
    """One end: its name, the entity that it is, if it is one of the answer's, how that was inferred, if it was, and
    where it stands in the text."""

    name: str | None
    entity_id: str | None = None
    linked: str | None = None
    span: Span | None = None


class EndFinder:
    """Finds the entities that the ends of one record's relations are."""

    def __init__(self, items: Sequence[Item], entities: Sequence[Any], ground: Ground) -> None:
        """`entities` are the rows that `items` gave."""
        self._items, self._entities, self._ground = items, entities, ground
        self._guesses = Guesses(entities, ground)
        self._known: dict[tuple[str, frozenset[str]], tuple[Any, str | None]] = {}
        self._by_name = grouped(entities, lambda name: name)

    def find(
        self, value: Any, keys: Mapping[str, str], types: Collection[str] | None = None, quote: Span | None = None
    ) -> list[NamedEnd]:
        """The ends in a value, none only in an empty list; `types` are those that an end may have where it says none.

        Of the places where an end stands it is the nearest to the quote, else the first.
        """
        found = [end for one in each(value) if (end := self._one(one, keys, types, quote))]
        return found if found or value == [] else [NamedEnd(None)]

    def _one(
        self, value: Any, keys: Mapping[str, str], types: Collection[str] | None, quote: Span | None
    ) -> NamedEnd | None:
        said = value.get(keys["id"]) if isinstance(value, dict) and "id" in keys else value
        if (identifier := text_of(said)) and (entity := self._by_id.get(identifier)):
            return NamedEnd(entity.name, entity.entity_id, None, _nearest(entity.mentions, quote))
        if not (name := name_of(named(value, keys))):
            return None
        kind = text_of(value.get(keys["type"])) if isinstance(value, dict) and "type" in keys else None
        asked = name, frozenset([kind] if kind else types or ())
        if asked not in self._known:
            self._known[asked] = self._linked(*asked)
        entity, linked = self._known[asked]
        mentions = self._ground.find(name).mentions or (entity.mentions if entity else [])
        return NamedEnd(name, entity and entity.entity_id, linked, _nearest(mentions, quote))

    def _linked(self, name: str, types: Collection[str]) -> tuple[Any, str | None]:
        """The entity of that name, and how it was inferred; (None, None) where there is none, or more than one."""
        if alike := self._by_name.get(name) or self._by_fold.get(fold(name)):
            return self._only(_of_type(alike, types) or alike), None
        for how, candidates in self._guesses.of(name):
            fitting = [one for one in candidates if not (one.type and types) or akin_to(one.type, types)]
            if fitting:
                only = self._only(fitting)
                return only, how if only else None
        return None, None

    def _only(self, found: Sequence[Any]) -> Any:
        """The first of them, if all are one thing."""
        alone = len(found) == 1 or len({self._thing.get(one.entity_id, one.entity_id) for one in found}) == 1
        return found[0] if alone else None

    @cached_property
    def _by_fold(self) -> dict[str, list[Any]]:
        return grouped(self._entities, fold)

    @cached_property
    def _named(self) -> list[tuple[str | None, list[Any]]]:
        return list(_things(self._items, self._entities))

    @cached_property
    def _by_id(self) -> dict[str, Any]:
        """The first row of each item that has an id."""
        if not any("id" in item.said for item in self._items):
            return {}
        return {identifier: rows[0] for identifier, rows in reversed(self._named) if identifier and rows}

    @cached_property
    def _thing(self) -> dict[str, str]:
        """Of rows of one item that differ in type, the first."""
        thing: dict[str, str] = {}
        for _, rows in self._named:
            for row in rows:
                first = next(one for one in rows if one.name == row.name)
                thing.setdefault(row.entity_id, first.entity_id)
        return thing


def akin_to(kind: str, types: Collection[str]) -> bool:
    """Whether a type is, is a kind of, or has for a kind one of these."""
    return any(akin(kind, other) for other in types)


def _of_type(entities: Sequence[Any], types: Collection[str]) -> list[Any]:
    return [one for one in entities if one.type in types] or [
        one for one in entities if one.type and akin_to(one.type, types)
    ]


def _nearest(mentions: Sequence[Span], quote: Span | None) -> Span | None:
    if quote is None:
        return mentions[0] if mentions else None
    return min(mentions, key=lambda span: max(span[0] - quote[1], quote[0] - span[1], 0), default=None)


def _things(items: Sequence[Item], entities: Sequence[Any]) -> Iterator[tuple[str | None, list[Any]]]:
    """What each item names: its id, if it has one, and the rows that it gave, one for each name and type."""
    rows = {key_of(one.name, one.type, one.attributes): one for one in reversed(entities)}
    for item in items:
        rest = item.attributes(("name", "type", "confidence"))
        names = names_of(item.said.get("name"), item.source.inner.get("name", {}))
        keys = [key_of(name, kind, rest) for name in names for kind in kinds_of(item, "type")]
        yield text_of(item.said.get("id")), [rows[key] for key in keys if key in rows]
