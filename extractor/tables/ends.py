"""A relation, and whether it can be meant: what the schema says of a predicate's ends, held against the entities.

An end that the answer did not list as an entity has no type, and contradicts nothing. Nothing is lost by it: the record
keeps the answer as it was given, and what was left out of the table is named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from extractor.tables.entities import Entity, grouped
from extractor.tables.fold import Span, fold
from extractor.tables.names import akin
from extractor.types import Ends


@dataclass(frozen=True, slots=True)
class Relation:
    """Two ends and a predicate; an id is None where no entity is that end. `linked` says of each end how its id was
    inferred, None of one whose id was not; it is None where neither was. A span is where an end stands in the text."""

    relation_id: str
    subject_id: str | None
    predicate: str | None
    object_id: str | None
    subject: str | None
    object: str | None
    evidence: Span | None
    attributes: dict[str, Any]
    confidence: float | None = None
    linked: tuple[str | None, str | None] | None = None
    subject_span: Span | None = None
    object_span: Span | None = None


def meant(
    relations: Sequence[Relation], entities: Sequence[Entity], joins: Mapping[str, Ends], by_id: bool = False
) -> tuple[list[Relation], list[str]]:
    """The relations that stand, turned round where that fits their predicate better, and the others in words.

    `joins` are the types of the ends that each predicate joins; `by_id` says that ends are given by the entities' ids.
    """
    types = _EndTypes(entities, by_id)
    kept: dict[tuple[str, ...], Relation] = {}
    dropped = []
    for relation in relations:
        fitting, why = _fitting(relation, joins.get(relation.predicate or "", (None, None)), types)
        key = (
            fitting.subject_id or _folded(fitting.subject),
            str(fitting.predicate),
            fitting.object_id or _folded(fitting.object),
            str(fitting.attributes),
        )
        if why or key in kept:
            dropped.append(f"{relation.subject} | {relation.predicate} | {relation.object}: {why or 'said before'}")
        else:
            kept[key] = fitting
    return [_called(relation, f"r{n}") for n, relation in enumerate(kept.values(), 1)], dropped


def _called(relation: Relation, name: str) -> Relation:
    return relation if relation.relation_id == name else replace(relation, relation_id=name)


def _fitting(relation: Relation, ends: Ends, types: "_EndTypes") -> tuple[Relation, str]:
    """The relation as it fits its predicate better, or why it does not."""
    if _is_with_itself(relation):
        return relation, "of a thing with itself"
    said = types.of(relation.subject, relation.subject_id), types.of(relation.object, relation.object_id)
    as_given, turned = (
        [_fit(found, allowed) for found, allowed in zip(pair, ends, strict=True)] for pair in (said, said[::-1])
    )
    if max(min(as_given), min(turned)) < 0:
        wanted = " → ".join(" or ".join(sorted(allowed)) if allowed else "any" for allowed in ends)
        given = " → ".join(" or ".join(sorted(found)) or "no entity" for found in said)
        return relation, f"joins {wanted}, this is {given}"
    better = min(as_given) < 0 or (min(turned) >= 0 and sum(turned) > sum(as_given))
    return (_turned(relation) if better else relation), ""


def _fit(types: set[str], allowed: frozenset[str] | None) -> int:
    """1 where they agree, -1 where they contradict each other, 0 where either says nothing."""
    if not types or allowed is None:
        return 0
    return 1 if types & allowed or any(akin(one, other) for one in types for other in allowed) else -1


def _turned(relation: Relation) -> Relation:
    return replace(
        relation,
        subject=relation.object,
        subject_id=relation.object_id,
        object=relation.subject,
        object_id=relation.subject_id,
        linked=relation.linked and relation.linked[::-1],
        subject_span=relation.object_span,
        object_span=relation.subject_span,
    )


def _is_with_itself(relation: Relation) -> bool:
    """Whether both ends are one thing; two entities of one name are two things."""
    if relation.subject_id and relation.object_id:
        return relation.subject_id == relation.object_id
    return bool(relation.subject) and _folded(relation.subject) == _folded(relation.object)


class _EndTypes:
    """The types of an end: of all entities of its name, or of one entity, where ends are given by id or inferred."""

    def __init__(self, entities: Sequence[Entity], by_id: bool) -> None:
        self._are_given_by_id = by_id
        self._by_id = {entity.entity_id: entity for entity in entities}
        self._by_name: dict[str, list[Entity]] = grouped(entities, fold)

    def of(self, name: str | None, entity_id: str | None) -> set[str]:
        one = self._by_id.get(entity_id or "")
        called = _folded(one.name if one else name)
        only = one if self._are_given_by_id or called != _folded(name) else None
        alike = self._by_name.get(called, [])
        return {entity.type for entity in alike if entity.type and (not only or entity.attributes == only.attributes)}


def _folded(name: str | None) -> str:
    return fold(name or "")
