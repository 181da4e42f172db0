"""Splitting an answer into those of passages and merging these gives the answer again, however they are grouped."""

import json
import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from drawn import schemas, written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapes import TEXT, listed, mapped, thing

from extractor.answers.choose import key_of
from extractor.answers.merge import Part, merged, unsaid
from extractor.tables import rows_from
from extractor.tables.grounding import Ground
from extractor.tables.items import items_of
from extractor.tables.names import names_of
from extractor.tasks import shipped
from extractor.tasks.grammar import grammar
from extractor.tasks.mapping import table_fields
from extractor.tasks.merging import is_whole
from extractor.tasks.passage import passage_schema
from extractor.tasks.reading import Node, read
from extractor.tasks.schema import Schema, load_schema
from extractor.types import TableField

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


class Splitting:
    """Gives each thing that an answer says to one of some passages, by chance."""

    def __init__(self, passages: int, seed: int) -> None:
        self.passages, self.chance = passages, random.Random(seed)

    def split(self, value: Any, node: Node) -> list[Any]:
        """What each passage says of a value."""
        branch = node.branch_of(value)
        if isinstance(value, dict) and len(node.branches) == 1 and branch.properties:
            return self._object(value, branch)
        if isinstance(value, dict) and branch.entries and not branch.properties:
            where = {key: self._one() for key in value}
            return [{k: v for k, v in value.items() if where[k] == n} for n in range(self.passages)]
        if isinstance(value, list) and not is_whole(branch):
            alike = {key_of(item): self._one() for item in value}
            return [[item for item in value if alike[key_of(item)] == n] for n in range(self.passages)]
        everywhere = branch.values is not None and len(branch.values) == 1 and len(node.branches) == 1
        where_said = self._one()
        return [value if everywhere or n == where_said else None for n in range(self.passages)]

    def _object(self, value: dict[str, Any], branch: Node) -> list[Any]:
        said: list[dict[str, Any]] = [{} for _ in range(self.passages)]
        for key, inner in value.items():
            for one, part in zip(said, self.split(inner, branch.at_key(key)), strict=True):
                one[key] = part
        return list(said)

    def _one(self) -> int:
        return self.chance.randrange(self.passages)


def sorted_out(value: Any) -> Any:
    """The value without the order of its lists and keys."""
    if isinstance(value, dict):
        return {key: sorted_out(value[key]) for key in sorted(value)}
    return sorted(map(sorted_out, value), key=json.dumps) if isinstance(value, list) else value


@pytest.mark.slow
@SLOW
@given(schemas(), st.integers(1, 4), st.integers(0, 1000))
def test_what_is_split_is_merged_again(body: dict[str, Any], passages: int, seed: int) -> None:
    schema = Schema("made", body, None)
    whole = written(grammar(schema), seed)
    if not isinstance(whole, dict) or not schema.validator().is_valid(whole):
        return
    records = Splitting(passages, seed).split(whole, read(body))
    asked = passage_schema(schema).validator()
    assert [error.message for one in records for error in asked.iter_errors(one)] == []
    found = merged([Part(one, n) for n, one in enumerate(records)], schema, table_fields(schema))
    assert sorted_out(found.record) == sorted_out(whole)
    assert unsaid(found.record, schema) == [] and found.conflicts == {}


EXAMPLES = [
    pytest.param(name, json.loads(line), id=f"{name}-{number}")
    for name in shipped.names()
    if (path := load_schema(name).path)
    for number, line in enumerate(path.with_suffix(".examples.jsonl").read_text("utf-8").splitlines())
]


def of_text(value: Any, node: Node, text: str, fields: Sequence[TableField], all_texts: Sequence[str]) -> Any:
    """The part of an answer whose names stand in this passage, or first in it of all those where most of them stand."""

    def place(item: Any) -> int:
        said = [word for word in strings(item)]
        return max(range(len(all_texts)), key=lambda n: (sum(word in all_texts[n] for word in said), -n))

    def mine(item: Any) -> bool:
        name = (
            item if isinstance(item, str) else item.get("name") or item.get("名称") if isinstance(item, dict) else None
        )
        is_thing = isinstance(item, str) or set(item) == {"name", "type"} or set(item) == {"名称", "类别"}
        return name in text if is_thing and name else all_texts[place(item)] == text

    kept: dict[str, Any] = {}
    for key, said in value.items():
        if isinstance(said, list):
            kept[key] = [item for item in said if mine(item)]
        elif isinstance(said, dict) and node.at_key(key).entries:
            kept[key] = {
                name: [item for item in one if mine(item)] if isinstance(one, list) else one
                for name, one in said.items()
                if (name in text if not isinstance(one, list) else any(map(mine, one)))
            }
        else:
            kept[key] = said if all_texts[place(said)] == text else blank(said)
    return kept


