"""Entities and relations in the one form that matching compares, from either side, duplicates merged."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from extractor.evaluation.gold import GoldDocument, GoldEntity
from extractor.evaluation.matching import normal
from extractor.tables import Entity, Relation

Names = frozenset[str]


@dataclass(frozen=True, slots=True)
class Thing:
    """An entity: its name, every name that is right for it, every type, its spans."""

    name: str
    type: str
    names: Names
    types: Names
    spans: tuple[tuple[int, int], ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class End:
    """One end of a relation: its name, every name that is right for it, the types it may have (empty: any)."""

    name: str
    names: Names
    types: Names


@dataclass(frozen=True, slots=True)
class Link:
    """A relation; `either_way` means that direction says nothing."""

    predicate: str
    subject: End
    object: End
    either_way: bool = False


def found_entities(entities: Sequence[Entity]) -> list[Thing]:
    """What a run found in a document, one thing for each name and type."""
    return _merged((_found(entity) for entity in entities), lambda t: (t.name, t.type))


def gold_entities(document: GoldDocument) -> list[Thing]:
    """What a person marked in a document, one thing for each name and type."""
    return _merged((_gold(entity, document.text) for entity in document.entities), lambda t: (t.name, t.type))


def untyped(things: Sequence[Thing]) -> list[Thing]:
    """The same with one thing for each name, whatever its types."""
    return _merged(things, lambda t: (t.name,))


def found_links(
    relations: Sequence[Relation], entities: Sequence[Entity], things: Sequence[Thing], symmetric: Names
) -> list[Link]:
    """What a run found in a document, one link for each predicate and pair of names; `things` are its entities."""
    by_id = {entity.entity_id: entity for entity in entities}
    types = _types_by_name(things)
    return merged_links(
        Link(
            normal(relation.predicate),
            _found_end(relation.subject, by_id.get(relation.subject_id or ""), types),
            _found_end(relation.object, by_id.get(relation.object_id or ""), types),
            normal(relation.predicate) in symmetric,
        )
        for relation in relations
    )


def gold_links(document: GoldDocument, things: Sequence[Thing], symmetric: Names) -> list[Link]:
    """What a person marked in a document; an end is right under any name of the entities it names."""
    ends = {name: _gold_end(name, things) for r in document.relations for name in (r.subject, r.object)}
    return merged_links(
        Link(normal(r.predicate), ends[r.subject], ends[r.object], normal(r.predicate) in symmetric)
        for r in document.relations
    )


def undirected(links: Sequence[Link]) -> list[Link]:
    """The same with one link for each predicate and unordered pair."""
    return merged_links(Link(link.predicate, link.subject, link.object, True) for link in links)


def merged_links(links: Iterable[Link]) -> list[Link]:
    """Sorted, with each link once; an `either_way` link is the same whichever end comes first."""
    merged: dict[tuple[str, ...], Link] = {}
    for link in links:
        ends = (link.subject.name, link.object.name)
        key = (link.predicate, *(sorted(ends) if link.either_way else ends))
        known = merged.get(key)
        merged[key] = _joined_link(known, link) if known else link
    return [merged[key] for key in sorted(merged)]


def _joined_link(known: Link, link: Link) -> Link:
    swap = known.subject.name != link.subject.name
    subject, other = (link.object, link.subject) if swap else (link.subject, link.object)
    return replace(known, subject=_joined_end(known.subject, subject), object=_joined_end(known.object, other))


def _joined_end(one: End, two: End) -> End:
    return End(one.name, one.names | two.names, one.types | two.types)


def _found(entity: Entity) -> Thing:
    name, kind = normal(entity.name), normal(entity.type)
    return Thing(name, kind, frozenset({name}), frozenset({kind}), tuple(entity.mentions), entity.attributes)


def _gold(entity: GoldEntity, text: str | None) -> Thing:
    mentions = [text[start:end] for start, end in entity.mentions] if text is not None else []
    names = frozenset(map(normal, (entity.name, *entity.aliases, *mentions))) - {""}
    types = frozenset(map(normal, (entity.type, *entity.alt_types)))
    return Thing(normal(entity.name), normal(entity.type), names, types, entity.mentions, entity.attributes)


def _merged(things: Iterable[Thing], key: Callable[[Thing], tuple[Hashable, ...]]) -> list[Thing]:
    merged: dict[Any, Thing] = {}
    for thing in sorted(things, key=lambda t: (t.name, t.type, str(t.attributes))):
        known = merged.get(key(thing))
        merged[key(thing)] = _joined(known, thing) if known else thing
    return list(merged.values())


def _joined(one: Thing, two: Thing) -> Thing:
    return Thing(
        one.name, one.type, one.names | two.names, one.types | two.types, one.spans + two.spans,
        {**two.attributes, **one.attributes},
    )  # fmt: skip


def _types_by_name(things: Sequence[Thing]) -> dict[str, Names]:
    return {thing.name: thing.types for thing in untyped(things)}


def _found_end(name: str | None, entity: Entity | None, types: dict[str, Names]) -> End:
    if entity:
        return End(
            normal(entity.name), frozenset({normal(entity.name), normal(name)}) - {""}, frozenset({normal(entity.type)})
        )
    return End(normal(name), frozenset({normal(name)}) - {""}, types.get(normal(name), frozenset()))


def _gold_end(name: str, things: Sequence[Thing]) -> End:
    called = normal(name)
    meant = [t for t in things if t.name == called] or [t for t in things if called in t.names]
    names = frozenset({called}).union(*(t.names for t in meant))
    return End(called, names, frozenset().union(*(t.types for t in meant)))
