"""Which of the things that a run found in a document are right by gold, and what it missed, by the strict rules."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from extractor.evaluation.gold import Annotation, Gold, GoldDocument
from extractor.evaluation.matching import Matching, normal
from extractor.evaluation.normalised import Triple
from extractor.evaluation.row_items import row_key
from extractor.evaluation.runs import Run
from extractor.evaluation.scored_tables import FURTHER
from extractor.evaluation.tally import Sides, both_sides, strict_items, strict_triples
from extractor.tables import ENTITIES, RELATIONS, Entity, Relation, Table

RIGHT, UNKNOWN, WRONG = 1, 0, -1
Names = frozenset[str]


@dataclass(frozen=True, slots=True)
class RowMarks:
    """Verdicts in the order of the run's rows of a further table, the rows it missed, and how both were matched."""

    verdicts: list[int]
    missed: list[dict[str, Any]] = field(default_factory=list)
    outcome: Matching | None = None  # None: gold does not mark the table


@dataclass(frozen=True, slots=True)
class DocumentMarks:
    """Verdicts in the order of the run's entities and relations, what it missed, and (hits, wrong, missed)."""

    entities: list[int]
    relations: list[int]
    rows: dict[str, RowMarks]  # by further table
    missed_entities: list[tuple[str, str, Sequence[tuple[int, int]]]] = field(default_factory=list)
    missed_relations: list[tuple[str, str, str]] = field(default_factory=list)
    score: tuple[int, int, int] | None = None


def marks(run: Run, gold: Gold | None, doc_id: str) -> DocumentMarks:
    """The marks of one document; all unknown where gold does not know it."""
    entities, relations = run.entities.get(doc_id, []), run.relations.get(doc_id, [])
    if gold is None or doc_id not in gold.documents:
        rows = {table.name: RowMarks([UNKNOWN] * len(run.further_rows(table, doc_id))) for table in FURTHER}
        return DocumentMarks([UNKNOWN] * len(entities), [UNKNOWN] * len(relations), rows)
    document, symmetric, annotation = gold.documents[doc_id], frozenset(map(normal, gold.symmetric)), gold.annotation
    sides = both_sides(run, gold, doc_id)
    things = sides.items[ENTITIES.name][1]
    strict = strict_items(*sides.items[ENTITIES.name])
    linked = strict_triples(sides.found_triples, sides.gold_triples) if annotation[RELATIONS.name] != "none" else None
    found, wanted = (
        [_triple_key(k, symmetric) for k in triples] for triples in (sides.found_triples, sides.gold_triples)
    )
    right_triples = {found[f] for f, _ in linked.pairs} if linked else set()
    keys = [_unordered(k, symmetric) for k in relation_keys(relations, entities)]
    rows = {table.name: _row_marks(run, gold, sides, table, doc_id) for table in FURTHER}
    outcomes = [strict if annotation[ENTITIES.name] != "none" else None, linked, *(r.outcome for r in rows.values())]
    return DocumentMarks(
        _verdicts([entity_key(e) for e in entities], _right(sides, ENTITIES, strict), annotation[ENTITIES.name]),
        _verdicts(keys, right_triples, annotation[RELATIONS.name]),
        rows,
        _missed_entities(document, [(t.name, t.type) for t in things], strict),
        _missed_relations(document, wanted, linked, symmetric),
        _score(outcomes),
    )


def _row_marks(run: Run, gold: Gold, sides: Sides, table: Table, doc_id: str) -> RowMarks:
    rows, document = run.further_rows(table, doc_id), gold.documents[doc_id]
    if table.name not in sides.items:
        return RowMarks([UNKNOWN] * len(rows))
    outcome, wanted = strict_items(*sides.items[table.name]), sides.items[table.name][1]
    keys, right = [row_key(table, row) for row in rows], _right(sides, table, outcome)
    hit = {(wanted[g].name, wanted[g].type) for _, g in outcome.pairs}
    missed = {row_key(table, row.values): row.values for row in document.rows.get(table.name, ())}
    return RowMarks(
        _verdicts(keys, right, gold.annotation[table.name]),
        [values for key, values in missed.items() if key not in hit],
        outcome,
    )


def entity_key(entity: Entity) -> tuple[str, str]:
    """What makes two entities of a document the same: name and type."""
    return normal(entity.name), normal(entity.type)


def relation_keys(relations: Sequence[Relation], entities: Sequence[Entity]) -> list[tuple[str, str, str]]:
    """What makes two relations of a document the same: predicate, subject, object."""
    names = {entity.entity_id: normal(entity.name) for entity in entities}
    return [
        (
            normal(r.predicate),
            names.get(r.subject_id or "", normal(r.subject)),
            names.get(r.object_id or "", normal(r.object)),
        )
        for r in relations
    ]


def _triple_key(triple: Triple, symmetric: Names) -> tuple[str, ...]:
    return _unordered((triple.predicate, triple.subject.name, triple.object.name), symmetric)


def _unordered(key: tuple[str, str, str], symmetric: Names) -> tuple[str, ...]:
    return (key[0], *sorted(key[1:])) if key[0] in symmetric else key


def _verdicts(keys: Sequence[Hashable], right: set[Any], annotation: Annotation) -> list[int]:
    otherwise = WRONG if annotation == "exhaustive" else UNKNOWN
    return [RIGHT if key in right else otherwise for key in keys]


def _right(sides: Sides, table: Table, outcome: Matching) -> set[tuple[str, str]]:
    found, _ = sides.items[table.name]
    return {(found[f].name, found[f].type) for f, _ in outcome.pairs}


def _missed_entities(
    document: GoldDocument, keys: Sequence[tuple[str, str]], outcome: Matching
) -> list[tuple[str, str, Sequence[tuple[int, int]]]]:
    """As gold spells them; `keys` are in the order that the outcome numbers them."""
    hit = {keys[g] for _, g in outcome.pairs}
    spelled = {(normal(e.name), normal(e.type)): e for e in reversed(document.entities)}
    return [(e.name, e.type, e.mentions) for key in keys if key not in hit and (e := spelled.get(key))]


def _missed_relations(
    document: GoldDocument, keys: Sequence[tuple[str, ...]], outcome: Matching | None, symmetric: Names
) -> list[tuple[str, str, str]]:
    hit = {keys[g] for _, g in outcome.pairs} if outcome else set(keys)
    triples = [(r.subject, r.predicate, r.object) for r in document.relations]
    by_key = {_unordered((normal(p), normal(s), normal(o)), symmetric): (s, p, o) for s, p, o in reversed(triples)}
    return [triple for key, triple in by_key.items() if key in set(keys) - hit]


def _score(outcomes: Sequence[Matching | None]) -> tuple[int, int, int] | None:
    known = [o for o in outcomes if o]
    if not known:
        return None
    return sum(len(o.hits) for o in known), sum(len(o.spurious) for o in known), sum(len(o.missed) for o in known)
