"""The answers of passages as one answer: by JSON type, by x-merge, and the items of tables."""

from collections.abc import Sequence
from typing import Any

import pytest
from shapes import TEXT, listed, mapped, thing

from extractor.answers.merge import Merged, Part, merged, unsaid
from extractor.tables import rows_from
from extractor.tables.grounding import Ground
from extractor.tasks.mapping import table_fields
from extractor.tasks.schema import Schema

NUMBER = {"type": "number"}
FLAG = {"type": "boolean"}
KIND = {"enum": ["news", "other", "law"]}


def by(word: str, node: dict[str, Any]) -> dict[str, Any]:
    return {**node, "x-merge": word}


def merge(body: dict[str, Any], *records: Any, **more: Any) -> Merged:
    schema = Schema("mine", body, None)
    parts = [Part(record, number, tokens=10 * number) for number, record in enumerate(records, 1)]
    return merged(parts, schema, table_fields(schema), **more)


ADDRESS = thing(street=TEXT, city=TEXT)
PERSON = thing(name=TEXT, job=TEXT, address=ADDRESS)
SHIP: dict[str, Any] = {
    "type": "object",
    "properties": {"kind": {"const": "ship"}, "tons": NUMBER},
    "required": ["kind", "tons"],
}
FIRM: dict[str, Any] = {
    "type": "object",
    "properties": {"kind": {"const": "firm"}, "staff": NUMBER},
    "required": ["kind", "staff"],
}
FIELDS: list[tuple[str, dict[str, Any], list[Any], Any]] = [
    ("a text: the first", TEXT, [None, "", "a", "b"], "a"),
    ("last", by("last", TEXT), ["a", "b", None], "b"),
    ("longest", by("longest", TEXT), ["a", "ccc", "bbb"], "ccc"),
    ("vote by tokens, spelled as first", by("vote", TEXT), ["Ax", "b", "ax"], "Ax"),
    ("join, each once", by("join", TEXT), ["One.", "Two.", "one."], "One.\n\nTwo."),
    ("a label: the most tokens", KIND, ["news", "law", None], "law"),
    ("a label in words", {"oneOf": [{"const": "a"}, {"const": "b"}]}, ["b", "b", "a", "b"], "b"),
    ("first label", by("first", KIND), ["news", "law"], "news"),
    ("any label but the neutral", by("any", KIND), ["news", "other", "other"], "news"),
    ("true and false: the most tokens", FLAG, [True, False, False], False),
    ("any true", by("any", FLAG), [True, False, False], True),
    ("all true", by("all", FLAG), [True, True, False], False),
    ("zero and false are said", thing(a=NUMBER), [{"a": 0}, {"a": 3}], {"a": 0}),
    ("a number: the first", NUMBER, [None, 3, 4], 3),
    ("min", by("min", NUMBER), [4, 3, 5], 3),
    ("max", by("max", NUMBER), [4, 3, 5], 5),
    ("sum", by("sum", NUMBER), [4, None, 3], 7),
    ("the highest of marks", by("max", {"enum": [1, 2, 3]}), [2, 3, 2, 2], 3),
    ("number by vote", by("vote", NUMBER), [4, 3, 3.0], 3),
    ("texts: each once", listed(TEXT), [["a", "b"], [], ["B", "c"]], ["a", "b", "c"]),
    ("what one passage says twice stays", listed(TEXT), [["a"], ["b", "b"]], ["a", "b", "b"]),
    ("texts one after the other", by("concat", listed(TEXT)), [["a"], ["a"]], ["a", "a"]),
    ("the longest list", by("longest", listed(TEXT)), [["a"], ["b", "c"]], ["b", "c"]),
    ("objects one after the other", listed(thing(a=TEXT)), [[{"a": "x"}], [{"a": "x"}]], [{"a": "x"}, {"a": "x"}]),
    ("objects each once", by("union", listed(thing(a=TEXT))), [[{"a": "x"}], [{"a": "x"}]], [{"a": "x"}]),
    ("unique ones", listed(thing(a=TEXT), uniqueItems=True), [[{"a": "x"}], [{"a": "x"}]], [{"a": "x"}]),
    (
        "objects by a key",
        listed(thing(no=TEXT, sum=NUMBER), **{"x-key": ["no"]}),
        [[{"no": "A1", "sum": None}, {"no": "", "sum": 1}], [{"no": "a1", "sum": 5}, {"no": "", "sum": 2}]],
        [{"no": "A1", "sum": 5}, {"no": "", "sum": 1}, {"no": "", "sum": 2}],
    ),
    ("a list of so many is one value", listed(NUMBER, minItems=2, maxItems=2), [None, [1, 2], [3, 4]], [1, 2]),
    ("a tuple", {"type": "array", "prefixItems": [NUMBER, TEXT]}, [[1, "a"], [2, "b"]], [1, "a"]),
    (
        "an object is filled by the same thing",
        PERSON,
        [
            {"name": "A", "job": None, "address": None},
            {"name": "a", "job": "cook", "address": {"street": "S", "city": None}},
        ],
        {"name": "A", "job": "cook", "address": {"street": "S", "city": None}},
    ),
    (
        "but not by another, wherever it differs",
        PERSON,
        [
            {"name": "A", "job": None, "address": {"street": "S", "city": "C"}},
            {"name": "A", "job": "cook", "address": {"street": "T", "city": None}},
            {"name": "B", "job": "guard", "address": None},
        ],
        {"name": "A", "job": None, "address": {"street": "S", "city": "C"}},
    ),
    (
        "the fullest one whole",
        by("atomic", ADDRESS),
        [{"street": None, "city": "C"}, {"street": "S", "city": "D"}, {"street": "T", "city": None}],
        {"street": "S", "city": "D"},
    ),
    (
        "each field by its own rule",
        by("fields", ADDRESS),
        [{"street": None, "city": "C"}, {"street": "S", "city": "D"}],
        {"street": "S", "city": "C"},
    ),
    ("a map has all keys", mapped(NUMBER), [{"a": 1, "b": 2}, {"b": 3, "c": 4}], {"a": 1, "b": 2, "c": 4}),
    (
        "one form of a union",
        {"oneOf": [SHIP, FIRM]},
        [{"kind": "ship", "tons": None}, {"kind": "ship", "tons": 5}, {"kind": "firm", "staff": None}],
        {"kind": "ship", "tons": 5},
    ),
    ("values of different types: the first", {"type": ["string", "number"]}, [None, 3, "x"], 3),
]


