"""Count, document by document, what was found rightly, found wrongly and missed, by every rule we report."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from extractor.evaluation.gold import Annotation, Gold, GoldDocument
from extractor.evaluation.matching import Matching, match, normal
from extractor.evaluation.normalised import (
    End,
    NamedItem,
    Triple,
    found_entities,
    found_triples,
    gold_entities,
    gold_triples,
    undirected,
    untyped,
)
from extractor.evaluation.row_items import found_rows, marked_rows
from extractor.evaluation.runs import Numbers, Run
from extractor.evaluation.scored_tables import FURTHER, SCORED, metrics_of
from extractor.tables import ENTITIES, RELATIONS, Table

HITS, SPURIOUS, MISSED = 0, 1, 2
Pair = tuple[list[NamedItem], list[NamedItem]]  # as the run has them, and as gold has them


@dataclass(frozen=True, slots=True)
class MetricCounts:
    """One metric's counts[document, type, (hits, spurious, missed)]; the last type gathers types gold does not know."""

    metric: str
    annotation: Annotation
    types: tuple[str, ...]  # as gold spells them; none where the table has no kinds
    counts: Numbers


@dataclass(frozen=True, slots=True)
class Sides:
    """One document as the run has it and as gold has it: items by table, of those further tables that gold marks; the
    triples are empty where gold marks no relations."""

    items: dict[str, Pair]
    found_triples: list[Triple]
    gold_triples: list[Triple]


@dataclass(frozen=True, slots=True)
class Matched:
    """Everything matched in one document: outcomes by metric, and the items of both sides as `pairs` number them."""

    outcomes: dict[str, Matching]
    items: dict[str, Pair]


def match_document(run: Run, gold: Gold, doc_id: str) -> Matched:
    """One gold document against what the run has for it; a quarantined or pending one has nothing."""
    sides = both_sides(run, gold, doc_id)
    outcomes = _match_entities(*sides.items[ENTITIES.name])
    if gold.annotation[RELATIONS.name] != "none":
        outcomes |= _match_triples(sides.found_triples, sides.gold_triples)
    for table in FURTHER:
        if table.name in sides.items:
            outcomes |= _match_rows(table, *sides.items[table.name])
    return Matched(outcomes, sides.items)


def both_sides(run: Run, gold: Gold, doc_id: str) -> Sides:
    """What is to be matched in one gold document."""
    document, entities = gold.documents[doc_id], run.entities.get(doc_id, [])
    found, wanted = found_entities(entities), gold_entities(document)
    items = {ENTITIES.name: (found, wanted)} | {
        table.name: (
            found_rows(table, run.further_rows(table, doc_id)),
            marked_rows(table, document.rows.get(table.name, ())),
        )
        for table in FURTHER
        if gold.annotation[table.name] != "none"
    }
    if gold.annotation[RELATIONS.name] == "none":
        return Sides(items, [], [])
    symmetric = frozenset(map(normal, gold.symmetric))
    triples = found_triples(run.relations.get(doc_id, []), entities, found, symmetric)
    return Sides(items, triples, gold_triples(document, wanted, symmetric))


def _both_rows(run: Run, document: GoldDocument, table: Table) -> Pair:
    rows = run.further_rows(table, document.doc_id)
    return found_rows(table, rows), marked_rows(table, document.rows.get(table.name, ()))


def strict_items(found: Sequence[NamedItem], gold: Sequence[NamedItem]) -> Matching:
    """Items matched by name and type."""
    return match(found, gold, lambda t: t.names, _one_type, lambda t: t.type)


def strict_triples(found: Sequence[Triple], gold: Sequence[Triple]) -> Matching:
    """Relations matched by predicate, subject and object, whatever their types."""
    return match(found, gold, _triple_probes, _same_ends, lambda k: k.predicate)


def tallies(gold: Gold, matched: Sequence[Matched]) -> list[MetricCounts]:
    """Each metric's counts, in the order of `matched`; tables that gold does not mark are left out."""
    made = []
    for table in SCORED:
        if gold.annotation[table.name] != "none":
            types = _spelling(k for d in gold.documents.values() for k in d.kinds(table)) if table.kind else {}
            for metric in metrics_of(table):
                counts = _counts([m.outcomes[metric] for m in matched], list(types))
                made.append(MetricCounts(metric, gold.annotation[table.name], tuple(types.values()), counts))
    return made


def _spelling(types: Iterable[str]) -> dict[str, str]:
    """Normal form → a spelling, sorted."""
    return {normal(kind): kind for kind in sorted(set(types), reverse=True)}


def _counts(outcomes: Sequence[Matching], types: Sequence[str]) -> Numbers:
    column = {kind: number for number, kind in enumerate(types)}
    counts = np.zeros((len(outcomes), len(types) + 1, 3))
    for row, outcome in enumerate(outcomes):
        for which, kinds in ((HITS, outcome.hits), (SPURIOUS, outcome.spurious), (MISSED, outcome.missed)):
            for kind in kinds:
                counts[row, column.get(kind, len(types)), which] += 1
    return counts


def _match_entities(found: Sequence[NamedItem], gold: Sequence[NamedItem]) -> dict[str, Matching]:
    return {
        "entity_strict": strict_items(found, gold),
        "entity_any_type": _any_type(found, gold),
        "entity_overlap": match(found, gold, _names_and_positions, _one_type, lambda t: t.type),
    }


def _match_rows(table: Table, found: Sequence[NamedItem], gold: Sequence[NamedItem]) -> dict[str, Matching]:
    return dict(zip(metrics_of(table), (strict_items(found, gold), _any_type(found, gold)), strict=False))


def _any_type(found: Sequence[NamedItem], gold: Sequence[NamedItem]) -> Matching:
    return match(untyped(found), untyped(gold), lambda t: t.names, lambda a, b: True, lambda t: t.type)


def _one_type(found: NamedItem, gold: NamedItem) -> bool:
    return not found.types.isdisjoint(gold.types)


def _names_and_positions(thing: NamedItem) -> Iterable[str | int]:
    return [*thing.names, *(position for start, end in thing.spans for position in range(start, end))]


def _match_triples(found: Sequence[Triple], gold: Sequence[Triple]) -> dict[str, Matching]:
    def typed(a: Triple, b: Triple) -> bool:
        return _fits(a, b, lambda e, f: _same_name(e, f) and (not f.types or not e.types.isdisjoint(f.types)))

    loose, wanted = undirected(found), undirected(gold)
    return {
        "relation_strict": strict_triples(found, gold),
        "relation_any_direction": strict_triples(loose, wanted),
        "relation_typed": match(found, gold, _triple_probes, typed, lambda k: k.predicate),
    }


def _fits(a: Triple, b: Triple, same: Callable[[End, End], bool]) -> bool:
    straight = same(a.subject, b.subject) and same(a.object, b.object)
    return straight or (b.either_way and same(a.subject, b.object) and same(a.object, b.subject))


def _same_ends(found: Triple, gold: Triple) -> bool:
    return _fits(found, gold, _same_name)


def _same_name(found: End, gold: End) -> bool:
    return not found.names.isdisjoint(gold.names)


def _triple_probes(triple: Triple) -> Iterable[tuple[str, str]]:
    names = triple.subject.names | triple.object.names if triple.either_way else triple.subject.names
    return [(triple.predicate, name) for name in names]
