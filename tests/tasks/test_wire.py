"""Answers in fewer tokens: every record has its answer, every answer its record, and the model is told which."""

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from drawn import KEYS, LABELS, LEAVES, schemas, written
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from extractor.errors import UserError
from extractor.tasks import shipped
from extractor.tasks.closing import closing
from extractor.tasks.examples import load_examples
from extractor.tasks.grammar import as_grammar, dropped, free_of_grammar, grammar, piece, pieces
from extractor.tasks.guide import guide, layout
from extractor.tasks.passage import passage_schema
from extractor.tasks.prompt import check_prompt, load_prompt
from extractor.tasks.schema import Schema, load_schema
from extractor.tasks.wire import Unread, wire_of
from extractor.types import WireForm

FORMS: tuple[WireForm, ...] = get_args(WireForm)


def schema(body: dict[str, Any], form: WireForm = "arrays") -> Schema:
    return Schema("mine", body, Path("mine.json"), form=form)


def of(properties: dict[str, Any], required: list[str] | None = None, **more: Any) -> dict[str, Any]:
    needed = list(properties) if required is None else required
    return {"type": "object", "properties": properties, "required": needed, **more}


def listed(item: Any) -> dict[str, Any]:
    return of({"all": {"type": "array", "items": item}})


TEXT, NUMBER, NULLABLE = {"type": "string"}, {"type": "integer"}, {"type": ["string", "null"]}
LINES = {"type": "array", "items": TEXT}


def kind(name: str, **more: Any) -> dict[str, Any]:
    return of({"kind": {"const": name}, **more})


# What is said, what stands for it
EXACT: list[tuple[str, Any, Any, Any]] = [
    ("all needed", of({"name": TEXT, "type": TEXT}), {"name": "a", "type": "b"}, ["a", "b"]),
    ("schema's order", of({"name": TEXT, "type": TEXT}), {"type": "b", "name": "a"}, ["a", "b"]),
    ("closed otherwise", of({"a": TEXT}, unevaluatedProperties=False), {"a": "x"}, ["x"]),
    ("left out last", of({"a": TEXT, "b": TEXT}, ["a"]), {"a": "x"}, ["x"]),
    ("left out before", of({"a": TEXT, "b": TEXT}, ["b"]), {"b": "x"}, [None, "x"]),
    ("both left out", of({"a": TEXT, "b": TEXT}, []), {}, []),
    ("null is a value", of({"a": NULLABLE, "b": TEXT}), {"a": None, "b": "x"}, [None, "x"]),
    ("null or left out: null", of({"a": NULLABLE, "b": TEXT}, ["b"]), {"a": None, "b": "x"}, [None, "x"]),
    ("null or left out: out", of({"a": NULLABLE, "b": TEXT}, ["b"]), {"b": "x"}, [{}, "x"]),
    ("an object in it", of({"a": of({"b": NUMBER}), "c": TEXT}), {"a": {"b": 1}, "c": "x"}, [[1], "x"]),
    ("a list in it", of({"a": listed(TEXT)["properties"]["all"]}), {"a": ["x", "y"]}, [["x", "y"]]),
    ("a union told apart", {"oneOf": [kind("p", x=TEXT), kind("q", y=NUMBER)]}, {"kind": "q", "y": 1}, ["q", 1]),
    ("a union with null", {"anyOf": [of({"a": TEXT}), {"type": "null"}]}, {"a": "x"}, ["x"]),
    ("null in a union", {"anyOf": [of({"a": TEXT}), {"type": "null"}]}, None, None),
    ("in parts", {"allOf": [of({"a": TEXT}), of({"b": TEXT})]}, {"a": "x", "b": "y"}, ["x", "y"]),
    ("in a map", {"additionalProperties": of({"a": TEXT}), "type": "object"}, {"k": {"a": "x"}}, {"k": ["x"]}),
    ("a list or a text", {"anyOf": [{"type": "array", "items": of({"a": TEXT})}, TEXT]}, [{"a": "x"}], [["x"]]),
    ("in a ring", {"$ref": "#/$defs/t"}, {"a": "x", "in": [{"a": "y", "in": []}]}, ["x", [["y", []]]]),
]
RING = {"t": of({"a": TEXT, "in": {"type": "array", "items": {"$ref": "#/$defs/t"}}})}
# What stays as it is
PLAIN: list[tuple[str, Any, Any]] = [
    ("open", of({"a": TEXT}, additionalProperties=True), {"a": "x"}),
    ("more keys than known", of({"a": TEXT}), {"a": "x", "b": 1}),
    ("keys that others bring", of({"a": TEXT}, dependentSchemas={"a": {"properties": {"b": TEXT}}}), {"a": "x"}),
    ("patterns", {**of({"a": TEXT}), "patternProperties": {"^b": TEXT}}, {"a": "x"}),
    ("a union that nothing tells apart", {"anyOf": [of({"a": TEXT}), of({"b": TEXT})]}, {"b": "x"}),
    ("the first of a union that nothing tells apart", {"anyOf": [of({"a": TEXT}), of({"b": TEXT})]}, {"a": "x"}),
    (
        "lists that their items tell apart",
        {"anyOf": [{"type": "array", "items": of({"a": TEXT})}, LINES]},
        [{"a": "x"}],
    ),
    ("a null that is wrong", of({"a": TEXT, "b": TEXT}, ["b"]), {"a": None, "b": "x"}),
    ("a list or an object", {"anyOf": [of({"a": TEXT}), {"type": "array"}]}, {"a": "x"}),
    ("no type", {"properties": {"a": TEXT}}, {"a": "x"}),
    ("anything may be left out", of({"a": {}}, []), {}),
    ("too many keys", of({key: TEXT for key in "abcdefghi"}), dict.fromkeys("abcdefghi", "x")),
    ("too many to leave out", of({key: TEXT for key in "abcde"}, []), {"a": "x"}),
    ("listed objects", {"type": "object", "enum": [{"a": "x"}]}, {"a": "x"}),
]