def blank(value: Any) -> Any:
    return {key: None for key in value} if isinstance(value, dict) else None


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [word for one in inner for word in strings(one)]


def passages_of(text: str, size: int) -> list[str]:
    """Passages of about so many sentences, none alike."""
    ends = [n + 1 for n, sign in enumerate(text) if sign in ".。!？?"]
    cuts = [0, *ends[size - 1 :: size], len(text)]
    return [text[a:b] for a, b in pairwise(cuts) if text[a:b].strip()]


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("name, example", EXAMPLES)
def test_passages_of_the_worked_examples_give_the_tables_of_the_whole(
    name: str, example: dict[str, Any], size: int
) -> None:
    schema = load_schema(name)
    fields, text, whole = table_fields(schema), example["text"], example["answer"]
    texts = passages_of(text, size)
    records = [of_text(whole, read(schema.body), one, fields, texts) for one in texts]
    asked = passage_schema(schema).validator()
    assert [error.message for one in records for error in asked.iter_errors(one)] == []
    found = merged(
        [Part(one, n, len(t), t) for n, (one, t) in enumerate(zip(records, texts, strict=True))], schema, fields
    )
    assert sorted_out(found.record) == sorted_out(whole) and not found.conflicts and not found.dropped
    assert rows(found.record, fields, text) == rows(whole, fields, text)
    assert unsaid(found.record, schema) == []


def rows(record: Any, fields: Sequence[TableField], text: str) -> Any:
    """The rows of all tables, told by names instead of numbers."""
    made, dropped = rows_from(record, fields, Ground(text))
    names = {one.entity_id: one.name for one in made["entities"]}
    told = [[one.name, one.type, one.mentions, one.match, one.attributes] for one in made["entities"]]
    told += [
        [
            names.get(r.subject_id or ""),
            r.subject,
            r.predicate,
            names.get(r.object_id or ""),
            r.object,
            r.evidence,
            r.attributes,
        ]
        for r in made["relations"]
    ]
    told += [[e.name, e.type, e.when, e.where, e.participants, len(e.participant_ids)] for e in made["events"]]
    told += [[one.summary] for one in made["summaries"]]
    return sorted(json.dumps(one) for one in told), sorted(dropped)


def table(word: str, node: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**node, "x-extract": word, **more}


PAIRS = listed(thing(subject=TEXT, object=TEXT))
MEMBER = thing(kind={"const": "member"}, name=TEXT)
TREE = thing(name=TEXT, parts=table("entities", listed({"$ref": "#/$defs/n"}), **{"x-extract-parent": "part_of"}))
SHAPES: dict[str, tuple[dict[str, Any], Any]] = {
    "a map by name": (
        thing(p=table("entities", mapped(thing(job=TEXT)))),
        {"p": {"Ida": {"job": "cook"}, "Per": {"job": ""}}},
    ),
    "a map by name to types": (
        thing(p=table("entities", mapped({"enum": ["a", "b"]}))),
        {"p": {"Ida": "a", "Per": "b"}},
    ),
    "a map by type": (
        thing(p=table("entities", mapped(listed(TEXT)))),
        {"p": {"person": ["Ida", "Per"], "city": ["Oslo"]}},
    ),
    "relations by kind": (
        thing(r=table("relations", mapped(PAIRS))),
        {"r": {"knows": [{"subject": "Ida", "object": "Per"}]}},
    ),
    "relations by subject": (
        thing(r=table("relations", mapped(mapped(listed(TEXT))))),
        {"r": {"Ida": {"knows": ["Per", "Uma"]}}},
    ),
    "texts or objects": (
        thing(entities=listed({"anyOf": [TEXT, MEMBER]})),
        {"entities": ["Ida", {"kind": "member", "name": "Per"}, "Uma"]},
    ),
    "inside entities": (
        thing(
            p=table(
                "entities", listed(thing(name=TEXT, r=table("relations", listed(thing(predicate=TEXT, object=TEXT)))))
            )
        ),
        {"p": [{"name": "Ida", "r": [{"predicate": "likes", "object": "Per"}]}, {"name": "Per", "r": []}]},
    ),
    "a tree": (
        {**thing(tree=table("entities", listed({"$ref": "#/$defs/n"}))), "$defs": {"n": TREE}},
        {"tree": [{"name": "a", "parts": [{"name": "b", "parts": []}, {"name": "c", "parts": []}]}]},
    ),
    "lists of lists": (
        thing(p=table("entities", listed(listed(thing(name=TEXT))))),
        {"p": [[{"name": "a"}], [{"name": "b"}]]},
    ),
    "the root": (table("entities", listed(thing(name=TEXT))), [{"name": "Ida"}, {"name": "Per"}]),
    "ids": (
        thing(
            entities=listed(thing(id={"type": "integer"}, name=TEXT)),
            relations=listed(thing(subject=TEXT, object=TEXT)),
        ),
        {
            "entities": [{"id": 1, "name": "Ida"}, {"id": 2, "name": "Ida"}],
            "relations": [{"subject": "1", "object": "2"}],
        },
    ),
    "one thing": (thing(buyer=table("entities", thing(name=TEXT))), {"buyer": {"name": "Brisk"}}),
}


