"""Entities and relations in the one form that matching compares, from either side, duplicates merged."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from extractor.evaluation.gold import GoldDocument, GoldEntity
from extractor.evaluation.matching import normal
from extractor.tables import Entity, Relation

Names = frozenset[str]


@dataclass(frozen=True, slots=True)
class NamedItem:
    """An entity, or a row of a further table: its name, every name that is right for it, every type, its spans."""

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
class Triple:
    """A relation; `either_way` means that direction says nothing."""

    predicate: str
    subject: End
    object: End
    either_way: bool = False


def found_entities(entities: Sequence[Entity]) -> list[NamedItem]:
    """What a run found in a document, one thing for each name and type."""
    return merged_items(_found(entity) for entity in entities)


def gold_entities(document: GoldDocument) -> list[NamedItem]:
    """What a person marked in a document, one thing for each name and type."""
    return merged_items(_gold(entity, document.text) for entity in document.entities)


def untyped(things: Sequence[NamedItem]) -> list[NamedItem]:
    """The same with one thing for each name, whatever its types."""
    return _merged(things, lambda t: (t.name,))


def merged_items(items: Iterable[NamedItem]) -> list[NamedItem]:
    """Sorted, with one item for each name and type."""
    return _merged(items, lambda t: (t.name, t.type))


def found_triples(
    relations: Sequence[Relation], entities: Sequence[Entity], things: Sequence[NamedItem], symmetric: Names
) -> list[Triple]:
    """What a run found in a document, one triple for each predicate and pair of names; `things` are its entities."""
    by_id = {entity.entity_id: entity for entity in entities}
    types = _types_by_name(things)
    return merged_triples(
        Triple(
            normal(relation.predicate),
            _found_end(relation.subject, by_id.get(relation.subject_id or ""), types),
            _found_end(relation.object, by_id.get(relation.object_id or ""), types),
            normal(relation.predicate) in symmetric,
        )
        for relation in relations
    )


def gold_triples(document: GoldDocument, things: Sequence[NamedItem], symmetric: Names) -> list[Triple]:
    """What a person marked in a document; an end is right under any name of the entities it names."""
    ends = {name: _gold_end(name, things) for r in document.relations for name in (r.subject, r.object)}
    return merged_triples(
        Triple(normal(r.predicate), ends[r.subject], ends[r.object], normal(r.predicate) in symmetric)
        for r in document.relations
    )


def undirected(triples: Sequence[Triple]) -> list[Triple]:
    """The same with one triple for each predicate and unordered pair."""
    return merged_triples(Triple(triple.predicate, triple.subject, triple.object, True) for triple in triples)


def merged_triples(triples: Iterable[Triple]) -> list[Triple]:
    """Sorted, with each triple once; an `either_way` triple is the same whichever end comes first."""
    merged: dict[tuple[str, ...], Triple] = {}
    for triple in triples:
        ends = (triple.subject.name, triple.object.name)
        key = (triple.predicate, *(sorted(ends) if triple.either_way else ends))
        known = merged.get(key)
        merged[key] = _joined_triple(known, triple) if known else triple
    return [merged[key] for key in sorted(merged)]


def _joined_triple(known: Triple, triple: Triple) -> Triple:
    swap = known.subject.name != triple.subject.name
    subject, other = (triple.object, triple.subject) if swap else (triple.subject, triple.object)
    return replace(known, subject=_joined_end(known.subject, subject), object=_joined_end(known.object, other))


def _joined_end(one: End, two: End) -> End:
    return End(one.name, one.names | two.names, one.types | two.types)


def _found(entity: Entity) -> NamedItem:
    name, kind = normal(entity.name), normal(entity.type)
    return NamedItem(name, kind, frozenset({name}), frozenset({kind}), tuple(entity.mentions), entity.attributes)


def _gold(entity: GoldEntity, text: str | None) -> NamedItem:
    mentions = [text[start:end] for start, end in entity.mentions] if text is not None else []
    names = frozenset(map(normal, (entity.name, *entity.aliases, *mentions))) - {""}
    types = frozenset(map(normal, (entity.type, *entity.alt_types)))
    return NamedItem(normal(entity.name), normal(entity.type), names, types, entity.mentions, entity.attributes)


def _merged(things: Iterable[NamedItem], key: Callable[[NamedItem], tuple[Hashable, ...]]) -> list[NamedItem]:
    merged: dict[Any, NamedItem] = {}
    for thing in sorted(things, key=lambda t: (t.name, t.type, str(t.attributes))):
        known = merged.get(key(thing))
        merged[key(thing)] = _joined(known, thing) if known else thing
    return list(merged.values())


def _joined(one: NamedItem, two: NamedItem) -> NamedItem:
    return NamedItem(
        one.name, one.type, one.names | two.names, one.types | two.types, one.spans + two.spans,
        {**two.attributes, **one.attributes},
    )  # fmt: skip


def _types_by_name(things: Sequence[NamedItem]) -> dict[str, Names]:
    return {thing.name: thing.types for thing in untyped(things)}


def _found_end(name: str | None, entity: Entity | None, types: dict[str, Names]) -> End:
    if entity:
        return End(
            normal(entity.name), frozenset({normal(entity.name), normal(name)}) - {""}, frozenset({normal(entity.type)})
        )
    return End(normal(name), frozenset({normal(name)}) - {""}, types.get(normal(name), frozenset()))


def _gold_end(name: str, things: Sequence[NamedItem]) -> End:
    called = normal(name)
    meant = [t for t in things if t.name == called] or [t for t in things if called in t.names]
    names = frozenset({called}).union(*(t.names for t in meant))
    return End(called, names, frozenset().union(*(t.types for t in meant)))
