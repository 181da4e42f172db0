"""Which properties of a schema feed which tables."""

from typing import Any

import pytest

from extractor.errors import UserError
from extractor.tasks import shipped
from extractor.tasks.mapping import table_fields, too_deep
from extractor.tasks.schema import Schema, load_schema
from extractor.types import TableField

TEXT = {"type": "string"}
PAIR = {"type": "array", "items": {"properties": {"name": TEXT, "type": TEXT}}}
TRIPLE = {"type": "array", "items": {"properties": {"subject": TEXT, "predicate": TEXT, "object": TEXT}}}
PLAIN_ROLES = {"name": "name", "type": "type"}


def fields(properties: dict[str, Any], **more: Any) -> list[TableField]:
    return table_fields(Schema("mine", {"properties": properties, **more}, None))


def marked(word: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "x-extract": word, **more}


def entities(path: str, label: str, **roles: str) -> TableField:
    return TableField("entities", tuple(path.split("/")), label, roles)


def relations(path: str, label: str, **roles: str) -> TableField:
    return TableField("relations", tuple(path.split("/")), label, roles)


CHINESE = {
    "人物": {"type": "array", "x-extract": "entities", "items": {"properties": {"姓名": marked("name"), "年龄": TEXT}}},
    "关系": {
        "type": "array",
        "x-extract": "relations",
        "items": {"properties": {"甲": marked("subject"), "乙": marked("object"), "据": marked("evidence")}},
    },
    "摘要": marked("summary"),
}

TABLE: list[tuple[str, dict[str, Any], dict[str, Any], list[TableField]]] = [
    (
        "plain names",
        {"entities": PAIR, "relations": TRIPLE, "summary": TEXT},
        {},
        [
            entities("entities", "entities", **PLAIN_ROLES),
            relations("relations", "relations", subject="subject", predicate="predicate", object="object"),
            TableField("summary", ("summary",), "summary"),
        ],
    ),
    (
        "any language",
        CHINESE,
        {},
        [
            entities("人物", "人物", name="姓名"),
            relations("关系", "关系", subject="甲", object="乙", evidence="据"),
            TableField("summary", ("摘要",), "摘要"),
        ],
    ),
    (
        "nested",
        {"report": {"properties": {"parts": {"type": "array", "items": {"properties": {"entities": PAIR}}}}}},
        {},
        [entities("report/parts/[]/entities", "entities", **PLAIN_ROLES)],
    ),
    (
        "items by reference",
        {"people": {"type": "array", "items": {"$ref": "#/$defs/person"}, "x-extract": "entities"}},
        {"$defs": {"person": {"properties": {"full_name": marked("name")}}}},
        [entities("people", "people", name="full_name")],
    ),
    (
        "the whole property by reference",
        {"people": {"$ref": "#/$defs/people"}},
        {"$defs": {"people": {**PAIR, "x-extract": "entities"}}},
        [entities("people", "people", **PLAIN_ROLES)],
    ),
    (
        "nullable by type",
        {"summary": {"type": ["string", "null"]}},
        {},
        [TableField("summary", ("summary",), "summary")],
    ),
    (
        "nullable by union",
        {"entities": {"anyOf": [PAIR, {"type": "null"}]}},
        {},
        [entities("entities", "entities", **PLAIN_ROLES)],
    ),
    (
        "strings",
        {"firms": {"type": "array", "items": TEXT, "x-extract": "entities"}},
        {},
        [TableField("entities", ("firms",), "firms")],
    ),
    (
        "a mark beats a plain name",
        {"entities": {"type": "array", "items": {"properties": {"name": TEXT, "title": marked("name")}}}},
        {},
        [entities("entities", "entities", name="title")],
    ),
    ("nothing to map", {"label": TEXT, "entities": TEXT, "summary": {"type": "number"}}, {}, []),
    ("plain entities without a name", {"entities": {"type": "array", "items": {"properties": {"x": TEXT}}}}, {}, []),
]