@pytest.mark.parametrize("_, item, record, answer", EXACT, ids=[case[0] for case in EXACT])
def test_an_object_in_a_list_is_a_list_of_its_values(_: str, item: Any, record: Any, answer: Any) -> None:
    wire = wire_of(schema({**listed(item), "$defs": RING}))
    assert wire.encode({"all": [record]}) == {"all": [answer]}
    assert wire.decode({"all": [answer]}) == {"all": [record]}
    assert wire.decode({"all": [record]}) == {"all": [record]}  # of a server that holds answers to nothing


@pytest.mark.parametrize("_, item, record", PLAIN, ids=[case[0] for case in PLAIN])
def test_what_no_list_holds_exactly_stays_an_object(_: str, item: Any, record: Any) -> None:
    wire = wire_of(schema(listed(item)))
    assert wire.encode({"all": [record]}) == {"all": [record]} == wire.decode({"all": [record]})


def test_objects_that_do_not_repeat_stay_objects() -> None:
    record = {"a": {"b": "x"}, "c": [{"b": "x"}]}
    wire = wire_of(schema(of({"a": of({"b": TEXT}), "c": {"type": "array", "items": of({"b": TEXT})}})))
    assert wire.encode(record) == {"a": {"b": "x"}, "c": [["x"]]}


WRONG = [
    ([["x"]], "at all/0: a list of 1 value, where the values of name, type are wanted"),
    ([["a", "b"], ["x", "y", "z"]], "at all/1: a list of 3 values, where the values of name, type are wanted"),
]


@pytest.mark.parametrize("answer, fault", WRONG)
def test_a_list_that_stands_for_nothing_is_told_of(answer: Any, fault: str) -> None:
    with pytest.raises(Unread) as raised:
        wire_of(schema(listed(of({"name": TEXT, "type": TEXT})))).decode({"all": answer})
    assert str(raised.value) == fault


