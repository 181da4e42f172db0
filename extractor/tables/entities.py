"""The table `entities`: things that the answer names, and where they stand in the text."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from extractor.tables.grounding import find_all
from extractor.tables.items import Item
from extractor.tables.table import ATTRIBUTES, CONFIDENCE, DOC_ID, SPAN, Made, Rows, Table, column

Match = Literal["exact", "normalised", "fuzzy", "none"]


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing the answer names; `mentions` are [start, end) in code points of the document's text."""

    entity_id: str
    name: str
    type: str | None
    mentions: list[tuple[int, int]]
    match: Match
    attributes: dict[str, Any]
    confidence: float | None = None


def make_entities(items: Sequence[Item], text: str, made: Made) -> Rows:
    """The entities in the record's order, each once, with every exact mention in the text."""
    found: dict[str, Entity] = {}
    for item in items:
        name, kind = item.name("name"), item.kind("type")
        key = json.dumps([name, kind, item.rest], sort_keys=True)
        if name and key not in found:
            spans = find_all(name, text)
            match: Match = "exact" if spans else "none"
            number = item.number("confidence")
            found[key] = Entity(f"e{len(found) + 1}", name, kind, spans, match, item.rest, number)
    return list(found.values()), []


def ids_by_name(entities: Iterable[Entity]) -> dict[str, str]:
    """The id of the first entity of each name, and of each name in any case."""
    entities = list(entities)
    ids: dict[str, str] = {}
    for entity in entities:
        ids.setdefault(entity.name, entity.entity_id)
    for entity in entities:
        ids.setdefault(entity.name.casefold(), entity.entity_id)
    return ids


def id_of(ids: dict[str, str], name: str | None) -> str | None:
    """The id that `ids_by_name` knows for this name, or None."""
    return (ids.get(name) or ids.get(name.casefold())) if name else None


ENTITIES = Table(
    name="entities",
    word="entities",
    one="entity",
    columns=pa.schema(
        [
            DOC_ID,
            column("entity_id", pa.string(), "unique within the document"),
            column("name", pa.string(), "as the answer has it, less quotation marks around it"),
            column("type", pa.string(), "as the answer has it, or the property's name"),
            column("mentions", pa.list_(SPAN), "[start, end) in code points of the document's text"),
            column("match", pa.string(), "how the mentions were found: exact, normalised, fuzzy or none"),
            ATTRIBUTES,
            CONFIDENCE,
        ]
    ),
    make=make_entities,
    roles=("name", "type", "confidence"),
    needed=("name",),
    names=("name",),
    kind="type",
    takes_plain_text=True,
    needs_no_mark=True,
    scored=("name",),
)
