"""The schema as the decoder gets it: exact text, and what it lets a model write."""

import json
from pathlib import Path
from typing import Any

import llguidance
import pytest

from extractor.tasks import shipped
from extractor.tasks.examples import load_examples
from extractor.tasks.grammar import dropped, free_of_grammar, grammar
from extractor.tasks.prompt import answer_text
from extractor.tasks.schema import Schema, load_schema

LAYOUT = (
    '"x-guidance": {"whitespace_flexible": false, "item_separator": ", ", "key_separator": ": ", "coerce_one_of": true}'
)


def schema(body: dict[str, Any]) -> Schema:
    return Schema("mine", body, Path("mine.json"))


def allows(text: str, grammar_text: str) -> bool:
    """Whether a model could write exactly this text, and then stop."""
    tokenizer = llguidance.LLTokenizer("byte")
    matcher = llguidance.LLMatcher(tokenizer, llguidance.LLMatcher.grammar_from_json_schema(grammar_text))
    taken = matcher.try_consume_tokens(list(text.encode()))
    return bool(taken == len(text.encode()) and matcher.is_accepting())


EXACT = [
    ({}, f"{{{LAYOUT}}}"),
    (
        {
            "title": "T",
            "type": "object",
            "properties": {"b": {"type": "string", "description": "d"}, "a": {"const": 1}},
        },
        '{"type": "object", "properties": {"b": {"type": "string"}, "a": {"const": 1}}, "additionalProperties": false, '
        + LAYOUT
        + "}",
    ),
    (
        {"x-mine": 1, "properties": {"a": {"x-extract": "summary", "format": "colour", "minLength": 2}}},
        '{"properties": {"a": {"minLength": 2}}, "additionalProperties": false, ' + LAYOUT + "}",
    ),
    (
        {"properties": {"a": {"not": {"type": "null"}, "uniqueItems": True, "format": "date"}}},
        '{"properties": {"a": {"format": "date"}}, "additionalProperties": false, ' + LAYOUT + "}",
    ),
    (
        {"properties": {"a": {}}, "required": ["b"]},
        '{"properties": {"a": {}}, "required": ["b"], ' + LAYOUT + "}",
    ),
    (
        {"properties": {"a": {}}, "additionalProperties": {"type": "string"}},
        '{"properties": {"a": {}}, "additionalProperties": {"type": "string"}, ' + LAYOUT + "}",
    ),
    (
        {"properties": {"姓名": {"enum": ["甲", "乙"]}}},
        '{"properties": {"姓名": {"enum": ["甲", "乙"]}}, "additionalProperties": false, ' + LAYOUT + "}",
    ),
]


@pytest.mark.parametrize("body, text", EXACT, ids=[text[:60] for _, text in EXACT])
def test_exact_text(body: dict[str, Any], text: str) -> None:
    assert grammar(schema(body)) == text


@pytest.mark.parametrize("name", shipped.names())
def test_shipped_schemas_lose_nothing_and_allow_their_worked_examples(name: str) -> None:
    loaded = load_schema(name)
    assert free_of_grammar(loaded) is None and dropped(loaded) == []
    for example in load_examples(None, loaded)[1]:
        assert allows(answer_text(example["answer"]), grammar(loaded))
    assert not allows('{"made_up": 1}', grammar(loaded))


BASE = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
MORE = {"properties": {"b": {"type": "integer"}}, "required": ["b"]}
A, AB = '{"a": "x"}', '{"a": "x", "b": 1}'

ALLOWED: list[tuple[str, dict[str, Any], list[str], list[str]]] = [
    ("objects are closed", BASE, [A], [AB, "{}", '{"a":"x"}', '{ "a": "x"}']),
    ("a base by reference, and more", {"$defs": {"base": BASE}, "$ref": "#/$defs/base", **MORE}, [AB], []),
    ("allOf of two", {"allOf": [BASE, MORE]}, [AB], [A]),
    ("allOf of a reference", {"$defs": {"base": BASE}, "allOf": [{"$ref": "#/$defs/base"}, MORE]}, [AB], [A]),
    ("allOf of one", {"allOf": [BASE]}, [A], [AB]),
    ("properties beside anyOf", {**BASE, "anyOf": [MORE, {"properties": {"c": {}}}]}, [AB, A], []),
    ("anyOf", {"anyOf": [BASE, MORE]}, [A, '{"b": 1}'], [AB]),
    ("oneOf that overlaps", {"oneOf": [{"type": "string"}, {"minLength": 1, "type": "string"}]}, ['"x"', '""'], ["1"]),
    ("open on purpose", {**BASE, "additionalProperties": True}, [A, AB], []),
    ("a list", {"type": "array", "items": {"type": "integer"}}, ["[1, 2]", "[]"], ["[1,2]", '["1"]']),
    (
        "an item that nothing can be",
        {"type": "array", "items": {"type": "object", "properties": {"a": False}, "required": ["a"]}},
        ["[]"],
        ["[{}]", '[{"a": 1}]'],
    ),
    (
        "an entry that nothing can be",
        {"additionalProperties": {"type": ["object", "null"], "properties": {"a": {"enum": []}}, "required": ["a"]}},
        ["{}", '{"x": null}'],
        ['{"x": {}}'],
    ),
    ("look-ahead is given up", {"type": "object", "properties": {"a": {"pattern": "^(?!b)"}}}, [A], [AB]),
    ("a range too wide is given up", {"type": "object", "properties": {"a": {"minimum": -(10**300)}}}, [A], [AB]),
    (
        "words beside a reference in a ring",
        {
            "$defs": {"tree": {"type": "object", "properties": {"a": {"$ref": "#/$defs/tree", "minProperties": 0}}}},
            "$ref": "#/$defs/tree",
        },
        ['{"a": {"a": {}}}'],
        ['{"a": 1}', '{"b": {}}'],
    ),
]


@pytest.mark.parametrize("body, yes, no", [row[1:] for row in ALLOWED], ids=[row[0] for row in ALLOWED])
def test_what_a_model_may_write(body: dict[str, Any], yes: list[str], no: list[str]) -> None:
    text = grammar(schema(body))
    assert [answer for answer in yes if not allows(answer, text)] == []
    assert [answer for answer in no if allows(answer, text)] == []
    assert free_of_grammar(schema(body)) is None


def test_what_is_checked_after_decoding_only_is_named() -> None:
    body = {"properties": {"a": {"pattern": "(?=x)", "uniqueItems": True}, "b": {"pattern": "x"}}, "description": "d"}
    assert dropped(schema(body)) == ["pattern", "uniqueItems"]


def test_names_of_properties_are_no_keywords() -> None:
    body = {"properties": {"not": {"type": "string"}, "if": {"enum": [{"title": "t"}]}}}
    assert json.loads(grammar(schema(body)))["properties"] == body["properties"]


def test_what_no_grammar_holds_is_free_json() -> None:
    listed = {"enum": list(range(200_000))}
    assert "too big" in str(free_of_grammar(schema(listed)))
    assert json.loads(grammar(schema({"type": "object", "properties": {"a": listed}}))).keys() == {"type", "x-guidance"}