def test_what_is_known_of_values_follows_them_into_the_record() -> None:
    wire = wire_of(schema({**listed(of({"a": TEXT, "b": NULLABLE, "c": NUMBER}, ["b", "c"]))}))
    known = [[-1.0], [-2.0], [-3.0], [-4.0], [-5.0], None, [-7.0]]
    record, laid = wire.decoded({"all": [[None, "x", 1], ["y", None, 2]]}, known)
    assert record == {"all": [{"b": "x", "c": 1}, {"a": "y", "b": None, "c": 2}]}
    assert laid == [[-1.0], [], [-3.0], [], [-4.0], [], [-5.0], [], None, [], [-7.0]]
    assert wire.decoded({"all": [["y", None, 2]]}, known)[1] is None
    assert wire.decoded({"all": []}, None) == ({"all": []}, None)


THING = of(
    {"name": TEXT, "type": {"enum": ["red", "甲"], "description": "red: warm; 甲: cold"}, "note": TEXT}, ["name"]
)
GUIDE = """\
- all (list of objects)
  - written as a list of values in this order, without keys: [name, type or null, note or null]
  - name (string)
  - type (one of the following)
    - red: warm
    - 甲: cold
  - note (string)"""


def test_the_model_is_told_of_the_order() -> None:
    wire = wire_of(schema(listed(THING)))
    assert guide(wire) == GUIDE
    assert layout(wire) == '{"all": [["name…", "type…", "note…"], …]}'
    tight = wire_of(schema(listed(THING), "tight"))
    assert layout(tight) == '{"all":[{"name":"…","type":"…","note":"…"},…]}'


def test_exact_grammar() -> None:
    body = json.loads(grammar(schema(listed(THING), "tight-arrays")))
    empty = {"type": "null"}
    assert body["properties"]["all"]["items"] == {
        "type": "array",
        "prefixItems": [TEXT, {"anyOf": [{"enum": ["red", "甲"]}, empty]}, {"anyOf": [TEXT, empty]}],
        "minItems": 1,
        "maxItems": 3,
    }
    assert (body["x-guidance"]["item_separator"], body["x-guidance"]["key_separator"]) == (",", ":")


def test_what_a_list_does_not_hold_is_checked_after_decoding() -> None:
    body = listed(of({"a": TEXT}, [], minProperties=1))
    assert dropped(schema(body, "plain")) == {} and dropped(schema(body)) == {"minProperties": ["all/[]"]}


def test_a_prompt_that_does_not_tell_of_the_form_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.md"
    cases = [("{{ schema }}", "shows {{ schema }}, and answers are written otherwise"), ("x", "does not tell how")]
    for shown, fault in cases:
        path.write_text(f"--- system ---\n{shown}\n--- user ---\n{{{{ document }}}}\n")
        for form in FORMS:
            body = schema(listed(THING), form)
            prompt = load_prompt(str(path), body)
            if "arrays" in form:
                with pytest.raises(
                    UserError, match=f"--wire {form}: --prompt .*mine.md {fault}; show {{{{ guide }}}} there"
                ):
                    check_prompt(prompt, body)
            else:
                check_prompt(prompt, body)


# Laws


def checked(one: Schema, seeds: range) -> int:
    """How many records and answers were drawn, all of which keep the laws."""
    plain, wire, validator = replace(one, form="plain"), wire_of(one), one.validator()
    text = grammar(one)
    held = Draft202012Validator(json.loads(text))
    assert free_of_grammar(one) == free_of_grammar(plain)
    drawn = 0
    for seed in seeds:
        record = written(grammar(plain), seed)
        if record is not None and validator.is_plainly_valid(record):
            answer, drawn = wire.encode(record), drawn + 1
            assert wire.decode(answer) == record
            assert held.is_valid(answer), (record, answer)
            assert wire.decode(wire.encode(other := changed(record, seed))) == other
        answer = written(text, seed)
        if answer is not None:
            found, drawn = wire.decode(answer), drawn + 1
            assert wire.decode(wire.encode(found)) == found
            assert held.is_valid(wire.encode(found)), (answer, found)
            plainly = Draft202012Validator(json.loads(grammar(plain)))
            assert plainly.is_valid(found), (answer, found)
    return drawn


