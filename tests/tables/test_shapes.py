"""Rows from the shapes that people give their answers: maps, unions, ends that are objects, ids or lists."""

from typing import Any

import pytest
from shapes import TEXT, listed, mapped, thing

from extractor.tables import Ground, rows_from
from extractor.tasks.mapping import table_fields
from extractor.tasks.schema import Schema


def marked(word: str, node: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**node, "x-extract": word, **more}


def rows(body: dict[str, Any], record: Any) -> tuple[list[Any], list[Any], str | None]:
    """Entities as (name, type, attributes), relations as (subject, id, predicate, object, id), the summary."""
    fields = table_fields(Schema("mine", body, None))
    made, _ = rows_from(record, fields, Ground(""))
    return (
        [(one.name, one.type, one.attributes) for one in made["entities"]],
        [(one.subject, one.subject_id, one.predicate, one.object, one.object_id) for one in made["relations"]],
        next((one.summary for one in made["summaries"]), None),
    )


TRIPLE = thing(subject=TEXT, object=TEXT, predicate=TEXT)
END = thing(type={"enum": ["person", "place"]}, name=TEXT)
PERSON = {"type": "object", "properties": {"kind": {"const": "person"}, "name": TEXT}, "required": ["kind", "name"]}
FIRM = {
    "type": "object",
    "properties": {"kind": {"const": "firm"}, "brand": marked("name", TEXT)},
    "required": ["kind", "brand"],
}
LOOSE = {"type": "object", "properties": {"name": TEXT, "type": TEXT}}
NODE = thing(name=TEXT, parts=marked("entities", listed({"$ref": "#/$defs/n"}), **{"x-extract-parent": "part_of"}))
SHAPES: dict[str, tuple[dict[str, Any], Any, list[Any], list[Any]]] = {
    "a map by name": (
        thing(p=marked("entities", mapped(thing(job=TEXT)))),
        {"p": {"Ida": {"job": "cook"}}},
        [("Ida", "p", {"job": "cook"})],
        [],
    ),
    "a map by name to types": (
        thing(p=marked("entities", mapped({"enum": ["cook", "guard"]}))),
        {"p": {"Ida": "cook"}},
        [("Ida", "cook", {})],
        [],
    ),
    "a map by type": (
        thing(p=marked("entities", mapped(listed(TEXT)))),
        {"p": {"person": ["Ida", "Per"], "city": ["Oslo"]}},
        [("Ida", "person", {}), ("Per", "person", {}), ("Oslo", "city", {})],
        [],
    ),
    "an object of lists by type": (
        thing(p=marked("entities", thing(person=listed(TEXT), city=listed(TEXT)))),
        {"p": {"person": ["Ida"], "city": ["Oslo"]}},
        [("Ida", "person", {}), ("Oslo", "city", {})],
        [],
    ),
    "the key is the type, as marked": (
        thing(p=marked("entities", mapped(thing(name=TEXT)), **{"x-extract-key": "type"})),
        {"p": {"person": {"name": "Ida"}}},
        [("Ida", "person", {})],
        [],
    ),
    "a pattern of keys": (
        {"type": "object", "patternProperties": {"^p_": marked("entities", listed(TEXT))}, "properties": {"n": TEXT}},
        {"p_x": ["Ida"], "n": "no"},
        [("Ida", "p_x", {})],
        [],
    ),
    "relations by kind": (
        thing(r=marked("relations", mapped(listed(thing(subject=TEXT, object=TEXT))))),
        {"r": {"knows": [{"subject": "Ida", "object": "Per"}]}},
        [],
        [("Ida", None, "knows", "Per", None)],
    ),
    "relations by kind, marked at the lists": (
        thing(r=mapped(marked("relations", listed(thing(subject=TEXT, object=TEXT))))),
        {"r": {"knows": [{"subject": "Ida", "object": "Per"}]}},
        [],
        [("Ida", None, "knows", "Per", None)],
    ),
    "relations by subject and kind": (
        thing(r=marked("relations", mapped(mapped(listed(TEXT))))),
        {"r": {"Ida": {"knows": ["Per", "Uma"]}}},
        [],
        [("Ida", None, "knows", "Per", None), ("Ida", None, "knows", "Uma", None)],
    ),
    "a union told by its discriminator": (
        thing(entities=listed({"oneOf": [PERSON, FIRM]})),
        {"entities": [{"kind": "firm", "brand": "Brisk"}, {"kind": "person", "name": "Ana"}]},
        [("Brisk", "firm", {}), ("Ana", "person", {})],
        [],
    ),
    "texts or objects": (
        thing(entities=marked("entities", listed({"anyOf": [TEXT, thing(name=TEXT, type=TEXT)]}))),
        {"entities": ["Ida", {"name": "Oslo", "type": "city"}]},
        [("Ida", "entities", {}), ("Oslo", "city", {})],
        [],
    ),
    "branches that need nothing": (
        thing(entities=listed({"anyOf": [LOOSE, {"properties": {"title": marked("name", TEXT)}}]})),
        {"entities": [{"title": "Brisk"}, {"name": "Ana", "type": "person"}]},
        [("Brisk", "entities", {}), ("Ana", "person", {})],
        [],
    ),
    "ends that are objects": (
        thing(relations=listed(thing(subject=END, object=END, predicate=TEXT))),
        {
            "relations": [
                {
                    "subject": {"type": "person", "name": a},
                    "object": {"type": "person", "name": b},
                    "predicate": "paints",
                }
                for a, b in (("Ida", "Per"), ("Per", "Uma"))
            ]
        },
        [],
        [("Ida", None, "paints", "Per", None), ("Per", None, "paints", "Uma", None)],
    ),
    "ends by id, of one name": (
        thing(entities=listed(thing(id={"type": "integer"}, name=TEXT)), relations=listed(TRIPLE)),
        {
            "entities": [{"id": 1, "name": "Ida"}, {"id": 2, "name": "Ida"}],
            "relations": [{"subject": 1, "object": 2, "predicate": "knows"}],
        },
        [("Ida", "entities", {"id": 1}), ("Ida", "entities", {"id": 2})],
        [("Ida", "e1", "knows", "Ida", "e2")],
    ),
    "ids are the keys of a map": (
        thing(p=marked("entities", mapped(thing(name=TEXT, type=TEXT))), relations=listed(TRIPLE)),
        {
            "p": {"x": {"name": "Ida", "type": "a"}, "y": {"name": "Ida", "type": "a"}},
            "relations": [{"subject": "y", "object": "x", "predicate": "knows"}],
        },
        [("Ida", "a", {"id": "x"}), ("Ida", "a", {"id": "y"})],
        [("Ida", "e2", "knows", "Ida", "e1")],
    ),
    "lists give a row each": (
        thing(
            entities=listed(thing(name=TEXT, type=listed({"enum": ["person", "painter"]}))),
            relations=listed(thing(subject=TEXT, object=listed(TEXT), predicate=TEXT)),
        ),
        {
            "entities": [{"name": "Ida", "type": ["person", "painter"]}],
            "relations": [{"subject": "Ida", "object": ["Per", "Uma"], "predicate": "paints"}],
        },
        [("Ida", "person", {}), ("Ida", "painter", {})],
        [("Ida", "e1", "paints", "Per", None), ("Ida", "e1", "paints", "Uma", None)],
    ),
    "relations inside entities": (
        thing(
            p=marked(
                "entities", listed(thing(name=TEXT, r=marked("relations", listed(thing(predicate=TEXT, object=TEXT)))))
            )
        ),
        {"p": [{"name": "Ida", "r": [{"predicate": "likes", "object": "Per"}]}]},
        [("Ida", "p", {})],
        [("Ida", "e1", "likes", "Per", None)],
    ),
    "children with their parents": (
        {**thing(tree=marked("entities", listed({"$ref": "#/$defs/n"}))), "$defs": {"n": NODE}},
        {"tree": [{"name": "a", "parts": [{"name": "b", "parts": []}]}]},
        [("a", "tree", {}), ("b", "parts", {})],
        [("b", "e2", "part_of", "a", "e1")],
    ),
    "children that may have none": (
        {
            **thing(tree=marked("entities", listed({"$ref": "#/$defs/n"}))),
            "$defs": {"n": {**NODE, "required": ["name"]}},
        },
        {"tree": [{"name": "a", "parts": [{"name": "b"}, {"name": "c", "parts": None}]}]},
        [("a", "tree", {}), ("b", "parts", {}), ("c", "parts", {})],
        [("b", "e2", "part_of", "a", "e1"), ("c", "e3", "part_of", "a", "e1")],
    ),
    "lists of lists": (
        thing(p=marked("entities", listed(listed(thing(name=TEXT))))),
        {"p": [[{"name": "a"}], [{"name": "b"}]]},
        [("a", "p", {}), ("b", "p", {})],
        [],
    ),
    "the root is the list": (
        marked("entities", listed(thing(name=TEXT))),
        [{"name": "Ida"}],
        [("Ida", "entities", {})],
        [],
    ),
    "one object, one text": (
        thing(buyer=marked("entities", thing(name=TEXT)), author=marked("entities", TEXT)),
        {"buyer": {"name": "Brisk"}, "author": "Ida"},
        [("Brisk", "buyer", {}), ("Ida", "author", {})],
        [],
    ),
    "numbers as names": (
        thing(p=marked("entities", listed(thing(v=marked("name", {"type": "number"}))))),
        {"p": [{"v": 12.0}, {"v": 1250.5}]},
        [("12", "p", {}), ("1250.5", "p", {})],
        [],
    ),
}


@pytest.mark.parametrize("body, record, entities, relations", SHAPES.values(), ids=SHAPES)
def test_every_shape_gives_its_rows(
    body: dict[str, Any], record: Any, entities: list[Any], relations: list[Any]
) -> None:
    assert rows(body, record)[:2] == (entities, relations)


def test_a_summary_of_several_texts() -> None:
    body = thing(s=marked("summary", thing(a=TEXT, b=listed(TEXT))))
    assert rows(body, {"s": {"a": "one", "b": ["two", ""]}})[2] == "one\n\ntwo"
