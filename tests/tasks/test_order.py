"""The order of what the model writes."""

import json
from typing import Any

import pytest

from extractor.tasks.mapping import table_fields
from extractor.tasks.order import in_order, predicate_last
from extractor.tasks.schema import Schema

TEXT = {"type": "string"}
ENTITY = {"type": "object", "properties": {"name": TEXT, "type": TEXT}}


def made(relation: dict[str, Any], **more: Any) -> Schema:
    properties = {
        "entities": {"type": "array", "items": ENTITY},
        "relations": {"type": "array", "items": relation},
    }
    return Schema("s", {"type": "object", "properties": properties, **more}, None)


def keys(schema: Schema) -> list[str]:
    schema = predicate_last(schema, table_fields(schema))
    node = schema.body["properties"]["relations"]["items"]
    return list((schema.body["$defs"]["r"] if "$ref" in node else node)["properties"])


def test_the_predicate_follows_both_ends() -> None:
    assert keys(made({"properties": {"subject": TEXT, "predicate": TEXT, "object": TEXT}})) == [
        "subject",
        "object",
        "predicate",
    ]
    assert keys(made({"properties": {"predicate": TEXT, "object": TEXT, "why": TEXT, "subject": TEXT}})) == [
        "object",
        "why",
        "subject",
        "predicate",
    ]
    late = {"subject": TEXT, "object": TEXT, "why": TEXT, "predicate": TEXT}
    assert keys(made({"properties": late})) == list(late)
    triple = {"properties": {"subject": TEXT, "predicate": TEXT, "object": TEXT}}
    assert keys(made({"$ref": "#/$defs/r"}, **{"$defs": {"r": triple}})) == ["subject", "object", "predicate"]


def test_a_schema_without_relations_stays_itself() -> None:
    schema = Schema("s", {"properties": {"predicate": TEXT, "subject": TEXT}}, None)
    assert predicate_last(schema, table_fields(schema)) is schema


def test_examples_read_like_answers() -> None:
    schema = made({"properties": {"subject": TEXT, "predicate": TEXT, "object": TEXT}})
    fields = table_fields(schema)
    schema = predicate_last(schema, fields)
    answer = {
        "relations": [
            {"predicate": "met", "object": "Ann", "subject": "Bo"},
            {"predicate": "met", "object": "Bo", "subject": "Ann", "note": 1},
        ],
        "entities": [{"type": "t", "name": "Bo"}, {"name": "Zed", "type": "t"}, {"name": "Ann", "type": "t"}],
    }
    assert json.dumps(in_order(answer, "Ann met Bo.", schema, fields)) == json.dumps(
        {
            "entities": [{"name": "Ann", "type": "t"}, {"name": "Bo", "type": "t"}, {"name": "Zed", "type": "t"}],
            "relations": [
                {"subject": "Ann", "object": "Bo", "predicate": "met", "note": 1},
                {"subject": "Bo", "object": "Ann", "predicate": "met"},
            ],
        }
    )
    assert in_order([3], "x", schema, fields) == [3]


def open_thing(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


VARIABLES = {**open_thing(variables=TEXT), "additionalProperties": False}
STEP = {**open_thing(step=open_thing(name=TEXT, script=TEXT)), "additionalProperties": False}
ORDERED: list[tuple[str, list[Any], Any, str]] = [
    (
        "closed branches that need nothing",
        [VARIABLES, STEP],
        {"step": {"script": "s", "name": "n"}},
        '{"step": {"name": "n", "script": "s"}}',
    ),
    (
        "open branches, of which one names the keys",
        [open_thing(a=TEXT, b=TEXT), open_thing(d=TEXT, c=TEXT)],
        {"c": "1", "d": "2"},
        '{"d": "2", "c": "1"}',
    ),
    (
        "lists of other things",
        [{"type": "array", "items": TEXT}, {"type": "array", "items": open_thing(a=TEXT, b=TEXT)}],
        [{"b": "1", "a": "2"}],
        '[{"a": "2", "b": "1"}]',
    ),
]


@pytest.mark.parametrize("branches, answer, text", [row[1:] for row in ORDERED], ids=[row[0] for row in ORDERED])
def test_the_order_is_that_of_the_branch_that_is_meant(branches: list[Any], answer: Any, text: str) -> None:
    schema = Schema("s", {"type": "object", "properties": {"x": {"anyOf": branches}}}, None)
    assert json.dumps(in_order({"x": answer}, "", schema, [])) == f'{{"x": {text}}}'
