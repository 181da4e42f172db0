"""Count, document by document, what was found rightly, found wrongly and missed, by every rule we report."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from extractor.evaluation.gold import Annotation, Gold
from extractor.evaluation.matching import Matching, match, normal
from extractor.evaluation.shelf import Numbers, Run
from extractor.evaluation.things import (
    End,
    Link,
    Thing,
    found_entities,
    found_links,
    gold_entities,
    gold_links,
    undirected,
    untyped,
)

HITS, SPURIOUS, MISSED = 0, 1, 2
ENTITY_METRICS = ("entity_strict", "entity_any_type", "entity_overlap")
RELATION_METRICS = ("relation_strict", "relation_any_direction", "relation_typed")


@dataclass(frozen=True, slots=True)
class MetricCounts:
    """One metric's counts[document, type, (hits, spurious, missed)]; the last type gathers types gold does not know."""

    metric: str
    annotation: Annotation
    types: tuple[str, ...]  # as gold spells them
    counts: Numbers


@dataclass(frozen=True, slots=True)
class Sides:
    """One document as the run has it and as gold has it; the links are empty where gold marks no relations."""

    found: list[Thing]
    gold: list[Thing]
    found_links: list[Link]
    gold_links: list[Link]


@dataclass(frozen=True, slots=True)
class Matched:
    """Everything matched in one document: outcomes by metric, and the entities on both sides as `pairs` number them."""

    outcomes: dict[str, Matching]
    found: list[Thing]
    gold: list[Thing]


def match_document(run: Run, gold: Gold, doc_id: str) -> Matched:
    """One gold document against what the run has for it; a quarantined or pending one has nothing."""
    sides = both_sides(run, gold, doc_id)
    outcomes = _match_entities(sides.found, sides.gold)
    if gold.relations != "none":
        outcomes |= _match_links(sides.found_links, sides.gold_links)
    return Matched(outcomes, sides.found, sides.gold)


def both_sides(run: Run, gold: Gold, doc_id: str) -> Sides:
    """What is to be matched in one gold document."""
    document, entities = gold.documents[doc_id], run.entities.get(doc_id, [])
    found, wanted = found_entities(entities), gold_entities(document)
    if gold.relations == "none":
        return Sides(found, wanted, [], [])
    symmetric = frozenset(map(normal, gold.symmetric))
    links = found_links(run.relations.get(doc_id, []), entities, found, symmetric)
    return Sides(found, wanted, links, gold_links(document, wanted, symmetric))


def strict_entities(found: Sequence[Thing], gold: Sequence[Thing]) -> Matching:
    """Entities matched by name and type."""
    return match(found, gold, lambda t: t.names, _one_type, lambda t: t.type)


def strict_links(found: Sequence[Link], gold: Sequence[Link]) -> Matching:
    """Relations matched by predicate, subject and object, whatever their types."""
    return match(found, gold, _link_probes, _same_ends, lambda k: k.predicate)


def tallies(gold: Gold, matched: Sequence[Matched]) -> list[MetricCounts]:
    """Each metric's counts, in the order of `matched`; kinds that gold does not annotate are left out."""
    entity_types = _spelling(e.type for d in gold.documents.values() for e in d.entities)
    relation_types = _spelling(r.predicate for d in gold.documents.values() for r in d.relations)
    kinds = (
        (ENTITY_METRICS, gold.entities, entity_types),
        (RELATION_METRICS, gold.relations, relation_types),
    )
    return [
        MetricCounts(
            metric, annotation, tuple(types.values()), _counts([m.outcomes[metric] for m in matched], list(types))
        )
        for metrics, annotation, types in kinds
        if annotation != "none"
        for metric in metrics
    ]


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


def _match_entities(found: Sequence[Thing], gold: Sequence[Thing]) -> dict[str, Matching]:
    return {
        "entity_strict": strict_entities(found, gold),
        "entity_any_type": match(untyped(found), untyped(gold), lambda t: t.names, lambda a, b: True, lambda t: t.type),
        "entity_overlap": match(found, gold, _names_and_positions, _one_type, lambda t: t.type),
    }


def _one_type(found: Thing, gold: Thing) -> bool:
    return not found.types.isdisjoint(gold.types)


def _names_and_positions(thing: Thing) -> Iterable[str | int]:
    return [*thing.names, *(position for start, end in thing.spans for position in range(start, end))]


def _match_links(found: Sequence[Link], gold: Sequence[Link]) -> dict[str, Matching]:
    def typed(a: Link, b: Link) -> bool:
        return _fits(a, b, lambda e, f: _same_name(e, f) and (not f.types or not e.types.isdisjoint(f.types)))

    loose, wanted = undirected(found), undirected(gold)
    return {
        "relation_strict": strict_links(found, gold),
        "relation_any_direction": strict_links(loose, wanted),
        "relation_typed": match(found, gold, _link_probes, typed, lambda k: k.predicate),
    }


def _fits(a: Link, b: Link, same: Callable[[End, End], bool]) -> bool:
    straight = same(a.subject, b.subject) and same(a.object, b.object)
    return straight or (b.either_way and same(a.subject, b.object) and same(a.object, b.subject))


def _same_ends(found: Link, gold: Link) -> bool:
    return _fits(found, gold, _same_name)


def _same_name(found: End, gold: End) -> bool:
    return not found.names.isdisjoint(gold.names)


def _link_probes(link: Link) -> Iterable[tuple[str, str]]:
    names = link.subject.names | link.object.names if link.either_way else link.subject.names
    return [(link.predicate, name) for name in names]
