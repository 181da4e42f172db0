"""The table `entities`: things that the answer names, and where they stand in the text."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import pyarrow as pa

from extractor.tables.grounding import find_all
from extractor.tables.items import Item
from extractor.tables.names import kinds_of, names_of
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
    """The entities in the record's order, each once, with every exact mention in the text.

    An item with several names or types gives a row for each.
    """
    found: dict[str, Entity] = {}
    for item in items:
        rest = item.attributes(("name", "type", "confidence"))
        names = names_of(item.said.get("name"), item.source.inner.get("name", {}))
        for name, kind in product(names, kinds_of(item, "type")):
            key = json.dumps([name, kind, rest], sort_keys=True)
            if key not in found:
                spans = find_all(name, text)
                match: Match = "exact" if spans else "none"
                number = item.number("confidence")
                found[key] = Entity(f"e{len(found) + 1}", name, kind, spans, match, rest, number)
    return list(found.values()), []


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
    roles=("name", "type", "id", "confidence"),
    needed=("name",),
    names=("name",),
    kind="type",
    keys=("name", "type", "id"),
    bare="name",
    needs_no_mark=True,
    scored=("name",),
)