def changed(record: Any, seed: int) -> Any:
    """The record with keys taken out of its objects, and others put in."""
    chance = random.Random(seed)

    def other(value: Any) -> Any:
        if isinstance(value, list):
            return list(map(other, value))
        if not isinstance(value, dict):
            return value
        kept = {key: other(one) for key, one in value.items() if chance.random() < 0.9}
        return kept | ({"further": 1} if chance.random() < 0.2 else {})

    return other(record)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", shipped.names())
def test_the_laws_hold_for_shipped_schemas(name: str, form: WireForm) -> None:
    loaded = replace(load_schema(name), form=form)
    for one in (loaded, passage_schema(loaded)):
        assert one.form == form and checked(one, range(4)) > 0
    wire = wire_of(loaded)
    for example in load_examples(None, loaded)[1]:
        answer = wire.encode(example["answer"])
        assert wire.decode(answer) == example["answer"]
        assert Draft202012Validator(json.loads(grammar(loaded))).is_valid(answer)
        assert ('": ' in wire.text(answer)) == ("tight" not in form)
        for part in pieces(loaded):
            assert Draft202012Validator(json.loads(piece(loaded, part))).is_valid({part: answer[part]})


def loose(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects of which keys may be left out or null, in lists, maps and unions."""
    child = st.one_of(inner, inner.map(lambda node: {"anyOf": [node, {"type": "null"}]}))
    thing = st.tuples(st.dictionaries(KEYS, child, min_size=1, max_size=4), st.sets(KEYS)).map(
        lambda drawn: of(drawn[0], [key for key in drawn[0] if key in drawn[1]])
    )
    named = st.tuples(thing, LABELS).map(
        lambda drawn: {
            "oneOf": [
                {**drawn[0], "properties": {"kind": {"const": one}, **drawn[0]["properties"]}, "required": ["kind"]}
                for one in drawn[1]
            ]
        }
    )
    several = st.one_of(thing, named, st.tuples(thing, inner).map(lambda pair: {"anyOf": list(pair)}))
    return st.one_of(
        several.map(lambda node: {"type": "array", "items": node, "maxItems": 3}),
        several.map(lambda node: {"type": "object", "additionalProperties": node, "maxProperties": 2}),
        several,
    )


BODIES = st.one_of(schemas(), st.recursive(LEAVES, loose, max_leaves=10).map(lambda node: of({"all": node})))


@settings(max_examples=20, deadline=None, derandomize=True)
@given(BODIES)
def test_the_laws_hold_for_any_schema(body: dict[str, Any]) -> None:
    checked(schema(body), range(3))


def test_closed_relations_are_written_as_lists_too() -> None:
    loaded = replace(load_schema("news"), form="tight-arrays")
    found = {"entities": [{"name": "Ann", "type": "person"}, {"name": "Lee", "type": "organisation"}]}
    text = closing(loaded).grammar("relations", found)
    held = Draft202012Validator(json.loads(text or ""))
    assert held.is_valid({"relations": [["Ann", "Lee", "works_for"]]})
    assert not held.is_valid({"relations": [["Lee", "Ann", "works_for"]]})
    assert not held.is_valid({"relations": [{"subject": "Ann", "object": "Lee", "predicate": "works_for"}]})
    assert text and text == as_grammar({k: v for k, v in json.loads(text).items() if k != "x-guidance"}, loaded.form)
