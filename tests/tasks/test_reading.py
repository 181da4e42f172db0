"""One reading of a schema: generated schemas, whose guide, grammar and tables must agree."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from drawn import schemas, written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor.errors import UserError
from extractor.tables import Ground, rows_from
from extractor.tables.items import at
from extractor.tasks.grammar import grammar
from extractor.tasks.guide import guide, layout
from extractor.tasks.mapping import table_fields
from extractor.tasks.reading import read
from extractor.tasks.schema import Schema

pytestmark = pytest.mark.slow


def forced(node: Any) -> Iterator[str]:
    """Every property and label of a grammar."""
    if isinstance(node, dict):
        yield from (key for key, child in node.get("properties", {}).items() if child is not False)
        yield from (value for value in [node.get("const"), *node.get("enum", [])] if isinstance(value, str))
        for value in node.values():
            yield from forced(value)
    elif isinstance(node, list):
        for value in node:
            yield from forced(value)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(schemas())
def test_the_guide_shows_all_that_the_grammar_can_force(body: dict[str, Any]) -> None:
    schema = Schema("made", body, None)
    shown = guide(body)
    assert [word for word in forced(json.loads(grammar(schema))) if word not in shown] == []
    assert layout(body).startswith("{")


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(schemas(), st.integers(0, 1000))
def test_what_the_grammar_accepts_the_schema_accepts(body: dict[str, Any], seed: int) -> None:
    schema = Schema("made", body, None)
    answer = written(grammar(schema), seed)
    if answer is not None and "\\" not in json.dumps(answer, ensure_ascii=False):
        errors = [error.message for error in schema.validator().iter_errors(answer)]
        assert [error for error in errors if "is not a 'date'" not in error] == []


THINGS = {"type": "object", "properties": {"title": {"type": "string", "maxLength": 4, "x-extract": "name"}}}
THINGS["required"] = ["title"]
PAIRS = {
    "type": "object",
    "properties": {
        "from": {"type": "string", "maxLength": 4, "x-extract": "subject"},
        "to": {"type": "string", "maxLength": 4, "x-extract": "object"},
    },
    "required": ["from", "to"],
}


def held(node: Any) -> st.SearchStrategy[Any]:
    """A node in lists and maps of any depth."""
    return st.recursive(
        st.just({"type": "array", "items": node, "maxItems": 2}),
        lambda inner: st.one_of(
            inner.map(lambda one: {"type": "array", "items": one, "maxItems": 2}),
            inner.map(lambda one: {"anyOf": [one, {"type": "null"}]}),
            inner.map(lambda one: {"type": "object", "additionalProperties": one, "maxProperties": 2}),
        ),
        max_leaves=2,
    )


def leaves(value: Any, keys: set[str]) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict) and keys <= set(value):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from leaves(one, keys)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(held(THINGS), held(PAIRS), st.integers(0, 1000))
def test_what_is_marked_lands_in_its_table(things: Any, pairs: Any, seed: int) -> None:
    body = {
        "type": "object",
        "properties": {
            "things": {**things, "x-extract": "entities"},
            "pairs": {**pairs, "x-extract": "relations"},
            "gist": {"type": "string", "maxLength": 5, "x-extract": "summary"},
        },
        "required": ["things", "pairs", "gist"],
    }
    schema = Schema("made", body, None)
    fields = table_fields(schema)
    answer = written(grammar(schema), seed)
    if answer is None:
        return
    rows, dropped = rows_from(answer, fields, Ground(""))
    named = {one["title"].strip() for one in leaves(answer["things"], {"title"})} - {""}
    assert {name.strip("\"'") for name in named} == {entity.name.strip("\"'") for entity in rows["entities"]}
    assert len(rows["relations"]) + len(dropped) == sum(1 for _ in leaves(answer["pairs"], {"from", "to"}))
    gist = answer["gist"] if answer["gist"].strip() else None
    assert next((one.summary for one in rows["summaries"]), None) == gist
    assert all(list(at(answer, field.path)) for field in fields)


def test_places_where_an_annotation_cannot_be_meant_are_named() -> None:
    for where in ({"not": {"x-extract": "summary"}}, {"type": "array", "contains": {"x-extract": "entities"}}):
        with pytest.raises(UserError, match=r"/properties/a/(not|contains): x-extract .* cannot be meant here"):
            table_fields(Schema("mine", {"type": "object", "properties": {"a": where}}, None))


def test_a_definition_that_nothing_refers_to_may_be_marked() -> None:
    body = {"$defs": {"spare": {"type": "array", "items": {"type": "string"}, "x-extract": "entities"}}}
    assert table_fields(Schema("mine", body, None)) == []


def test_a_ring_of_unions_ends() -> None:
    body = {"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}, {"type": "string"}]}}, "$ref": "#/$defs/a"}
    assert [branch.types for branch in read(body).branches] == [("string",)]


def test_parts_of_allof_close_each_other() -> None:
    parts = [{"properties": {"a": {}}}, {"properties": {"b": {}}, "additionalProperties": False}]
    node = read({"allOf": parts})
    assert node.properties["a"].never and not node.properties["b"].never
