"""A relation, and whether it can be meant: what the schema says of a predicate's ends, held against the entities.

An end that the answer did not list as an entity has no type, and contradicts nothing. Nothing is lost by it: the record
keeps the answer as it was given, and what was left out of the table is named.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from extractor.tables.entities import Entity
from extractor.types import Ends


@dataclass(frozen=True, slots=True)
class Relation:
    """Two ends and a predicate; an id is None where no entity has that name."""

    relation_id: str
    subject_id: str | None
    predicate: str | None
    object_id: str | None
    subject: str | None
    object: str | None
    evidence: tuple[int, int] | None
    attributes: dict[str, Any]
    confidence: float | None = None


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
            str(fitting.subject_id),
            str(fitting.object_id),
            str(fitting.subject),
            str(fitting.predicate),
            str(fitting.object),
            str(fitting.attributes),
        )
        if why or key in kept:
            dropped.append(f"{relation.subject} | {relation.predicate} | {relation.object}: {why or 'said before'}")
        else:
            kept[key] = fitting
    return [replace(relation, relation_id=f"r{n}") for n, relation in enumerate(kept.values(), 1)], dropped


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
    return 1 if any(_akin(one, other) for one in types for other in allowed) else -1


def _akin(one: str, other: str) -> bool:
    """Whether one label is or holds the other: a living_person is a kind of person, a 娱乐人物 of 人物."""
    short, long = sorted((one.casefold(), other.casefold()), key=len)
    return re.search(rf"(?<![a-z]){re.escape(short)}(?![a-z])", long) is not None


def _turned(relation: Relation) -> Relation:
    return replace(
        relation,
        subject=relation.object,
        subject_id=relation.object_id,
        object=relation.subject,
        object_id=relation.subject_id,
    )


def _is_with_itself(relation: Relation) -> bool:
    """Whether both ends are one thing; two entities of one name are two things."""
    if relation.subject_id and relation.object_id and relation.subject_id != relation.object_id:
        return False
    return bool(relation.subject) and _folded(relation.subject) == _folded(relation.object)


class _EndTypes:
    """The types of an end: of all entities of its name, or of the one entity where ends are given by id."""

    def __init__(self, entities: Sequence[Entity], by_id: bool) -> None:
        self._by_id = {entity.entity_id: entity for entity in entities} if by_id else {}
        self._by_name: dict[str, list[Entity]] = {}
        for entity in entities:
            self._by_name.setdefault(_folded(entity.name), []).append(entity)

    def of(self, name: str | None, entity_id: str | None) -> set[str]:
        one = self._by_id.get(entity_id or "")
        alike = self._by_name.get(_folded(name), [])
        return {entity.type for entity in alike if entity.type and (not one or entity.attributes == one.attributes)}


def _folded(name: str | None) -> str:
    return (name or "").casefold()
