"""What a passage is asked, what the merged answer must satisfy, and a schema for some of its tables alone."""

import json
from dataclasses import replace
from typing import Any

import pytest
from drawn import schemas, written
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from extractor.errors import UserError
from extractor.tasks import shipped
from extractor.tasks.grammar import grammar
from extractor.tasks.guide import guide, layout
from extractor.tasks.mapping import table_fields
from extractor.tasks.order import in_order, predicate_last
from extractor.tasks.passage import merged_schema, passage_schema
from extractor.tasks.restrict import only, summary_schema
from extractor.tasks.schema import Schema, load_schema

TEXT: dict[str, Any] = {"type": "string"}
NULL = {"type": "null"}


def thing(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def listed(item: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": item, **more}


def or_null(node: Any) -> dict[str, Any]:
    return {"anyOf": [node, NULL]}


def of_passage(body: dict[str, Any]) -> dict[str, Any]:
    return passage_schema(Schema("mine", body, None)).body


FIRST = {"type": "object", "properties": {"kind": {"const": "a"}, "x": TEXT}, "required": ["kind", "x"]}
PASSAGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "scalars may be null": (thing(a=TEXT, b={"enum": [1, 2]}), thing(a=or_null(TEXT), b=or_null({"enum": [1, 2]}))),
    "what may be null stays": (thing(a={"type": ["string", "null"]}), thing(a={"type": ["string", "null"]})),
    "a single value tells of the form": (thing(kind={"const": "a"}), thing(kind={"const": "a"})),
    "lists may be shorter, their items stay": (
        thing(a=listed(thing(b=TEXT, c=listed(TEXT, minItems=1)), minItems=3, maxItems=9)),
        thing(a=listed(thing(b=TEXT, c=listed(TEXT, minItems=1)), maxItems=9)),
    ),
    "a list of so many is one value": (
        thing(a=listed({"type": "number"}, minItems=2, maxItems=2)),
        thing(a=or_null(listed({"type": "number"}, minItems=2, maxItems=2))),
    ),
    "objects are gone into": (
        thing(a={**thing(b=TEXT, c=listed(TEXT, minItems=1)), "minProperties": 1}),
        thing(a=thing(b=or_null(TEXT), c=listed(TEXT))),
    ),
    "unless they are one value": (
        thing(a={**thing(b=TEXT), "x-merge": "atomic"}),
        thing(a=or_null({**thing(b=or_null(TEXT)), "x-merge": "atomic"})),
    ),
    "a map has the keys that the passage names": (
        thing(a={"type": "object", "additionalProperties": thing(b=TEXT), "required": ["Ida"], "minProperties": 1}),
        thing(a={"type": "object", "additionalProperties": thing(b=TEXT), "required": []}),
    ),
    "a union of objects": (
        thing(a={"oneOf": [FIRST, thing(y=TEXT)]}),
        thing(
            a=or_null(
                {
                    "anyOf": [
                        {**FIRST, "properties": {"kind": {"const": "a"}, "x": or_null(TEXT)}},
                        thing(y=or_null(TEXT)),
                    ]
                }
            )
        ),
    ),
    "a definition used both ways is two": (
        {**thing(one={"$ref": "#/$defs/p"}, all=listed({"$ref": "#/$defs/p"})), "$defs": {"p": thing(b=TEXT)}},
        {
            **thing(one={"$ref": "#/$defs/p"}, all=listed({"$ref": "#/$defs/p_2"})),
            "$defs": {"p": thing(b=or_null(TEXT)), "p_2": thing(b=TEXT)},
        },
    ),
    "a schema in itself": (
        {"type": "object", "properties": {"a": TEXT, "inner": listed({"$ref": "#"}, minItems=1)}},
        {
            "type": "object",
            "properties": {"a": or_null(TEXT), "inner": listed({"$ref": "#/$defs/root"})},
            "$defs": {
                "root": {
                    "type": "object",
                    "properties": {"a": TEXT, "inner": listed({"$ref": "#/$defs/root"}, minItems=1)},
                }
            },
        },
    ),
    "a list as the root": (listed(TEXT, minItems=2), listed(TEXT)),
}


@pytest.mark.parametrize("body, wanted", PASSAGES.values(), ids=PASSAGES)
def test_what_a_passage_is_asked(body: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert of_passage(body) == wanted


@pytest.mark.parametrize("name", shipped.names())
def test_everything_below_works_on_the_shipped_ones(name: str) -> None:
    schema = load_schema(name)
    asked = passage_schema(schema)
    fields = table_fields(asked)
    assert fields == table_fields(schema)
    ordered = predicate_last(asked, fields)
    Draft202012Validator.check_schema(ordered.body)
    assert json.loads(grammar(ordered)) and guide(ordered.body) and layout(ordered.body)
    for line in schema.path.with_suffix(".examples.jsonl").read_text("utf-8").splitlines() if schema.path else ():
        example = json.loads(line)
        assert asked.validator().is_valid(in_order(example["answer"], example["text"], asked, fields))


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(schemas())
def test_a_passage_may_say_all_that_the_whole_may(body: dict[str, Any]) -> None:
    schema = Schema("made", body, None)
    asked = passage_schema(schema)
    answer = written(grammar(schema), 7)
    if answer is not None and schema.validator().is_valid(answer):
        assert asked.validator().is_valid(answer) and merged_schema(schema).validator().is_valid(answer)
    said = written(grammar(asked), 3)
    if said is not None and "\\" not in json.dumps(said, ensure_ascii=False):
        assert [error.message for error in Draft202012Validator(asked.body).iter_errors(said)] == []  # but for formats


def test_what_held_for_a_passage_alone_is_not_asked_of_the_whole() -> None:
    body = thing(a=listed(thing(b=listed(TEXT, maxItems=2)), maxItems=3, minItems=1, uniqueItems=True), maxItems=TEXT)
    wanted = thing(a=listed(thing(b=listed(TEXT)), minItems=1), maxItems=TEXT)
    assert merged_schema(Schema("mine", body, None)).body == wanted


@pytest.mark.parametrize("name", ["news", "xinwen", "science", "finance", "guanxi"])
@pytest.mark.parametrize("word", ["entities", "relations", "events", "summary"])
def test_some_tables_alone(name: str, word: str) -> None:
    schema = load_schema(name)
    fed = [replace(field, ends={}) for field in table_fields(schema) if field.table == word]
    alone = only(schema, [word])
    assert (alone is None) == (not fed)
    if alone:
        assert [replace(field, ends={}) for field in table_fields(alone)] == fed
        keys = [field.path[0] for field in fed]
        kept = {key: schema.body["properties"][key] for key in keys}
        assert alone.body["properties"] == kept and alone.body["required"] == keys


def test_nested_tables_alone() -> None:
    inner = {**listed(thing(predicate=TEXT, object=TEXT)), "x-extract": "relations"}
    people = {**listed(thing(name=TEXT, job=TEXT, r=inner)), "x-extract": "entities"}
    part = thing(summary={**TEXT, "maxLength": 9}, people=people, other=TEXT)
    body = {**thing(parts=listed({"$ref": "#/$defs/part"}), title=TEXT), "$defs": {"part": part}}
    schema = Schema("mine", body, None)

    def kept(*words: str) -> Any:
        found = only(schema, words)
        return found and found.body["$defs"]["part"]["properties"]

    assert kept("summary") == {"summary": {**TEXT, "maxLength": 9}}
    assert kept("entities") == {"people": {**listed(thing(name=TEXT, job=TEXT)), "x-extract": "entities"}}
    assert kept("relations") == {"people": {**listed(thing(name=TEXT, r=inner)), "x-extract": "entities"}}
    assert kept("events") is None


def test_the_summary_of_summaries() -> None:
    whole = {**TEXT, "maxLength": 90}
    body = thing(title=TEXT, summary=whole, parts=listed(thing(summary=TEXT, title=TEXT)))
    found = summary_schema(Schema("mine", body, None))
    assert found and found.body == thing(summary=whole)
    for other in (thing(parts=body["properties"]["parts"]), thing(summary={**TEXT, "x-merge": "join"}), thing(a=TEXT)):
        assert summary_schema(Schema("mine", other, None)) is None


WRONG = [
    (
        thing(a={**TEXT, "x-merge": "sum"}),
        "/properties/a: x-merge 'sum' does not fit, this is text",
        "did you mean 'join'?",
    ),
    (thing(a={"type": "boolean", "x-merge": "max"}), "does not fit, this is label", "did you mean 'any'?"),
    (
        thing(a=listed(TEXT, **{"x-merge": "join"})),
        "does not fit, this is list (one of union,",
        "did you mean 'union'?",
    ),
    (thing(a={**thing(b=TEXT), "x-merge": "first"}), "does not fit, this is object", "did you mean 'atomic'?"),
    (thing(a={**TEXT, "x-merge": "longst"}), "x-merge 'longst' is not known (one of first,", "did you mean 'longest'?"),
    (thing(a={**TEXT, "x-merge": ["first"]}), "x-merge ['first'] is not known", ""),
    (
        {**thing(a={"$ref": "#/$defs/n", "x-merge": "join"}), "$defs": {"n": {"type": "integer"}}},
        "this is number",
        "'sum'?",
    ),
    (thing(a=listed(thing(name=TEXT), **{"x-key": ["nam"]})), "x-key 'nam' is no property of its items", "'name'?"),
    (thing(a={**TEXT, "x-key": ["a"]}), "x-key belongs to a list of objects, this is text", ""),
    (thing(a=listed(thing(name=TEXT), **{"x-key": "name"})), "x-key 'name' is no list of property names", ""),
]


@pytest.mark.parametrize("body, said, cure", WRONG, ids=[row[1] for row in WRONG])
def test_words_that_cannot_be_meant(body: dict[str, Any], said: str, cure: str, tmp_path: Any) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(body))
    with pytest.raises(UserError) as caught:
        load_schema(str(path))
    assert said in str(caught.value) and cure in str(caught.value) and "\n" not in str(caught.value)


def test_words_that_fit(tmp_path: Any) -> None:
    body = thing(
        a={**TEXT, "x-merge": "join"},
        b={"type": ["number", "null"], "x-merge": "sum"},
        c={"anyOf": [{"enum": ["x", "other"]}, NULL], "x-merge": "any"},
        d=listed(thing(n=TEXT), **{"x-key": ["n"], "x-merge": "union"}),
        e={"x-merge": "last"},
        g={"enum": [1, 2, 3], "x-merge": "max"},
        f={**thing(t=TEXT), "x-extract": "summary", "x-merge": "join"},
    )
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(body))
    assert load_schema(str(path)).body == body
