"""The table `events`: what happened, when, where, and to whom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import pyarrow as pa

from extractor.tables.items import Item
from extractor.tables.names import EndFinder, kinds_of, names_of, text_of
from extractor.tables.table import ATTRIBUTES, CONFIDENCE, DOC_ID, Made, Rows, Table, column


@dataclass(frozen=True, slots=True)
class Event:
    """What happened; an id among `participant_ids` is None where no entity has that participant's name."""

    event_id: str
    name: str
    type: str | None
    when: str | None
    where: str | None
    participants: list[str]
    participant_ids: list[str | None]
    attributes: dict[str, Any]
    confidence: float | None = None


def make_events(items: Sequence[Item], text: str, made: Made) -> Rows:
    """The events in the record's order; an item with several types gives a row for each."""
    finder = EndFinder(made.items["entities"], made.rows["entities"])
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
            when=next(names_of(item.said.get("when"), inner.get("when", {}), text_of), None),
            where=next(names_of(item.said.get("where"), inner.get("where", {})), None),
            participants=[end.name for end in joined if end.name],
            participant_ids=[end.entity_id for end in joined],
            attributes=item.attributes(("name", "type", "when", "where", "participants", "confidence")),
            confidence=item.number("confidence"),
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
            column("participant_ids", pa.list_(pa.string()), "entity_id of each, null where no entity has that name"),
            ATTRIBUTES,
            CONFIDENCE,
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
