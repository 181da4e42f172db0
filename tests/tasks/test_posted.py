"""Schemas in the styles that people post: each loads, its grammar lets an answer pass, its tables are filled."""

import json
from pathlib import Path
from typing import Any

import pytest
from test_grammar import allows

from extractor.errors import UserError
from extractor.tables import Ground, rows_from
from extractor.tasks.grammar import free_of_grammar, grammar
from extractor.tasks.guide import guide
from extractor.tasks.hints import near_misses
from extractor.tasks.mapping import table_fields
from extractor.tasks.prompt import answer_text
from extractor.tasks.schema import Schema, load_schema

TEXT: dict[str, Any] = {"type": "string"}
OLD = "http://json-schema.org/draft-0{}/schema#"


def thing(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def listed(item: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": item, **more}


ENTITIES = {"x-extract": "entities"}
PEOPLE = thing(entities=listed(thing(name=TEXT, type={"type": "string", "enum": ["person", "org"]})))
ANN = {"entities": [{"name": "Ann", "type": "person"}]}
PLACE = thing(type={"type": "string", "const": "place"}, name=TEXT, lat={"type": "number"})
PERSON = thing(type={"type": "string", "const": "person"}, name=TEXT)
OSLO = {"items": [{"type": "place", "name": "Oslo", "lat": 59.9}, {"type": "person", "name": "Ann"}]}
BOSS = {"anyOf": [{"$ref": "#/$defs/P"}, {"type": "null"}]}
ZIP = {
    "type": "object",
    "properties": {"country": {"enum": ["US", "NL"]}, "zip": TEXT},
    "required": ["country", "zip"],
    "if": {"properties": {"country": {"const": "US"}}},
    "then": {"properties": {"zip": {"pattern": "^[0-9]{5}$"}}},
    "else": {"properties": {"zip": {"pattern": "^[0-9]{4}[A-Z]{2}$"}}},
}
CAT, DOG = (
    thing(petType={"enum": ["cat"]}, name=TEXT),
    thing(petType={"enum": ["dog"]}, name=TEXT, pack={"type": "integer"}),
)
SCHEMAS = "#/components/schemas/"
NODE, EDGE = thing(id={"type": "integer"}, label=TEXT), thing(source={"type": "integer"}, target={"type": "integer"})
MARKED_NODE = {**NODE, "properties": {**NODE["properties"], "label": {**TEXT, "x-extract": "name"}}}
MARKED_EDGE = thing(
    source={"type": "integer", "x-extract": "subject"},
    target={"type": "integer", "x-extract": "object"},
    label={**TEXT, "x-extract": "predicate"},
)
GRAPH = {
    "$defs": {"Node": MARKED_NODE, "Edge": MARKED_EDGE},
    **thing(
        nodes=listed({"$ref": "#/$defs/Node"}, **ENTITIES),
        edges=listed({"$ref": "#/$defs/Edge"}, **{"x-extract": "relations"}),
    ),
}
TREE = thing(name=TEXT, children=listed({"$ref": "#/$defs/node"}, **ENTITIES))
POSTED: dict[str, tuple[dict[str, Any], Any, Any, list[str]]] = {
    # schema, an answer, an answer that is none, the entities and relations
    "a response format": (
        {"type": "json_schema", "json_schema": {"name": "x", "schema": PEOPLE}},
        ANN,
        {},
        ["Ann/person"],
    ),
    "a tool": ({"type": "function", "function": {"name": "x", "parameters": PEOPLE}}, ANN, [], ["Ann/person"]),
    "strict, with null": (
        {**thing(people=listed(thing(name=TEXT, boss=BOSS), **ENTITIES)), "$defs": {"P": thing(name=TEXT)}},
        {"people": [{"name": "Ann", "boss": None}, {"name": "Bo", "boss": {"name": "Ann"}}]},
        {"people": [{"name": "Ann"}]},
        ["Ann/people", "Bo/people"],
    ),
    "zod": (
        {
            "$schema": OLD.format(7),
            "$ref": "#/definitions/Out",
            "definitions": {"Out": thing(items=listed({"anyOf": [PERSON, PLACE]}, **ENTITIES))},
        },
        OSLO,
        {"items": [{"type": "person", "name": "Ann", "lat": 1}]},
        ["Oslo/place", "Ann/person"],
    ),
    "draft-04": (
        {
            "$schema": OLD.format(4),
            "id": "https://example.org/s.json",
            "type": "object",
            "properties": {
                "firms": listed({"$ref": "#/definitions/firm"}, **ENTITIES),
                "n": {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
            },
            "definitions": {"firm": thing(name=TEXT)},
        },
        {"firms": [{"name": "Brisk"}], "n": 1},
        {"n": 0},
        ["Brisk/firms"],
    ),
    "OpenAPI": (
        {
            "type": "object",
            "properties": {
                "pets": listed(
                    {
                        "oneOf": [{"$ref": f"{SCHEMAS}Cat"}, {"$ref": f"{SCHEMAS}Dog"}],
                        "discriminator": {"propertyName": "petType", "mapping": {"cat": f"{SCHEMAS}Cat"}},
                    },
                    **ENTITIES,
                ),
                "at": {"type": "string", "nullable": True, "example": "x"},
            },
            "components": {"schemas": {"Cat": CAT, "Dog": DOG}},
        },
        {"pets": [{"petType": "dog", "name": "Rex", "pack": 3}, {"petType": "cat", "name": "Tom"}]},
        {"at": None},
        ["Rex/dog", "Tom/cat"],
    ),
    "a tree": (
        {"$defs": {"node": TREE}, **thing(roots=listed({"$ref": "#/$defs/node"}, **ENTITIES))},
        {"roots": [{"name": "a", "children": [{"name": "b", "children": []}]}]},
        {"roots": [{"name": "a"}]},
        ["a/roots", "b/children"],
    ),
    "a knowledge graph": (
        GRAPH,
        {
            "nodes": [{"id": 1, "label": "Ann"}, {"id": 2, "label": "Bo"}],
            "edges": [{"source": 1, "target": 2, "label": "knows"}],
        },
        {"nodes": []},
        ["Ann/nodes", "Bo/nodes", "Ann|knows|Bo"],
    ),
    "a map of maps": (
        {
            "type": "object",
            "properties": {
                "by": {
                    "type": "object",
                    "additionalProperties": {"type": "object", "additionalProperties": listed(TEXT)},
                    "x-extract": "relations",
                }
            },
        },
        {"by": {"Ann": {"knows": ["Bo", "Cy"]}}},
        {"by": {"Ann": ["Bo"]}},
        ["Ann|knows|Bo", "Ann|knows|Cy"],
    ),
    "a list as the root": (
        listed(thing(name=TEXT, type=TEXT), **ENTITIES),
        [{"name": "Ann", "type": "p"}],
        {},
        ["Ann/p"],
    ),
    "conditions": (ZIP, {"country": "NL", "zip": "1234AB"}, {"country": "NL", "zip": "12345"}, []),
    "values of all kinds": (
        thing(
            mood={"enum": ["good", None, 1, 2.5, True]},
            kind={"anyOf": [{"const": "a", "title": "first"}, {"const": "b"}, {"const": None}]},
        ),
        {"mood": None, "kind": "b"},
        {"mood": 2, "kind": "b"},
        [],
    ),
    "keys of a pattern": (
        thing(
            s={
                "type": "object",
                "propertyNames": {"pattern": "^[A-Z]{2}$"},
                "additionalProperties": {"type": "integer"},
            }
        ),
        {"s": {"AB": 3}},
        {"s": {"x": 3}},
        [],
    ),
    "anchors and escapes": (
        {
            **thing(a={"$ref": "#here"}, b={"$ref": "#/$defs/a%20b~1c"}, c=listed({"$ref": "#"})),
            "$defs": {"x": {"$anchor": "here", **thing(street=TEXT)}, "a b/c": {"type": "integer"}},
        },
        {"a": {"street": "s"}, "b": 3, "c": []},
        {"a": "s", "b": 3, "c": []},
        [],
    ),
    "open": ({**thing(title=TEXT), "additionalProperties": True}, {"title": "x", "more": {"b": [1]}}, {"more": 1}, []),
    "types in a list": (
        {"type": ["object", "null"], "properties": {"v": {"type": ["string", "integer", "array"], "items": TEXT}}},
        {"v": ["x"]},
        {"v": [1]},
        [],
    ),
}


@pytest.mark.parametrize("name", POSTED)
def test_what_people_post_is_read_as_it_is_meant(tmp_path: Path, name: str) -> None:
    body, answer, none, expected = POSTED[name]
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(body))
    schema = load_schema(str(path))
    assert free_of_grammar(schema) is None
    assert allows(answer_text(answer), grammar(schema)) and schema.validator().is_valid(answer)
    assert not allows(answer_text(none), grammar(schema)) and not schema.validator().is_valid(none)
    made, _ = rows_from(answer, table_fields(schema), Ground(""))
    rows = [f"{one.name}/{one.type}" for one in made["entities"]]
    assert rows + [f"{one.subject}|{one.predicate}|{one.object}" for one in made["relations"]] == expected


def test_a_tuple_without_a_draft_is_told_which_to_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"type": "array", "items": [TEXT, TEXT]}))
    with pytest.raises(
        UserError, match=r'; it is one of 2019-09: add "\$schema": "https://json-schema.org/draft/2019-09'
    ):
        load_schema(str(path))


