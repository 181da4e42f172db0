"""The table `events`: what happened, when, where, and to whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from extractor.tables.entities import id_of, ids_by_name
from extractor.tables.items import Item, plain_text, without_quotes
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
    """The events in the record's order."""
    ids = ids_by_name(made["entities"])
    named = [item for item in items if item.name("name")]
    return [_event(item, f"e{number}", ids) for number, item in enumerate(named, 1)], []


def _event(item: Item, event_id: str, ids: dict[str, str]) -> Event:
    said = item.said.get("participants")
    names = [without_quotes(plain_text(one)) for one in (said if isinstance(said, list) else [said])]
    participants = [name for name in names if name]
    return Event(
        event_id=event_id,
        name=item.name("name") or "",
        type=item.kind("type"),
        when=item.text("when"),
        where=item.name("where"),
        participants=participants,
        participant_ids=[id_of(ids, name) for name in participants],
        attributes=item.rest,
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
    names=("name",),
    kind="type",
    scored=("name",),
)
