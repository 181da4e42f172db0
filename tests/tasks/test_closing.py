"""Relations closed to the entities found: which places can be, and what the grammar of one document lets through."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import llguidance
import pytest
from fakes import fake_prepared
from jsonschema import Draft202012Validator

from extractor.errors import UserError
from extractor.tables import Ground, rows_from
from extractor.tasks.closed import PER_END, possible_ends
from extractor.tasks.closing import MOST_ENDS, OPEN, check_closing, closing
from extractor.tasks.mapping import table_fields
from extractor.tasks.schema import Schema, load_schema

ENTITIES = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "type": {"enum": ["Peop", "Loc", "Org"]}},
        "required": ["name"],
    },
}
ARROWS = {
    "oneOf": [
        {"const": "Live_In", "description": "Peop -> Loc"},
        {"const": "Kill", "description": "Peop -> Peop"},
        {"const": "Near", "description": "close by"},
    ]
}


def relations(predicate: Any = ARROWS, end: Any = None, **more: Any) -> dict[str, Any]:
    end = end or {"type": "string"}
    item = {"type": "object", "properties": {"subject": end, "object": end, "predicate": predicate}}
    return {"type": "array", "items": item | {"required": ["subject", "object", "predicate"]}, **more}


def schema(**properties: Any) -> Schema:
    return Schema("s", {"type": "object", "properties": {"entities": ENTITIES} | properties}, None)


def grammar(of: Schema, record: Any, name: str = "relations") -> dict[str, Any]:
    text = closing(of).grammar(name, record)
    assert text
    assert not llguidance.LLMatcher.validate_grammar(llguidance.LLMatcher.grammar_from_json_schema(text))
    found: dict[str, Any] = json.loads(text)
    return found


def allows(body: dict[str, Any], *triple: Any, name: str = "relations") -> bool:
    item = dict(zip(("subject", "predicate", "object"), triple, strict=True))
    return bool(Draft202012Validator(body).is_valid({name: [item]}))


def record(*entities: tuple[str, str | None]) -> dict[str, Any]:
    return {"entities": [{"name": name} | ({"type": kind} if kind else {}) for name, kind in entities]}


def test_only_the_entities_found_can_be_ends_and_each_predicate_joins_its_types() -> None:
    body = grammar(schema(relations=relations()), record(("John Booth", "Peop"), ("Booth", "Loc"), ("Ann", "Peop")))
    assert allows(body, "John Booth", "Live_In", "Booth") and allows(body, "Ann", "Kill", "John Booth")
    assert not allows(body, "Booth", "Live_In", "John Booth") and not allows(body, "Ann", "Kill", "Booth")
    assert allows(body, "Booth", "Near", "Ann")  # no arrow
    assert not allows(body, "John", "Near", "Ann") and not allows(body, "Zoe", "Near", "Ann")


def test_without_arrows_any_two_can_be_joined_and_the_predicates_stay_as_they_are() -> None:
    free = grammar(schema(relations=relations({"type": "string"})), record(("A", "Peop"), ("B", "Org")))
    assert allows(free, "B", "whatever", "A") and not allows(free, "B", "whatever", "C")
    listed = grammar(schema(relations=relations({"enum": ["x", "y"]})), record(("A", "Peop"), ("B", "Org")))
    assert allows(listed, "B", "y", "A") and not allows(listed, "B", "z", "A")


def test_chinese_and_the_kinds_of_a_kind() -> None:
    kinds = {"type": "string", "enum": ["娱乐人物", "影视作品", "地点"]}
    things = {"type": "array", "items": {"properties": {"名": {"type": "string", "x-extract": "name"},
                                                        "类": kinds | {"x-extract": "type"}}}}  # fmt: skip
    said = {"enum": ["主演", "国籍"], "description": "主演: 影视作品 → 人物或娱乐人物；国籍: 娱乐人物 → 地点。"}
    of = Schema("s", {"type": "object", "properties": {"实体": things | {"x-extract": "entities"},
                                                       "relations": relations(said)}}, None)  # fmt: skip
    rows = [{"名": "红楼梦", "类": "影视作品"}, {"名": "红楼", "类": "地点"}, {"名": "欧阳奋强", "类": "娱乐人物"}]
    body = grammar(of, {"实体": rows})
    assert allows(body, "欧阳奋强", "国籍", "红楼") and not allows(body, "欧阳奋强", "国籍", "红楼梦")
    assert possible_ends({"实体": rows}, table_fields(of))["红楼"] == frozenset(["地点"])


def test_homonyms_may_be_what_either_is_and_a_name_without_type_anything() -> None:
    both = record(("Washington", "Loc"), ("Washington", "Peop"), ("Ann", "Peop"), ("it", None), ("Ann", "Peop"))
    body = grammar(schema(relations=relations()), both)
    assert allows(body, "Ann", "Live_In", "Washington") and allows(body, "Washington", "Kill", "Ann")
    assert allows(body, "Ann", "Live_In", "it") and allows(body, "it", "Kill", "Ann")
    assert not allows(body, "Ann", "Live_In", "Ann")
    names = [said for said in body["$defs"].values() if "Ann" in said["enum"]]
    assert all(len(set(said["enum"])) == len(said["enum"]) for said in names)


def test_what_the_grammar_allows_the_table_takes_and_what_the_table_takes_the_grammar_allows() -> None:
    things = [("Lincoln", "Peop"), ("Lincoln", "Loc"), ("President Lincoln", "Peop"), ("林肯", "Peop"), ("it", None)]
    things += [("Springfield", "Loc"), ("Senate", "Org")]
    of, found = schema(relations=relations()), record(*things)
    body, fields = grammar(of, found), table_fields(of)
    names = list(dict.fromkeys(name for name, _ in things))
    for subject, predicate, target in product(names, ("Live_In", "Kill", "Near"), names):
        item = {"subject": subject, "object": target, "predicate": predicate}
        rows, dropped = rows_from(found | {"relations": [item]}, fields, Ground(""))
        is_taken = not dropped and [(row.subject, row.object) for row in rows["relations"]] == [(subject, target)]
        if subject != target:
            assert allows(body, subject, predicate, target) == is_taken, item


def test_where_nothing_can_be_joined_nothing_is_asked() -> None:
    found = closing(schema(relations=relations()))
    assert found.grammar("relations", record()) is None
    assert found.grammar("relations", record(("Ann", "Peop"))) is None
    assert found.grammar("relations", record(("Ann", "Peop"), ("Ann", "Peop"))) is None
    only = closing(schema(relations=relations({"oneOf": ARROWS["oneOf"][:2]})))
    assert only.grammar("relations", record(("Rome", "Loc"), ("Oslo", "Loc"))) is None
    assert only.grammar("relations", {"entities": "?"}) is None
    needed = closing(schema(relations=relations(minItems=1)))
    assert json.loads(needed.grammar("relations", record()) or "")["properties"]["relations"]["minItems"] == 1


def test_bounds_of_the_schema_stay_and_ends_obey_their_own() -> None:
    body = grammar(schema(relations=relations(end={"type": "string", "maxLength": 3}, maxItems=2)),
                   record(("Ann", "Peop"), ("Bo", "Peop"), ("Washington", "Loc")))  # fmt: skip
    assert body["properties"]["relations"]["maxItems"] == 2
    assert allows(body, "Ann", "Near", "Bo") and not allows(body, "Ann", "Near", "Washington")
    unbound = grammar(schema(relations=relations()), record(("Ann", "Peop"), ("Bo", "Peop")))
    assert unbound["properties"]["relations"]["maxItems"] == 2 * PER_END
    nullable = grammar(schema(relations=relations(end={"type": ["string", "null"]})), record(("A", None), ("B", None)))
    assert allows(nullable, "A", "Near", None) and not allows(nullable, "A", "Near", "C")


def test_too_many_ends_are_left_to_the_model() -> None:
    many = record(*((f"n{n}", "Peop") for n in range(MOST_ENDS + 1)))
    body = grammar(schema(relations=relations()), many)
    assert allows(body, "anything", "Kill", "n1")
    assert not allows(grammar(schema(relations=relations()), record(*((f"n{n}", "Peop") for n in range(MOST_ENDS)))),
                      "anything", "Kill", "n1")  # fmt: skip


def test_ids_are_ends_where_entities_have_them() -> None:
    things = {"type": "array", "items": {"properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}}
    of = schema(entities=things, relations=relations({"type": "string"}, {"type": "integer"}))
    body = grammar(of, {"entities": [{"id": 1, "name": "Ann"}, {"id": 7, "name": "Bo"}, {"name": "Cy"}]})
    assert allows(body, 1, "p", 7) and not allows(body, 1, "p", 2) and not allows(body, "Ann", "p", 7)


def test_a_list_a_predicate_and_definitions_elsewhere() -> None:
    edge = {"type": "object", "properties": {"subject": {"$ref": "#/$defs/n"}, "object": {"$ref": "#/$defs/n"}}}
    body = {"type": "object", "$defs": {"n": {"type": "string", "minLength": 1}, "edge": edge},
            "properties": {"entities": ENTITIES, "works_for": {"x-extract": "relations", "type": "array",
                           "items": {"$ref": "#/$defs/edge"}}}}  # fmt: skip
    found = grammar(Schema("s", body, None), record(("A", "Peop"), ("B", "Org")), "works_for")
    assert Draft202012Validator(found).is_valid({"works_for": [{"subject": "A", "object": "B"}]})
    assert not Draft202012Validator(found).is_valid({"works_for": [{"subject": "A", "object": "C"}]})


END_OBJECT = {"type": "object", "properties": {"name": {"type": "string"}}}
TIES = {"type": "array", "items": {"properties": {"object": {"type": "string"}, "predicate": {"type": "string"}}}}
NESTED = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "relations": TIES | {"x-extract": "relations"}},
}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"properties": {"relations": relations()}}, "relations: there are no entities"),
    ({"properties": {"entities": ENTITIES}}, "it has no relations"),
    ({"properties": {"entities": ENTITIES | {"items": NESTED}}}, "entities/[]/relations: they lie within entities"),
    ({"properties": {"entities": ENTITIES, "relations": relations(end=END_OBJECT)}}, "relations: an end is an object"),
    ({"properties": {"a": {"properties": {"entities": ENTITIES, "relations": relations()}}}},
     "a/relations: no list of them is a property of the root"),
    ({"anyOf": [{"properties": {"entities": ENTITIES, "relations": relations()}}, {"properties": {"b": {}}}]},
     "relations: no list of them is a property of the root"),
]  # fmt: skip


@pytest.mark.parametrize("body, why", REFUSED)
def test_what_cannot_be_closed_is_refused_with_its_place(body: dict[str, Any], why: str) -> None:
    with pytest.raises(UserError) as refused:
        check_closing(Schema("s", {"type": "object", **body}, None))
    assert why in str(refused.value) and "\n" not in str(refused.value)
    assert str(refused.value).startswith("--relations closed: --schema s: ")


def test_one_place_is_closed_where_another_cannot_be() -> None:
    of = schema(relations=relations(), ties=relations(end=END_OBJECT) | {"x-extract": "relations"})
    found = closing(of)
    assert found.names == ("relations",) and found.open == ("ties: an end is an object",)


@pytest.mark.parametrize("name", ["news", "xinwen", "science"])
def test_the_shipped_schemas_can_be_closed(name: str) -> None:
    assert len(closing(load_schema(name)).places) == 1


def test_an_answer_is_shown_as_it_is_asked_for() -> None:
    found = closing(schema(relations=relations()))
    assert found.shown({"a": 1, "relations": [], "b": "好"}) == '{"a": 1, "b": "好"}\n{"relations": []}'
    assert found.shown([1]) == "[1]" and OPEN.shown({"relations": []}) == '{"relations": []}'


def test_it_belongs_to_the_identity_only_where_it_is_set(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": "d", "text": "Ann."}')
    usual = fake_prepared(source, tmp_path / "out").builder
    assert (
        "relations" not in usual.identity and usual.arm == fake_prepared(source, tmp_path, relations="open").builder.arm
    )
    assert fake_prepared(source, tmp_path, relations="closed").builder.identity["relations"] == "closed"