@pytest.mark.parametrize("body, record", SHAPES.values(), ids=SHAPES)
def test_every_shape_said_by_two_passages_gives_the_rows_of_one(body: dict[str, Any], record: Any) -> None:
    schema = Schema("mine", body, None)
    fields = table_fields(schema)
    found = merged([Part(record, 1), Part(record, 2), Part(record, 3)], schema, fields)
    assert rows(found.record, fields, "") == rows(record, fields, "") and found.conflicts == {}


@pytest.mark.parametrize("body, record", [pair for name, pair in SHAPES.items() if name != "ids"])
def test_every_shape_is_split_and_merged_again(body: dict[str, Any], record: Any) -> None:
    schema = Schema("mine", body, None)
    fields = table_fields(schema)
    for seed in range(10):
        said = Splitting(3, seed).split(record, read(body))
        found = merged([Part(one, n) for n, one in enumerate(said)], schema, fields)
        assert sorted_out(found.record) == sorted_out(record)


NAMES = st.sampled_from(["Ida", "Per", "Oslo", "奥斯陆", "Uma"])
THING = {"type": "object", "properties": {"name": TEXT, "aka": {"type": "array", "items": TEXT}}, "required": ["name"]}
ASSOCIATIVE: dict[str, Any] = {
    "first": TEXT,
    "last": {**TEXT, "x-merge": "last"},
    "sum": {"type": "integer", "x-merge": "sum"},
    "max": {"type": "integer", "x-merge": "max"},
    "any": {"type": "boolean", "x-merge": "any"},
    "all": {"type": "boolean", "x-merge": "all"},
    "union": {"type": "array", "items": TEXT},
    "concat": {"type": "array", "items": TEXT, "x-merge": "concat"},
    "map": {"type": "object", "additionalProperties": {"type": "integer"}},
    "entities": {"type": "array", "items": THING},
}
WHOLE = {"type": "object", "properties": ASSOCIATIVE, "required": list(ASSOCIATIVE)}
RECORDS = st.fixed_dictionaries(
    {
        "first": st.none() | NAMES,
        "last": st.none() | NAMES,
        "sum": st.none() | st.integers(0, 9),
        "max": st.none() | st.integers(0, 9),
        "any": st.none() | st.booleans(),
        "all": st.none() | st.booleans(),
        "union": st.lists(NAMES, max_size=3, unique=True),
        "concat": st.lists(NAMES, max_size=3),
        "map": st.dictionaries(NAMES, st.integers(0, 9), max_size=2),
        "entities": st.lists(
            st.fixed_dictionaries({"name": NAMES, "aka": st.lists(NAMES, max_size=2, unique=True)}),
            max_size=3,
            unique_by=lambda one: str(one["name"]),
        ),
    }
)


@pytest.mark.slow
@SLOW
@given(RECORDS, RECORDS, RECORDS)
def test_which_are_merged_first_is_all_the_same(one: Any, two: Any, three: Any) -> None:
    schema = Schema("made", WHOLE, None)
    fields = table_fields(schema)

    def both(*records: Any) -> Any:
        return merged([Part(record, n) for n, record in enumerate(records)], schema, fields).record

    assert both(one, two, three) == both(both(one, two), three) == both(one, both(two, three))


@SLOW
@given(RECORDS)
def test_the_same_again_changes_nothing_where_each_is_once(record: Any) -> None:
    schema = Schema("made", WHOLE, None)
    again = merged([Part(record, 0), Part(record, 1)], schema, table_fields(schema)).record
    counted = {"sum", "concat"}
    assert {k: v for k, v in again.items() if k not in counted} == {k: v for k, v in record.items() if k not in counted}


@SLOW
@given(st.lists(RECORDS, min_size=1, max_size=4))
def test_every_name_said_is_in_the_table(records: list[Any]) -> None:
    schema = Schema("made", WHOLE, None)
    fields = table_fields(schema)
    found = merged([Part(record, n) for n, record in enumerate(records)], schema, fields).record
    said = {
        name
        for one in records
        for item in items_of(one, fields, "entities")
        for name in names_of(item.said["name"], {})
    }
    kept = [one.name for one in rows_from(found, fields, Ground(""))[0]["entities"]]
    assert sorted(kept) == sorted(said)
