"""What a schema says of its labels: each one's description, and the types a predicate joins."""

from collections.abc import Set
from typing import Any

import pytest

from extractor.tasks import shipped
from extractor.tasks.labels import ends, labels, preamble
from extractor.tasks.mapping import table_fields
from extractor.tasks.reading import read
from extractor.tasks.schema import Schema, load_schema

AB = {"a": "one", "b": "two"}
DESCRIBED: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"enum": ["a", "b"], "description": "a: one\nb: two"}, AB),
    ({"enum": ["a", "b"], "description": "The kind. a: one; b: two."}, {"a": "one", "b": "two."}),
    ({"enum": ["a", "b"], "description": "- **a**: one\n- **b**: two"}, AB),
    ({"enum": ["a", "b"], "description": "`a` = one\n`b` = two"}, AB),
    ({"enum": ["a", "b"], "description": "a - one\nb - two"}, AB),
    (
        {"enum": ["人物", "机构"], "description": "人物：真实的人；机构：公司、学校"},
        {"人物": "真实的人", "机构": "公司、学校"},
    ),
    (
        {"enum": ["part", "part of"], "description": "part of: x -> y\npart: a piece"},
        {"part": "a piece", "part of": "x -> y"},
    ),
    ({"oneOf": [{"const": "a", "description": "one"}, {"const": "b", "title": "two"}]}, AB),
    ({"anyOf": [{"const": "a"}, {"const": "b", "description": "two"}]}, {"a": "", "b": "two"}),
    ({"enum": ["a", "b"], "description": "either a or b"}, {"a": "", "b": ""}),
    ({"enum": ["a", None, 3]}, {"a": "", "3": ""}),
    ({"enum": [], "description": "x"}, {}),
    ({"anyOf": [{"type": "string"}, {"type": "null"}], "description": "x"}, {}),
    ({}, {}),
]


@pytest.mark.parametrize("node, said", DESCRIBED)
def test_what_is_said_of_each_label(node: dict[str, Any], said: dict[str, str]) -> None:
    assert labels(read(node)) == said


def test_what_is_said_before_the_labels() -> None:
    assert preamble(read({"enum": ["a", "b"], "description": "The kind. a: one; b: two"})) == "The kind."
    assert preamble(read({"enum": ["a"], "description": "The kind"})) == "The kind"
    assert preamble(read({"enum": ["a"], "description": "a: one"})) == ""


TYPES = ["person", "organisation", "location", "企业/品牌", "人物"]
ARROWS = [
    ("person → organisation", {"person"}, {"organisation"}),
    ("Someone works for a firm (Person -> ORGANISATION).", {"person"}, {"organisation"}),
    ("person or organisation → location (the seat)", {"person", "organisation"}, {"location"}),
    (
        "Who: person, organisation or location => location; else nothing",
        {"person", "organisation", "location"},
        {"location"},
    ),
    ("人物 -> 企业/品牌：客体是主体的雇主", {"人物"}, {"企业/品牌"}),
    ("人物或组织 → 人物", None, {"人物"}),
    ("buyer → organisation", None, {"organisation"}),
    ("cause → effect", None, None),
    ("lives in", None, None),
    ("", None, None),
    ("-> person", None, {"person"}),
]


@pytest.mark.parametrize("said, subject, target", ARROWS)
def test_the_types_a_predicate_joins(said: str, subject: Set[str] | None, target: Set[str] | None) -> None:
    assert ends(said, TYPES) == (subject, target)


def test_the_fields_of_a_schema_know_their_ends() -> None:
    [found] = [field for field in table_fields(load_schema("xinwen")) if field.table == "relations"]
    assert found.ends["领导"] == (frozenset({"人物"}), frozenset({"机构", "地点"}))
    typeless = {
        "entities": {"type": "array", "items": {"type": "string"}},
        "relations": {
            "type": "array",
            "items": {
                "properties": {
                    "subject": {},
                    "object": {},
                    "predicate": {"enum": ["p"], "description": "p: person → person"},
                }
            },
        },
    }
    assert [field.ends for field in table_fields(Schema("s", {"properties": typeless}, None))] == [{}, {}]


@pytest.mark.parametrize("name", shipped.names())
def test_shipped_arrows_name_types_or_none(name: str) -> None:
    """An arrow whose one end is a type and whose other nearly is one would be enforced by half."""
    for field in table_fields(load_schema(name)):
        assert all(subject and target for subject, target in field.ends.values())
