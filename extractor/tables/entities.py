"""The table `entities`: things that the answer names, and where they stand in the text."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import pyarrow as pa

from extractor.tables.grounding import Ground, Match
from extractor.tables.items import Item
from extractor.tables.names import kinds_of, names_of
from extractor.tables.table import ATTRIBUTES, CONFIDENCE, DOC_ID, SPAN, Made, Rows, Table, column

Key = tuple[str, str | None, str]


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
    score: float | None = None


def make_entities(items: Sequence[Item], ground: Ground, made: Made) -> Rows:
    """The entities in the record's order, each once, with every mention in the text.

    An item with several names or types gives a row for each.
    """
    found: dict[Key, Entity] = {}
    for item in items:
        rest = item.attributes(("name", "type", "confidence"))
        names = names_of(item.said.get("name"), item.source.inner.get("name", {}))
        for name, kind in product(names, kinds_of(item, "type")):
            key = key_of(name, kind, rest)
            if key not in found:
                place, number = ground.find(name), item.number("confidence")
                identifier = f"e{len(found) + 1}"
                found[key] = Entity(identifier, name, kind, place.mentions, place.match, rest, number, place.score)
    return list(found.values()), []


def key_of(name: str, kind: str | None, rest: Mapping[str, Any]) -> Key:
    """What two entities of a record differ in."""
    return name, kind, json.dumps(rest, sort_keys=True) if rest else ""


def grouped(entities: Sequence[Any], form: Callable[[str], str]) -> dict[str, list[Any]]:
    """The entities by this form of their names, those of one form in their order."""
    found: dict[str, list[Any]] = {}
    for entity in entities:
        found.setdefault(form(entity.name), []).append(entity)
    return found


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
            column("score", pa.float64(), "0 to 1: how like the name its mentions are, where match is fuzzy"),
        ]
    ),
    make=make_entities,
    roles=("name", "type", "id", "confidence"),
    needed=("name",),
    names=("name",),
    kind="type",
    keys=("name", "type", "id"),
    bare="name",
    needs_no_mark=True,
    scored=("name",),
)