def test_what_stands_in_a_wrapper_is_noted_and_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"name": "people", "description": "Who is there.", "strict": True, "schema": PEOPLE}))
    schema = load_schema(str(path))
    assert (schema.title, schema.description) == ("people", "Who is there.")
    assert schema.notes == ("the schema is what stands in 'schema'",)


def test_the_root_and_things_with_captions_are_looked_at_too() -> None:
    rows = Schema("rows", listed({"properties": {"entity": TEXT, "label": TEXT}}), None)
    assert near_misses(rows, [])[0].startswith('the root looks like entities; to fill that table add "x-extract"')
    graph = Schema("graph", thing(nodes=listed(NODE), edges=listed(EDGE)), None)
    assert near_misses(graph, [])[0].endswith('add "x-extract": "entities" to it, "x-extract": "name" to label')


def test_choices_that_exclude_each_other_are_no_form() -> None:
    def case(kind: str, key: str) -> dict[str, Any]:
        told = {"properties": {"kind": {"const": kind}}}
        return {"if": told, "then": {"properties": {key: TEXT}, "required": [key]}}

    body = {**thing(kind={"enum": ["p", "c"]}), "allOf": [case("p", "age"), case("c", "sector")]}
    del body["additionalProperties"]
    told, text = guide(body), grammar(Schema("cases", body, None))
    assert allows('{"kind": "p", "age": "3"}', text) and not allows('{"kind": "p", "sector": "3"}', text)
    assert not allows('{"kind": "p"}', text)
    assert told.startswith("- either kind = p\n") and told.count("- or") == 1 and "- or kind = c\n" in told


def test_a_condition_without_an_else_holds_for_its_values_alone() -> None:
    body = {
        "type": "object",
        "properties": {"kind": {"enum": ["x", "y"]}, "more": TEXT},
        "required": ["kind"],
        "if": {"properties": {"kind": {"enum": ["x"]}}, "required": ["kind"]},
        "then": {"required": ["more"]},
    }
    text = grammar(Schema("condition", body, None))
    assert allows('{"kind": "y"}', text) and allows('{"kind": "x", "more": "m"}', text)
    assert allows('{"kind": "y", "more": "m"}', text) and not allows('{"kind": "x"}', text)
