"""Which words a draft hears: the same for the tables, the guide, the grammar and the validation."""

import json
from typing import Any

import pytest
from test_grammar import allows

from extractor.tasks.grammar import grammar
from extractor.tasks.guide import guide
from extractor.tasks.lint import lint
from extractor.tasks.mapping import table_fields
from extractor.tasks.schema import Schema

OLD = "http://json-schema.org/draft-0{}/schema#"
SIBLINGS = {
    "type": "object",
    "properties": {"a": {"$ref": "#/definitions/s", "type": "object", "maxLength": 1, "description": "said here"}},
    "definitions": {"s": {"type": "string", "enum": ["yes", "no"]}},
}
ABOVE = {"type": "object", "properties": {"a": {"type": "integer", "minimum": 3, "exclusiveMinimum": True}}}
FIRST = {"type": "array", "items": {"type": "string"}, "prefixItems": [{"type": "integer"}]}
CONST = {"type": "object", "properties": {"a": {"type": "string", "const": "x"}}}
CASES: list[tuple[str, dict[str, Any], list[str], list[str], str, str]] = [
    ("draft-07 beside $ref", {"$schema": OLD.format(7), **SIBLINGS}, ['{"a": "yes"}'], ['{"a": {}}'], "yes", "$ref"),
    ("draft-04 beside $ref", {"$schema": OLD.format(4), **SIBLINGS}, ['{"a": "no"}'], ['{"a": "x"}'], "said", "$ref"),
    ("draft-04 bounds", {"$schema": OLD.format(4), **ABOVE}, ['{"a": 4}'], ['{"a": 3}'], "over 3", ""),
    ("draft-04 const", {"$schema": OLD.format(4), **CONST}, ['{"a": "y"}'], ['{"a": 1}'], "string", "const at"),
    ("draft-07 prefixItems", {"$schema": OLD.format(7), **FIRST}, ['["x"]'], ["[1]"], "", "prefixItems at /"),
    (
        "dependencies",
        {**CONST, "dependencies": {"a": ["b"]}},
        ['{"a": "x"}'],
        ['{"b": 1}'],
        "",
        "draft-07 does",
    ),
]


@pytest.mark.parametrize("body, yes, no, told, note", [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_one_reading_by_the_draft(body: dict[str, Any], yes: list[str], no: list[str], told: str, note: str) -> None:
    schema = Schema("mine", body, None)
    validation = schema.validator()
    text = grammar(schema)
    assert [answer for answer in yes if not allows(answer, text)] == []
    assert [answer for answer in no if allows(answer, text)] == []
    assert all(validation.is_valid(json.loads(answer)) for answer in yes)
    assert told in guide(body)
    notes = list(lint("mine", body, validation.draft))
    assert [bool(note), *(note in said for said in notes)] == ([True, True] if note else [False])


def test_annotations_beside_a_reference_count_in_every_draft() -> None:
    body = {
        "$schema": OLD.format(7),
        "properties": {"gist": {"$ref": "#/definitions/t", "x-extract": "summary"}},
        "definitions": {"t": {"type": "string"}},
    }
    assert [field.path for field in table_fields(Schema("mine", body, None))] == [("gist",)]


def test_many_places_are_one_note() -> None:
    same = {"$ref": "#/definitions/t", "maxLength": 3}
    body = {"$schema": OLD.format(7), "properties": {f"p{n}": same for n in range(9)}, "definitions": {"t": {}}}
    notes = list(lint("mine", body, Schema("mine", body, None).validator().draft))
    assert len(notes) == 1 and notes[0].endswith("maxLength at /properties/p4 and 4 more")
