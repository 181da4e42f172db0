"""A validated record into rows: entities with their mentions, relations tied to entities, the summary."""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from extractor.answers.ground import find_all, first_span
from extractor.types import Entity, Relation, TableField

QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "「": "」", "『": "』", "《": "》", "〈": "〉"}


def entities_of(record: Any, fields: Sequence[TableField], text: str) -> list[Entity]:
    """The entities in the record's order, each once, with every exact mention in the text."""
    found: dict[str, Entity] = {}
    for field, item in _items(record, fields, "entities"):
        name, kind, rest, confidence = _entity_parts(field, item)
        key = json.dumps([name, kind, rest], sort_keys=True)
        if name and key not in found:
            spans = find_all(name, text)
            match = "exact" if spans else "none"
            found[key] = Entity(f"e{len(found) + 1}", name, kind, spans, match, rest, confidence)  # type: ignore[arg-type]
    return list(found.values())


def relations_of(record: Any, fields: Sequence[TableField], text: str, entities: list[Entity]) -> list[Relation]:
    """The relations in the record's order; an end's id is that of the first entity of that name."""
    ids = _ids_by_name(entities)
    rows: list[Relation] = []
    for field, item in _items(record, fields, "relations"):
        if not isinstance(item, dict):
            continue
        said = {role: item.get(key) for role, key in field.roles.items()}
        subject, target = _name(said.get("subject")), _name(said.get("object"))
        rest = {key: value for key, value in item.items() if key not in field.roles.values()}
        quote = _text(said.get("evidence"))
        span = first_span(quote, text) if quote else None
        if quote and not span:
            rest[field.roles["evidence"]] = quote
        rows.append(
            Relation(
                relation_id=f"r{len(rows) + 1}",
                subject_id=_id(ids, subject),
                predicate=_text(said.get("predicate")) or (None if "predicate" in field.roles else field.label),
                object_id=_id(ids, target),
                subject=subject,
                object=target,
                evidence=span,
                attributes=rest,
                confidence=_number(said.get("confidence")),
            )
        )
    return rows


def summary_of(record: Any, fields: Sequence[TableField]) -> str | None:
    """The summary's text, several joined by blank lines, or None where there is none."""
    parts = [
        value
        for field in fields
        if field.table == "summary"
        for value in _at(record, field.path)
        if isinstance(value, str) and value.strip()
    ]
    return "\n\n".join(parts) or None


def _items(record: Any, fields: Sequence[TableField], table: str) -> Iterator[tuple[TableField, Any]]:
    for field in fields:
        if field.table == table:
            for value in _at(record, field.path):
                yield from ((field, item) for item in (value if isinstance(value, list) else []))


def _at(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    if not path:
        yield value
    elif path[0] == "[]":
        for item in value if isinstance(value, list) else []:
            yield from _at(item, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from _at(value[path[0]], path[1:])


def _entity_parts(field: TableField, item: Any) -> tuple[str | None, str | None, dict[str, Any], float | None]:
    if not isinstance(item, dict):
        return _name(item), field.label, {}, None
    said = {role: item.get(key) for role, key in field.roles.items()}
    kind = _text(said.get("type")) or (None if "type" in field.roles else field.label)
    rest = {key: value for key, value in item.items() if key not in field.roles.values()}
    return _name(said.get("name")), kind, rest, _number(said.get("confidence"))


def _ids_by_name(entities: list[Entity]) -> dict[str, str]:
    ids: dict[str, str] = {}
    for entity in entities:
        ids.setdefault(entity.name, entity.entity_id)
    for entity in entities:
        ids.setdefault(entity.name.casefold(), entity.entity_id)
    return ids


def _id(ids: dict[str, str], name: str | None) -> str | None:
    return (ids.get(name) or ids.get(name.casefold())) if name else None


def _name(value: Any) -> str | None:
    """The text less the quotation marks that enclose the whole of it: 《红楼梦》 is called 红楼梦."""
    text = _text(value)
    if text and len(text) > 2 and QUOTES.get(text[0]) == text[-1] and text[-1] not in text[1:-1]:
        return text[1:-1].strip() or text
    return text


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value.strip() or None
    return None if value is None or isinstance(value, dict | list) else json.dumps(value)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > sys.float_info.max:
        return None
    return float(value)