@pytest.mark.parametrize("node, said, wanted", [row[1:] for row in FIELDS], ids=[row[0] for row in FIELDS])
def test_a_place_by_its_type(node: dict[str, Any], said: list[Any], wanted: Any) -> None:
    assert merge(thing(x=node), *({"x": one} for one in said)).record == {"x": wanted}


@pytest.mark.parametrize("node, said, wanted", [row[1:] for row in FIELDS], ids=[row[0] for row in FIELDS])
def test_one_passage_is_itself(node: dict[str, Any], said: list[Any], wanted: Any) -> None:
    for one in said:
        assert merge(thing(x=node), {"x": one}).record == {"x": one}


ROOTS: list[tuple[str, dict[str, Any], list[Any], Any]] = [
    ("a list", listed(thing(a=TEXT)), [[{"a": "x"}], [], [{"a": "x"}]], [{"a": "x"}, {"a": "x"}]),
    ("texts", listed(TEXT), [["a"], ["A", "b"]], ["a", "b"]),
    ("a label", KIND, ["law", "news", "other"], "other"),
    ("a number", NUMBER, [3, 4], 3),
    ("nothing at all", thing(a=TEXT, b=listed(TEXT)), [{"a": None, "b": []}] * 2, {"a": None, "b": []}),
    (
        "an object of two forms",
        {
            "anyOf": [
                {**SHIP, "properties": {**SHIP["properties"], "entities": listed(TEXT)}},
                {**FIRM, "properties": {**FIRM["properties"], "entities": listed(TEXT)}},
            ]
        },
        [{"kind": "ship", "tons": 5, "entities": ["a"]}, {"kind": "firm", "staff": None, "entities": ["b"]}],
        {"kind": "firm", "staff": None, "entities": ["a", "b"]},
    ),
]


@pytest.mark.parametrize("body, said, wanted", [row[1:] for row in ROOTS], ids=[row[0] for row in ROOTS])
def test_the_root(body: dict[str, Any], said: list[Any], wanted: Any) -> None:
    assert merge(body, *said).record == wanted


def test_what_stands_in_its_passage_comes_first() -> None:
    schema = Schema("mine", thing(place=TEXT), None)
    parts = [Part({"place": "Rome"}, 1, text="in that city"), Part({"place": "Ostia"}, 2, text="at OSTIA they")]
    assert merged(parts, schema, []).record == {"place": "Ostia"}


