"""The table `events`: what happened, when, where, and to whom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import pyarrow as pa

from extractor.tables.fold import Span
from extractor.tables.grounding import Ground
from extractor.tables.items import Item
from extractor.tables.link import EndFinder
from extractor.tables.names import kinds_of, names_of, text_of
from extractor.tables.table import ATTRIBUTES, CONFIDENCE, DOC_ID, SPAN, Made, Rows, Table, column


@dataclass(frozen=True, slots=True)
class Event:
    """What happened; an id among `participant_ids` is None where no entity is that participant."""

    event_id: str
    name: str
    type: str | None
    when: str | None
    where: str | None
    participants: list[str]
    participant_ids: list[str | None]
    attributes: dict[str, Any]
    confidence: float | None = None
    linked: list[str | None] | None = None
    participant_spans: list[Span | None] | None = None


def make_events(items: Sequence[Item], ground: Ground, made: Made) -> Rows:
    """The events in the record's order; an item with several types gives a row for each."""
    if not items:
        return [], []
    finder = EndFinder(made.items["entities"], made.rows["entities"], ground)
    rows = [row for item in items for row in _rows_of(item, finder)]
    return [replace(row, event_id=f"e{number}") for number, row in enumerate(rows, 1)], []


def _rows_of(item: Item, finder: EndFinder) -> Iterator[Event]:
    inner = item.source.inner
    joined = [end for end in finder.find(item.said.get("participants"), inner.get("participants", {})) if end.name]
    for name, kind in product(names_of(item.said.get("name"), inner.get("name", {})), kinds_of(item, "type")):
        yield Event(
            event_id="",
            name=name,
            type=kind,
            when=next(iter(names_of(item.said.get("when"), inner.get("when", {}), text_of)), None),
            where=next(iter(names_of(item.said.get("where"), inner.get("where", {}))), None),
            participants=[end.name for end in joined if end.name],
            participant_ids=[end.entity_id for end in joined],
            attributes=item.attributes(("name", "type", "when", "where", "participants", "confidence")),
            confidence=item.number("confidence"),
            linked=[end.linked for end in joined],
            participant_spans=[end.span for end in joined],
        )


EVENTS = Table(
    name="events",
    word="events",
    one="event",
    columns=pa.schema(
        [
            DOC_ID,
            column("event_id", pa.string(), "unique within the document"),
            column("name", pa.string(), "what happened, as the answer has it"),
            column("type", pa.string(), "as the answer has it, or the property's name"),
            column("when", pa.string(), "as the answer has it"),
            column("where", pa.string(), "as the answer has it"),
            column("participants", pa.list_(pa.string()), "names, in the answer's order"),
            column(
                "participant_ids",
                pa.list_(pa.string()),
                "entity_id of each, null where no single one is it",
            ),
            ATTRIBUTES,
            CONFIDENCE,
            column(
                "linked",
                pa.list_(pa.string()),
                "how the entity of each was inferred: containment, fuzzy or mention; null where it was not",
            ),
            column("participant_spans", pa.list_(SPAN), "where each stands first, null where it is not in the text"),
        ]
    ),
    make=make_events,
    roles=("name", "type", "when", "where", "participants", "confidence"),
    needed=("name",),
    keys=("name", "type"),
    bare="name",
    names=("name",),
    kind="type",
    scored=("name",),
)
