"""What is compiled says what `jsonschema` says, and what could be read in two ways, or take long, is not compiled."""

import json
from pathlib import Path
from typing import Any

import pytest
from drawn import schemas, written
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator

from extractor.tasks.compiled import compiled
from extractor.tasks.grammar import grammar
from extractor.tasks.schema import Schema, load_schema
from extractor.tasks.validation import Validation

DRAFTS = [Draft7Validator, Draft202012Validator]
NUMBERS = st.one_of(
    st.integers(-2, 3),
    st.sampled_from([0.5, 1.0, -0.0, 2**53 + 1, float(2**53), 2**64, 10**30, 1e30, 1e300]),
)
SMALL = st.integers(0, 3)
TEXTS = st.sampled_from(["", "a", "b", "é", "e\u0301", "𝒳y", "\0", "1"])
SINGLE = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
VALUES = st.recursive(SINGLE, lambda v: st.lists(v, max_size=3) | st.dictionaries(TEXTS, v, max_size=3), max_leaves=6)
KINDS = st.sampled_from(["string", "integer", "number", "boolean", "null", "array", "object"])


def asked(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A schema of some of the words that are compiled, around these."""
    several = st.lists(inner, min_size=1, max_size=3)
    words = {
        "type": KINDS | st.lists(KINDS, min_size=1, max_size=3, unique=True),
        "enum": st.lists(VALUES, min_size=1, max_size=3),
        "const": VALUES,
        "properties": st.dictionaries(TEXTS, inner, max_size=3),
        "required": st.lists(TEXTS, max_size=2, unique=True),
        **dict.fromkeys(("additionalProperties", "items", "not", "if", "then", "else"), inner),
        **dict.fromkeys(("allOf", "anyOf", "oneOf"), several),
        **dict.fromkeys(("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"), SMALL),
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), NUMBERS),
        "uniqueItems": st.booleans(),
        "$ref": st.sampled_from(["#/$defs/a", "#/definitions/a"]),
    }
    return st.lists(st.sampled_from(list(words)), max_size=3, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({word: words[word] for word in chosen})
    )


BODIES = st.recursive(st.booleans() | asked(st.just({})), asked, max_leaves=6).filter(
    lambda made: made not in (True, False)
)
PLAIN = KINDS.map(lambda kind: {"type": kind})


@given(st.sampled_from(DRAFTS), BODIES, PLAIN, st.lists(VALUES, min_size=1, max_size=5))
def test_any_value_is_judged_alike(draft: Any, body: dict[str, Any], ours: dict[str, Any], values: list[Any]) -> None:
    body = {**body, "$defs": {"a": ours}, "definitions": {"a": ours}}
    quick = compiled(body, draft)
    assert quick is not None
    for value in json.loads(json.dumps(values)):
        assert quick(value) == draft(body).is_valid(value), (body, value)


@given(schemas(), st.integers(0, 99))
def test_answers_are_judged_alike(body: dict[str, Any], seed: int) -> None:
    """Whether or not the schema is compiled: what is valid, and every word about what is not."""
    answer = written(grammar(Schema("s", body, None)), seed)
    validation = Validation(body)
    theirs = validation.draft(body, format_checker=validation.draft.FORMAT_CHECKER)
    for value in (answer, {**answer, "more": 1} if isinstance(answer, dict) else [answer], {}):
        assert [str(e) for e in validation.iter_errors(value)] == [str(e) for e in theirs.iter_errors(value)]


@pytest.mark.parametrize("name", ["news", "xinwen", "guanxi", "science", "finance", "classify"])
def test_shipped_schemas_are_compiled(name: str) -> None:
    schema = load_schema(name)
    quick = compiled(schema.body, Draft202012Validator)
    examples = Path(str(schema.path)).with_suffix(".examples.jsonl").read_text("utf-8").splitlines()
    answers = [json.loads(line)["answer"] for line in examples]
    assert quick and all(map(quick, answers)) and not quick({"no": "such"})


TWO_WAYS = [
    {"type": "string", "pattern": "^\\d$"},
    {"properties": {"a": {"format": "date"}}},
    {"patternProperties": {"a$": False}},
    {"multipleOf": 0.1},
    {"$id": "https://example.org/s", "$ref": "#/$defs/a", "$defs": {"a": {}}},
    {"$ref": "https://json-schema.org/draft/2020-12/schema"},
    {"$ref": "#a", "$defs": {"a": {"$anchor": "a"}}},
    {"not": {"contentEncoding": "base64"}},
    {"not": {"ourOwnWord": 1}},
]
LONG = [
    {"items": {"$ref": "#"}},
    {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]},
    {"$ref": "#/$defs/0", "$defs": {str(n): {"anyOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(30)}},
]


@pytest.mark.parametrize("body", [*TWO_WAYS, *LONG], ids=str)
def test_not_compiled(body: dict[str, Any]) -> None:
    assert compiled(body, Draft202012Validator) is None


def test_what_only_the_other_can_say_is_left_to_it() -> None:
    quick, half = compiled({"type": "string"}, Draft202012Validator), "\ud800"
    assert quick and not quick(half) and Validation({"type": "string"}).is_valid(half)
