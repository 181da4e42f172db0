"""Relations that cannot be meant: what the schema says of a predicate's ends, held against the answer's own entities.

Nothing is lost by it: the record keeps the answer as it was given, and what was left out of the table is named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from extractor.types import Ends, Entity, Relation, TableField


def sift(
    relations: Sequence[Relation], entities: Sequence[Entity], fields: Sequence[TableField]
) -> tuple[list[Relation], list[str]]:
    """The relations that stand, turned round where only that fits their predicate, and the others in words."""
    joins = {predicate: ends for field in fields for predicate, ends in field.ends.items()}
    types = _types_by_name(entities)
    kept: dict[tuple[str, ...], Relation] = {}
    dropped = []
    for relation in relations:
        fitting, why = _fitting(relation, joins.get(relation.predicate or "", (None, None)), types)
        key = (str(fitting.subject), str(fitting.predicate), str(fitting.object), str(fitting.attributes))
        if why or key in kept:
            dropped.append(f"{relation.subject} | {relation.predicate} | {relation.object}: {why or 'said before'}")
        else:
            kept[key] = fitting
    return [replace(relation, relation_id=f"r{n}") for n, relation in enumerate(kept.values(), 1)], dropped


def _fitting(relation: Relation, ends: Ends, types: Mapping[str, set[str]]) -> tuple[Relation, str]:
    """The relation as it fits its predicate, or why it does not."""
    subject, target = _folded(relation.subject), _folded(relation.object)
    if subject and subject == target:
        return relation, "of a thing with itself"
    if all(_fits(name, allowed, types) for name, allowed in zip((subject, target), ends, strict=True)):
        return relation, ""
    if all(_fits(name, allowed, types) for name, allowed in zip((target, subject), ends, strict=True)):
        return _turned(relation), ""
    wanted = " → ".join(" or ".join(sorted(allowed)) if allowed else "any" for allowed in ends)
    given = " → ".join(" or ".join(sorted(types.get(name, ()))) or "no entity" for name in (subject, target))
    return relation, f"joins {wanted}, this is {given}"


def _fits(name: str, allowed: frozenset[str] | None, types: Mapping[str, set[str]]) -> bool:
    return allowed is None or not allowed.isdisjoint(types.get(name, ()))


def _turned(relation: Relation) -> Relation:
    return replace(
        relation,
        subject=relation.object,
        subject_id=relation.object_id,
        object=relation.subject,
        object_id=relation.subject_id,
    )


def _types_by_name(entities: Sequence[Entity]) -> dict[str, set[str]]:
    types: dict[str, set[str]] = {}
    for entity in entities:
        types.setdefault(_folded(entity.name), set()).add(str(entity.type))
    return types


def _folded(name: str | None) -> str:
    return (name or "").casefold()