def test_where_passages_disagree() -> None:
    body = thing(a=TEXT, b=by("sum", NUMBER), c=thing(name=TEXT, age=NUMBER))
    one, two = {"a": "x", "b": 1, "c": {"name": "A", "age": 3}}, {"a": "y", "b": 2, "c": {"name": "B", "age": None}}
    assert merge(body, one, two, {**one, "a": "Y"}).conflicts == {
        "a": [{"value": "x", "passage": 1, "weight": 10}, {"value": "y", "passage": 2, "weight": 50}],
        "c": [{"value": one["c"], "passage": 1, "weight": 10}, {"value": two["c"], "passage": 2, "weight": 20}],
    }
    many = merge(body, *({**one, "a": str(n)} for n in range(30)))
    assert [told["passage"] for told in many.conflicts["a"]] == list(range(1, 11))


ENTITIES = listed(thing(name=TEXT, type={"enum": ["person", "place"]}, role=TEXT, aka=listed(TEXT)))
RELATIONS = listed(thing(subject=TEXT, predicate=TEXT, object=TEXT, evidence=TEXT))
NEWS = thing(entities=ENTITIES, relations=RELATIONS, summary=TEXT)


def named(name: str, type: str = "person", role: str = "", aka: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"name": name, "type": type, "role": role, "aka": list(aka)}


def joined(*ends: str) -> dict[str, Any]:
    return dict(zip(("subject", "predicate", "object", "evidence"), ends, strict=True))


def news(entities: list[Any], relations: Sequence[Any] = (), summary: str | None = None) -> dict[str, Any]:
    return {"entities": entities, "relations": list(relations), "summary": summary}


def test_an_entity_of_a_name_and_a_type_is_one() -> None:
    found = merge(
        NEWS,
        news([named("IDA", aka=("I",)), named("Oslo", "place")]),
        news([named("Ida", role="cook", aka=("i", "Id"))]),
        news([named("Ida", role="guard")]),
    )
    assert found.record["entities"] == [named("Ida", role="cook", aka=("I", "Id")), named("Oslo", "place")]
    told = [(one["value"], one["passage"]) for one in found.conflicts["entities/IDA person/role"]]
    assert told == [("cook", 2), ("guard", 3)]


def test_what_one_passage_tells_apart_stays_apart() -> None:
    two = [named("Ida", role="cook"), named("Ida", role="guard")]
    assert merge(NEWS, news(two), news([])).record["entities"] == two


def test_one_name_of_two_types() -> None:
    person, place = news([named("Paris")]), news([named("Paris", "place")])
    few = merge(NEWS, person, place, place)
    assert [one["type"] for one in few.record["entities"]] == ["person", "place"] and few.dropped == []
    many = merge(NEWS, person, place, place, place)
    assert [one["type"] for one in many.record["entities"]] == ["place"]
    assert many.dropped == ["Paris (person): place in 3 of 4 passages that name it"]
    both = merge(NEWS, news([named("Paris"), named("Paris", "place")]), place, place, place)
    assert [one["type"] for one in both.record["entities"]] == ["person", "place"] and both.dropped == []


def test_types_that_are_lists_of_names() -> None:
    body = thing(people={**listed(TEXT), "x-extract": "entities"}, places={**listed(TEXT), "x-extract": "entities"})
    one, other = {"people": ["paris", "Ida"], "places": []}, {"people": [], "places": ["Paris"]}
    assert merge(body, one, other, other, other).record == {"people": ["Ida"], "places": ["Paris"]}
    assert merge(body, {**one, "people": ["ida"]}, one, one).record["people"] == ["Ida", "paris"]


def test_a_relation_is_one() -> None:
    found = merge(
        NEWS,
        news([named("Ida")], [joined("Ida", "knows", "Per", "")]),
        news([named("Per")], [joined("Per", "knows", "Ida", "e"), joined("IDA", "knows", "Per", "later")]),
    )
    assert found.record["relations"] == [joined("Ida", "knows", "Per", "later"), joined("Per", "knows", "Ida", "e")]


def test_ids_of_one_passage_mean_nothing_to_another() -> None:
    body = thing(
        entities=listed(thing(id={"type": "integer"}, name=TEXT)),
        relations=listed(thing(subject={"type": "integer"}, predicate=TEXT, object={"type": "integer"})),
    )
    one = {
        "entities": [{"id": 1, "name": "Ida"}, {"id": 2, "name": "Per"}],
        "relations": [{"subject": 1, "predicate": "knows", "object": 2}],
    }
    two = {
        "entities": [{"id": 1, "name": "Uma"}, {"id": 2, "name": "Ida"}],
        "relations": [{"subject": 1, "predicate": "knows", "object": 2}],
    }
    record = merge(body, one, two).record
    rows, _ = rows_from(record, table_fields(Schema("mine", body, None)), Ground(""))
    assert [(e.name, e.attributes["id"]) for e in rows["entities"]] == [("Ida", 1), ("Per", 2), ("Uma", 3)]
    assert [(r.subject, r.object) for r in rows["relations"]] == [("Ida", "Per"), ("Uma", "Ida")]