@pytest.mark.parametrize("properties, more, expected", [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_what_feeds_the_tables(properties: dict[str, Any], more: dict[str, Any], expected: list[TableField]) -> None:
    assert fields(properties, **more) == expected


def test_a_schema_in_itself_is_followed_so_far() -> None:
    tree = {"properties": {"entities": PAIR, "children": {"type": "array", "items": {"$ref": "#"}}}}
    found = table_fields(Schema("tree", tree, None))
    assert [len(field.path) for field in found] == [1, 3, 5, 7, 9, 11, 13]
    deepest = "/".join(["children/[]"] * 6 + ["children"])
    assert too_deep(Schema("tree", tree, None)) == [
        f"children holds itself: what lies in {deepest} feeds no table, it stays in record"
    ]


def test_entities_in_themselves_too_deep_for_a_table_are_said() -> None:
    parts = {"type": "array", "items": {"$ref": "#/$defs/n"}, "x-extract": "entities"}
    defs = {"n": {"properties": {"name": TEXT, "parts": parts}}, "s": {"properties": {"below": {"$ref": "#/$defs/s"}}}}
    body = {"$defs": defs, "properties": {"top": {"$ref": "#/$defs/n"}, "spare": {"$ref": "#/$defs/s"}}}
    said = too_deep(Schema("tree", body, None))
    assert len(said) == 1 and said[0].startswith("top holds itself: what lies in top/parts/[]/parts/[]/")


def test_what_does_not_hold_itself_is_followed_to_its_end() -> None:
    body: dict[str, Any] = {"properties": {"entities": PAIR}}
    for step in range(20):
        body = {"properties": {f"s{step}": body}}
    assert [len(field.path) for field in table_fields(Schema("deep", body, None))] == [21]
    assert too_deep(Schema("deep", body, None)) == []


def test_references_into_lists_and_to_nowhere() -> None:
    body = {"anyOf": [{"properties": {"summary": TEXT}}], "properties": {"a": {"$ref": "#/anyOf/0"}}}
    assert [field.path for field in table_fields(Schema("s", body, None))] == [("summary",), ("a", "summary")]
    assert fields({"a": {"$ref": "#/anyOf/7"}, "b": {"$ref": "#/x/y"}, "c": {"$ref": "#anchor"}}) == []


WRONG = [
    ({"a": {**PAIR, "x-extract": "entity"}}, "--schema mine: a: x-extract 'entity' is not known", "'entities'?"),
    ({"a": {**PAIR, "x-extract": "关系"}}, "x-extract '关系' is not known (one of confidence, entities", ""),
    ({"a": {**PAIR, "x-extract": ["entities"]}}, "x-extract ['entities'] is not known", ""),
    ({"a": {**PAIR, "x-extract": {"a": 1}}}, "is not known", ""),
    (
        {"a": {"type": "null", "x-extract": "entities"}},
        "a: x-extract 'entities' needs a list, a map or an object, this is null",
        "",
    ),
    ({"a": {"type": "number", "x-extract": "summary"}}, "needs a string, this is number", ""),
    ({"a": marked("name")}, "'name' belongs inside an item of entities or relations", ""),
    (
        {"a": {"type": "array", "x-extract": "entities", "items": {"properties": {"x": TEXT, "y": TEXT}}}},
        'no property of its items is marked "x-extract": "name"',
        "(properties: x, y)",
    ),
    (
        {"a": {"type": "array", "x-extract": "entities", "items": {"properties": {"x": marked("subject")}}}},
        "a/items/x: x-extract 'subject' has no place in entities",
        "",
    ),
    (
        {"a": {"type": "array", "x-extract": "relations", "items": {"properties": {"x": marked("subject")}}}},
        'marked "x-extract": "object"',
        "",
    ),
]


@pytest.mark.parametrize("properties, said, cure", WRONG, ids=[row[1] for row in WRONG])
def test_annotations_that_cannot_be_meant(properties: dict[str, Any], said: str, cure: str) -> None:
    with pytest.raises(UserError) as caught:
        fields(properties)
    assert said in str(caught.value) and cure in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", shipped.names())
def test_every_shipped_schema_fills_a_table(name: str) -> None:
    assert table_fields(load_schema(name)) or name == "classify"
