"""Which entities the ends of relations are, what says that it was inferred, and where the ends stand."""

from typing import Any

import pyarrow as pa
import pytest

from extractor.tables import RELATIONS, Event, Ground, Relation, rows_from
from extractor.tables.events import EVENTS
from extractor.types import TableField

FIELDS = [
    TableField("entities", ("entities",), "entities", {"name": "name", "type": "type"}),
    TableField(
        "relations",
        ("relations",),
        "relations",
        {role: role for role in ("subject", "predicate", "object", "evidence")},
        {"lives_in": (frozenset({"person"}), frozenset({"place"})), "admires": (None, frozenset({"person"}))},
    ),
    TableField("events", ("events",), "events", {"name": "name", "participants": "participants"}),
]
TEXT = (
    "President Lincoln of Georgia met Georgia Moor, Jonathan Smith and Tom Hale; Mary Hale wrote. "
    "北京大学在北京市。 José Peña, Kevin O 'Brien, Ada Lovelace. "
    "Later Georgia Moor met a tall man. Mary Dunne, Mark Dunne."
)
ENTITIES = [
    {"name": "Lincoln", "type": "person"},
    {"name": "Georgia", "type": "place"},
    {"name": "Georgia", "type": "person"},
    {"name": "Jonathan Smith", "type": "person"},
    {"name": "Tom Hale", "type": "person"},
    {"name": "Mary Hale", "type": "person"},
    {"name": "北京大学", "type": "school"},
    {"name": "Kevin O'Brien", "type": "person"},
    {"name": "Adah Lovelace", "type": "person"},
    {"name": "Mary Dunne", "type": "person"},
]


def rows(table: str, *items: dict[str, Any], entities: Any = ENTITIES) -> list[Any]:
    return list(rows_from({"entities": entities, table: list(items)}, FIELDS, Ground(TEXT))[0][table])


def related(subject: str, predicate: str, target: str, **more: str) -> list[Relation]:
    return rows("relations", {"subject": subject, "predicate": predicate, "object": target, **more})


@pytest.mark.parametrize(
    "name, entity, how",
    [
        ("Lincoln", "e1", None),
        ("LINCOLN", "e1", None),  # the same fold
        ("Kevin O 'Brien", "e8", None),
        ("President Lincoln", "e1", "containment"),
        ("Jonathan", "e4", "containment"),
        ("Lincolnshire", None, None),  # no border of a word
        ("Hale", None, None),  # Tom or Mary
        ("Lincoln and Tom Hale", None, None),
        ("北京大学校长", "e7", "containment"),
        ("Jonathon Smith", "e4", "fuzzy"),
        ("Mark Hall", None, None),  # two edits are too many for so short a name
        ("Mark Dunne", None, None),  # it stands in the text itself, so it is no Mary Dunne misspelled
        ("Ada", "e9", "mention"),  # Adah Lovelace was found at Ada Lovelace
        ("Nobody", None, None),
    ],
)
def test_which_entity_an_end_is(name: str, entity: str | None, how: str | None) -> None:
    [found] = related(name, "knows", "a tall man")
    assert (found.subject_id, found.linked and found.linked[0]) == (entity, how)
    assert found.subject == name and found.object_id is None


def test_of_several_of_one_name_it_is_the_one_that_fits_and_a_tie_is_none() -> None:
    [fits, turned, tie] = [
        *related("Lincoln", "lives_in", "Georgia"),
        *related("Georgia", "lives_in", "Atlantis"),
        *related("Lincoln", "knows", "Georgia"),
    ]
    assert (fits.object_id, turned.subject_id, tie.object_id) == ("e2", "e3", None)
    assert fits.linked is turned.linked is tie.linked is None


def test_what_a_predicate_rules_out_is_not_inferred() -> None:
    [found] = related("Lincoln", "lives_in", "Tom Hale's house")
    assert (found.object_id, found.linked) == (None, None)


def test_no_inference_ties_a_thing_to_itself_but_a_spelling_does() -> None:
    [found] = related("Lincoln's wife", "knows", "Lincoln")
    assert (found.subject_id, found.object_id, found.linked) == (None, "e1", None)
    assert related("LINCOLN", "knows", "Lincoln") == []


def test_one_relation_spelled_twice_is_said_before() -> None:
    said = [{"subject": name, "predicate": "knows", "object": "A Tall Man"} for name in ("Lincoln", "lincoln")]
    said[1]["object"] = "a tall man"
    assert [row.subject for row in rows("relations", *said)] == ["Lincoln"]


def test_an_end_stands_where_it_is_nearest_to_the_evidence() -> None:
    [first] = related("Georgia Moor", "met", "a tall man")
    [later] = related("Georgia Moor", "met", "A TALL MAN", evidence="Later Georgia Moor met a  tall man")
    assert first.subject_span == (33, 45)
    assert later.subject_span and TEXT[slice(*later.subject_span)] == "Georgia Moor" and later.subject_span[0] > 100
    assert later.object_span and TEXT[slice(*later.object_span)] == "a tall man"
    [nowhere] = related("Lincoln", "met", "Nobody")
    assert nowhere.subject_span == (10, 17) and nowhere.object_span is None


def test_an_end_that_is_turned_round_takes_all_with_it() -> None:
    [found] = related("President Lincoln", "admires", "北京大学")
    assert (found.subject_id, found.object, found.linked) == ("e7", "President Lincoln", (None, "containment"))
    assert found.object_span == (0, 17)


def test_participants_of_an_event_are_linked_likewise() -> None:
    [event] = rows("events", {"name": "met", "participants": ["President Lincoln", "Tom Hale", "a tall man", "x"]})
    assert event.participant_ids == ["e1", "e5", None, None]
    assert event.linked == ["containment", None, None, None]
    assert [span and TEXT[slice(*span)] for span in event.participant_spans] == [*event.participants[:3], None]


@pytest.mark.parametrize("table, one", [(RELATIONS, Relation), (EVENTS, Event)])
def test_rows_fit_their_columns(table: Any, one: type) -> None:
    kept = related("President Lincoln", "met", "x") if one is Relation else rows("events", {"name": "met"})
    said = [
        {name: getattr(row, name) for name in table.columns.names if name not in ("doc_id", "attributes")}
        for row in kept
    ]
    stored = pa.Table.from_pylist(said, table.columns).to_pylist()
    assert stored[0].get("linked") == ({"subject": "containment", "object": None} if one is Relation else [])
