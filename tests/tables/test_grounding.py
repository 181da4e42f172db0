"""Where names stand in the text, and what becomes of entities and relations."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.tables import TABLES, Ground, rows_from
from extractor.tasks.mapping import table_fields
from extractor.tasks.schema import Schema

PLACES = [
    ("Ann", "Ann and Ann", [(0, 3), (8, 11)]),
    ("Ann", "Annex of Ann", [(9, 12)]),
    ("Anna", "Annapolis", [(0, 4)]),  # where no whole word is there, part of one
    ("Ann", "Annex", []),  # but not for so short a name
    ("Ann", "Ann's ann Ann_1", [(0, 3), (10, 13)]),
    ("1984", "11984 1984", [(6, 10)]),
    ("U.S.", "the U.S. and U.S.A.", [(4, 8), (13, 17)]),
    ("北京", "北京大学在北京。", [(0, 2), (5, 7)]),
    ("𠮷野", "在𠮷野,𠮷野", [(1, 3), (4, 6)]),
    ("Ann", "🙂🙂Ann🙂", [(2, 5)]),
    ("Huế", "Huến Huế", [(5, 8)]),
    ("cafe", "cafe\u0301 cafe", [(6, 10)]),
    ("aa", "aaaa", []),
    ("啊啊", "啊啊啊啊啊", [(0, 2), (2, 4)]),
    ("서울", "서울에서 서울은", [(0, 2), (5, 7)]),
    ("กรุงเทพ", "ในกรุงเทพมหานคร", [(2, 9)]),
    ("a.b*(c", "xa.b*(c a.b*(c", [(8, 14)]),
    ("Москва", "Москвариум, Москва", [(12, 18)]),
    ("nobody", "Ann", []),
]


@pytest.mark.parametrize("name, text, spans", PLACES, ids=[f"{name} in {text}" for name, text, _ in PLACES])
def test_every_mention(name: str, text: str, spans: list[tuple[int, int]]) -> None:
    assert Ground(text).find(name).mentions == spans


TEXT = "Ann Lee met Bob in 北京. Ann Lee is his sister."
BODY: dict[str, Any] = {
    "properties": {
        "people": {
            "type": "array",
            "x-extract": "entities",
            "items": {"properties": {"name": {}, "kind": {"x-extract": "type"}, "age": {}, "confidence": {}}},
        },
        "places": {"type": "array", "items": {"type": "string"}, "x-extract": "entities"},
        "relations": {
            "type": "array",
            "items": {
                "properties": {
                    role: {} for role in ("subject", "predicate", "object", "evidence", "confidence", "since")
                }
            },
        },
        "kin": {"type": "array", "x-extract": "relations", "items": {"properties": {"subject": {}, "object": {}}}},
        "summary": {"type": "string"},
        "more": {"type": "array", "items": {"properties": {"text": {"type": "string", "x-extract": "summary"}}}},
    }
}
FIELDS = table_fields(Schema("mine", BODY, None))


def entities(record: dict[str, Any]) -> list[tuple[Any, ...]]:
    found = rows_from(record, FIELDS, Ground(TEXT))[0]["entities"]
    return [(e.entity_id, e.name, e.type, e.mentions, e.match, e.attributes, e.confidence) for e in found]


def test_entities() -> None:
    record = {
        "people": [
            {"name": " Ann Lee ", "kind": "person", "age": 30, "confidence": 0.5},
            {"name": "Ann Lee", "kind": "person", "age": 30},
            {"name": "Ann Lee", "kind": "ghost"},
            {"name": "Zoe", "confidence": True},
            {"name": ""},
            {"name": None},
            {"name": ["Bob"]},
            {"name": 7},
        ],
        "places": ["北京", "", "北京"],
    }
    assert entities(record) == [
        ("e1", "Ann Lee", "person", [(0, 7), (23, 30)], "exact", {"age": 30}, 0.5),
        ("e2", "Ann Lee", "ghost", [(0, 7), (23, 30)], "exact", {}, None),
        ("e3", "Zoe", None, [], "none", {}, None),
        ("e4", "Bob", None, [(12, 15)], "exact", {}, None),
        ("e5", "7", None, [], "none", {}, None),
        ("e6", "北京", "places", [(19, 21)], "exact", {}, None),
    ]


def relations(items: list[Any], key: str = "relations") -> list[tuple[Any, ...]]:
    record = {"people": [{"name": "Ann Lee"}, {"name": "Bob"}, {"name": "BOB"}], key: items}
    found = rows_from(record, FIELDS, Ground(TEXT))[0]["relations"]
    return [(r.subject_id, r.predicate, r.object_id, r.subject, r.object, r.evidence, r.attributes) for r in found]


def test_relations_are_tied_to_entities() -> None:
    assert relations(
        [
            {"subject": "Ann Lee", "predicate": "met", "object": "Bob", "evidence": "met Bob", "since": 1},
            {"subject": "ann lee", "predicate": None, "object": "bob", "evidence": "not there"},
            {"subject": "BOB", "predicate": "is", "object": "Carl"},
            {"subject": None, "object": ""},
            "no object",
        ]
    ) == [
        ("e1", "met", "e2", "Ann Lee", "Bob", (8, 15), {"since": 1}),
        ("e1", None, None, "ann lee", "bob", None, {"evidence": "not there"}),  # Bob or BOB
        ("e3", "is", None, "BOB", "Carl", None, {}),
        (None, None, None, None, None, None, {}),
    ]


def test_relations_without_a_predicate_are_named_after_their_property() -> None:
    assert relations([{"subject": "Ann Lee", "object": "Bob"}], "kin") == [
        ("e1", "kin", "e2", "Ann Lee", "Bob", None, {})
    ]


@pytest.mark.parametrize(
    "record, expected",
    [
        ({"summary": "One."}, "One."),
        ({"summary": "One.", "more": [{"text": "Two."}, {"text": " "}, {}]}, "One.\n\nTwo."),
        ({"summary": ""}, None),
        ({"summary": 1}, None),
        ([], None),
        (None, None),
    ],
)
def test_summaries(record: Any, expected: str | None) -> None:
    assert [row.summary for row in rows_from(record, FIELDS, Ground(""))[0]["summaries"]] == (
        [expected] if expected else []
    )


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["people", "places", "relations", "name", "subject", "summary", "more"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_records_of_any_shape(record: Any) -> None:
    rows, _ = rows_from(record, FIELDS, Ground(TEXT))
    assert set(rows) == {table.name for table in TABLES}
    assert all(row.summary for row in rows["summaries"])
