"""A validated record into rows: entities with their mentions, relations tied to entities, the summary."""

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from extractor.answers.ends import End, EndFinder, names_of, text_of
from extractor.answers.ground import Span, find_all, first_span
from extractor.answers.items import Item, at, items, texts
from extractor.types import Entity, Match, Relation, TableField


def entities_of(record: Any, fields: Sequence[TableField], text: str) -> list[Entity]:
    """The entities in the record's order, each once, with every exact mention in the text.

    An item with several names or types gives a row for each.
    """
    found: dict[str, Entity] = {}
    for item in items(record, fields, "entities"):
        rest = item.attributes(("name", "type", "confidence"))
        for name, kind in product(_names(item), _kinds(item, "type")):
            key = json.dumps([name, kind, rest], sort_keys=True)
            if key not in found:
                spans, confidence = find_all(name, text), _number(item.said.get("confidence"))
                match: Match = "exact" if spans else "none"
                found[key] = Entity(f"e{len(found) + 1}", name, kind, spans, match, rest, confidence)
    return list(found.values())


def relations_of(record: Any, fields: Sequence[TableField], text: str, entities: list[Entity]) -> list[Relation]:
    """The relations in the record's order; an end is tied to the entity of its id, else to the first of its name.

    An item with several subjects, predicates or objects gives a row for each.
    """
    finder = EndFinder(record, fields, entities)
    rows: list[Relation] = []
    for item in items(record, fields, "relations"):
        span, quoted = _evidence(item, text)
        rest = item.attributes(("subject", "predicate", "object", "confidence", *(["evidence"] if quoted else [])))
        for subject, predicate, target in _triples(item, finder):
            rows.append(
                Relation(
                    relation_id=f"r{len(rows) + 1}",
                    subject_id=subject.entity_id,
                    predicate=predicate,
                    object_id=target.entity_id,
                    subject=subject.name,
                    object=target.name,
                    evidence=span,
                    attributes=rest,
                    confidence=_number(item.said.get("confidence")),
                )
            )
    return rows


def summary_of(record: Any, fields: Sequence[TableField]) -> str | None:
    """The summary's text, several joined by blank lines, or None where there is none."""
    places = dict.fromkeys(field.path for field in fields if field.table == "summary")
    parts = [part for path in places for value in at(record, path) for part in texts(value) if part.strip()]
    return "\n\n".join(parts) or None


def _triples(item: Item, finder: EndFinder) -> Iterator[tuple[End, str | None, End]]:
    inner = item.source.inner
    for predicate in _kinds(item, "predicate"):
        wanted = item.source.ends.get(predicate or "", (None, None))
        subjects = finder.find(item.said.get("subject"), inner.get("subject", {}), wanted[0])
        objects = finder.find(item.said.get("object"), inner.get("object", {}), wanted[1])
        yield from ((subject, predicate, target) for subject, target in product(subjects, objects))


def _names(item: Item) -> Iterator[str]:
    yield from names_of(item.said.get("name"), item.source.inner.get("name", {}))


def _kinds(item: Item, role: str) -> list[str | None]:
    """The types or predicates of an item: as it says, else the field's label where it has no place to say it."""
    keyed = any(step.startswith(f"{{{role}") for step in item.source.shape)
    keys = item.source.inner.get(role, {})
    said = list(dict.fromkeys(names_of(item.said.get(role), keys, name=text_of)))
    return [*said] or [None if role in item.source.roles or keyed or item.source.bare == role else item.source.label]


def _evidence(item: Item, text: str) -> tuple[Span | None, bool]:
    """Where the first quote stands that is in the text, and whether that is all that was quoted."""
    quotes = [quote for one in texts(item.said.get("evidence")) if (quote := text_of(one))]
    spans = [span for quote in quotes if (span := first_span(quote, text))]
    return (spans[0] if spans else None), len(quotes) <= 1 and len(spans) == len(quotes)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > sys.float_info.max:
        return None
    return float(value)
