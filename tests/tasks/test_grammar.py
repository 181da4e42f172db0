"""The schema as the decoder gets it: exact text, and what it lets a model write."""

import json
from pathlib import Path
from typing import Any

import llguidance
import pytest

from extractor.tasks import shipped
from extractor.tasks.emit import emit
from extractor.tasks.examples import load_examples
from extractor.tasks.grammar import dropped, free_of_grammar, grammar
from extractor.tasks.lenient import mended
from extractor.tasks.prompt import answer_text
from extractor.tasks.reading import read
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
    assert free_of_grammar(loaded) is None and dropped(loaded) == {}
    for example in load_examples(None, loaded)[1]:
        assert allows(answer_text(example["answer"]), grammar(loaded))
    assert not allows('{"made_up": 1}', grammar(loaded))


BASE = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
MORE = {"properties": {"b": {"type": "integer"}}, "required": ["b"]}
A, AB = '{"a": "x"}', '{"a": "x", "b": 1}'

LABELS = [{"const": f"P{n}", "description": "a property"} for n in range(60)]

ALLOWED: list[tuple[str, dict[str, Any], list[str], list[str]]] = [
    ("objects are closed", BASE, [A], [AB, "{}", '{"a":"x"}', '{ "a": "x"}']),
    ("a base by reference, and more", {"$defs": {"base": BASE}, "$ref": "#/$defs/base", **MORE}, [AB], []),
    ("allOf of two", {"allOf": [BASE, MORE]}, [AB], [A]),
    ("allOf of a reference", {"$defs": {"base": BASE}, "allOf": [{"$ref": "#/$defs/base"}, MORE]}, [AB], [A]),
    ("allOf of one", {"allOf": [BASE]}, [A], [AB]),
    ("properties beside anyOf", {**BASE, "anyOf": [MORE, {"properties": {"c": {}}}]}, [AB, A], []),
    ("anyOf", {"anyOf": [BASE, MORE]}, [A, '{"b": 1}'], [AB]),
    ("oneOf that overlaps", {"oneOf": [{"type": "string"}, {"minLength": 1, "type": "string"}]}, ['"x"', '""'], ["1"]),
    (
        "a hundred labels with their meanings",
        {"oneOf": [{"const": f"P{n}", "description": "a property"} for n in range(100)]},
        ['"P0"', '"P99"'],
        ['"P100"', '"is in"'],
    ),
    (
        "two lists of labels, or an object",
        {"anyOf": [{"oneOf": [{"const": n} for n in range(60)]}, {"enum": [60]}, {"anyOf": [BASE, *LABELS]}]},
        ['"P0"', '"P59"', "0", "59", "60", A],
        ['"P60"', "61", "{}"],
    ),
    (
        "a hundred forms",
        {"anyOf": [{"type": "object", "properties": {"kind": {"const": n}}, "required": ["kind"]} for n in range(100)]},
        ['{"kind": 99}'],
        ['{"kind": 100}', "{}"],
    ),
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


GIVEN_UP: list[tuple[str, dict[str, Any], dict[str, list[str]]]] = [
    (
        "one pattern of two",
        {"properties": {"a": {"pattern": "(?=x)", "uniqueItems": True}, "b": {"pattern": "x"}}, "description": "d"},
        {"pattern": ["a"], "uniqueItems": ["a"]},
    ),
    (
        "in lists, maps, unions and tuples",
        {
            "properties": {
                "a/b": {"items": {"additionalProperties": {"pattern": "(?=x)"}}},
                "c": {"anyOf": [{"type": "integer"}, {"prefixItems": [{}, {"not": {}}]}]},
                "d": {"patternProperties": {"^x": {"format": "regex"}, "^y": {"format": "colour"}}},
            }
        },
        {"format": ["d/{}"], "not": ["c/[1]"], "pattern": ["a/b/[]/{}"]},
    ),
    (
        "behind references, once",
        {
            "$defs": {"n": {"type": "object", "properties": {"a": {"pattern": "(?=x)"}, "n": {"$ref": "#/$defs/n"}}}},
            "properties": {"x": {"$ref": "#/$defs/n"}, "y": {"$ref": "#/$defs/n"}},
        },
        {"pattern": ["x/a"]},
    ),
    (
        "keys that are held as properties, and keys that are not",
        {
            "properties": {
                "a": {"additionalProperties": {"type": "string"}, "propertyNames": {"enum": ["x"]}},
                "b": {"additionalProperties": {"type": "string"}, "propertyNames": {"minLength": 3}},
            }
        },
        {"propertyNames": ["b"]},
    ),
    ("labels past counting", {"properties": {"a": {"oneOf": [{"const": n} for n in range(2001)]}}}, {"oneOf": ["a"]}),
    (
        "unions that multiply",
        {"properties": {"a": {"allOf": [{"anyOf": [{"required": [f"{i}{j}"]} for j in range(9)]} for i in range(9)]}}},
        {"anyOf": ["a"]},
    ),
    ("closed by us", {"properties": {"a": {}}, "unevaluatedProperties": False}, {}),
]


@pytest.mark.parametrize("body, places", [row[1:] for row in GIVEN_UP], ids=[row[0] for row in GIVEN_UP])
def test_what_is_checked_after_decoding_only_is_named_with_its_place(
    body: dict[str, Any], places: dict[str, list[str]]
) -> None:
    assert dropped(schema(body)) == places


def test_what_is_too_much_together_is_given_up_at_a_few_places() -> None:
    listed = {f"p{n}": {"type": "array", "maxItems": 10 + n} for n in range(64)}
    text = {"type": "string", "pattern": "x"}
    body = {"type": "object", "properties": {**listed, "s": text}}

    def fault(some: dict[str, Any]) -> str | None:
        return "too big" if json.dumps(some).count("maxItems") > 40 else None

    tried = next(one for one in mended(emit(read(body)), fault) if not fault(one.body))
    left = [key for key, child in tried.body["properties"].items() if "maxItems" in child]
    assert 35 <= len(left) <= 40 and left[0] == "p0" and tried.body["properties"]["s"] == text
    assert sorted(where for _, where in tried.given_up) == sorted(set(listed) - set(left))


def test_names_of_properties_are_no_keywords() -> None:
    body = {"properties": {"not": {"type": "string"}, "if": {"enum": [{"title": "t"}]}}}
    assert json.loads(grammar(schema(body)))["properties"] == body["properties"]


@pytest.mark.slow
def test_of_a_list_of_values_that_is_given_up_the_types_stay() -> None:
    listed = {"enum": [*range(100_000), "none"]}
    found = schema({"type": "object", "properties": {"a": listed, "b": {"enum": ["x"]}}})
    assert json.loads(grammar(found))["properties"] == {"a": {"type": ["integer", "string"]}, "b": {"enum": ["x"]}}
    assert dropped(found) == {"enum": ["a"]}


@pytest.mark.slow
def test_what_no_grammar_holds_is_free_json() -> None:
    body = {"type": "object", "properties": {f"p{n}": {"const": n} for n in range(60_000)}}
    assert "too large" in str(free_of_grammar(schema(body)))
    assert json.loads(grammar(schema(body))).keys() == {"type", "x-guidance"}