def test_an_end_that_its_passage_does_not_list_is_nobody_of_another_passage() -> None:
    body = thing(
        entities=listed(thing(id=TEXT, name=TEXT)), relations=listed(thing(subject=TEXT, predicate=TEXT, object=TEXT))
    )
    one = {
        "entities": [{"id": "a", "name": "Ida"}],
        "relations": [{"subject": "a", "predicate": "knows", "object": "b"}],
    }
    two: dict[str, Any] = {"entities": [{"id": "b", "name": "Per"}], "relations": []}
    assert merge(body, one, two).record == {
        "entities": [{"id": "a", "name": "Ida"}, {"id": "b-2", "name": "Per"}],
        "relations": one["relations"],
    }


def test_two_of_one_name_by_their_ids() -> None:
    body = thing(entities=listed(thing(id={"type": "integer"}, name=TEXT)))
    record = {"entities": [{"id": 1, "name": "Ida"}, {"id": 2, "name": "Ida"}]}
    assert merge(body, record, record, record).record == record


def test_the_surest_and_the_first_quote() -> None:
    item = {**thing(subject=TEXT, object=TEXT, evidence=TEXT), "required": ["subject", "object"]}
    item["properties"]["confidence"] = NUMBER
    said = {"subject": "Ida", "object": "Per"}
    parts = [[{**said, "evidence": quote, "confidence": sure}] for quote, sure in (("", 0.5), ("a", 0.9), ("b", None))]
    found = merge(thing(relations=listed(item)), *({"relations": one} for one in parts))
    assert found.record == {"relations": [{**said, "evidence": "a", "confidence": 0.9}]} and found.conflicts == {}


def test_lists_in_lists_that_say_nothing_new_go() -> None:
    body = thing(p={**listed(listed(thing(name=TEXT, job=TEXT))), "x-extract": "entities"})
    one, two = {"name": "Ida", "job": ""}, {"name": "ida", "job": "cook"}
    found = merge(body, {"p": [[one], [{**one, "name": "Per"}]]}, {"p": [[two]]})
    assert found.record == {"p": [[{**two, "name": "Ida"}], [{**one, "name": "Per"}]]}


def test_ids_that_are_keys() -> None:
    body = thing(
        p={**mapped(thing(name=TEXT)), "x-extract": "entities", "x-extract-key": "id"},
        relations=listed(thing(subject=TEXT, object=TEXT, predicate=TEXT)),
    )
    one = {"p": {"x": {"name": "Ida"}}, "relations": []}
    two = {
        "p": {"x": {"name": "Per"}, "y": {"name": "Ida"}},
        "relations": [{"subject": "x", "object": "y", "predicate": "knows"}],
    }
    assert merge(body, one, two).record == {
        "p": {"x": {"name": "Ida"}, "x-2": {"name": "Per"}},
        "relations": [{"subject": "x-2", "object": "x", "predicate": "knows"}],
    }


def test_the_summary_is_the_one_made_of_the_summaries() -> None:
    one, two = news([named("Ida")], summary="One."), news([], summary="Two.")
    assert merge(NEWS, one, two).record["summary"] == "One."
    found = merge(NEWS, one, two, reduced={"summary": "Both."})
    assert found.record == news([named("Ida")], summary="Both.") and found.conflicts == {}
    parts = thing(s={**thing(a=TEXT, b=listed(TEXT)), "x-extract": "summary", "x-merge": "join"})
    said = [{"s": {"a": "1", "b": ["x"]}}, {"s": {"a": "2", "b": ["y"]}}]
    assert merge(parts, *said).record == {"s": {"a": "1\n\n2", "b": ["x", "y"]}}


def test_what_no_passage_says_is_named() -> None:
    body = thing(a=TEXT, b={"anyOf": [TEXT, {"type": "null"}]}, c=thing(d=NUMBER), e=listed(TEXT, maxItems=1))
    schema = Schema("mine", body, None)
    assert unsaid({"a": "x", "b": None, "c": {"d": 1}, "e": ["1", "2"]}, schema) == []
    assert unsaid({"a": None, "b": None, "c": {"d": None}}, schema) == ["a", "c/d", "e"]


def test_the_answers_stay_as_they_are() -> None:
    one, two = news([named("IDA")]), news([named("Ida", role="x")])
    merge(NEWS, one, two, two)
    assert one == news([named("IDA")]) and two == news([named("Ida", role="x")])
