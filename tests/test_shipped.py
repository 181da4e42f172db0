"""What ships beside the code is right: schemas, prompts, worked examples, the sample documents and their gold."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from jinja2 import Environment, StrictUndefined
from jsonschema import Draft202012Validator

from extractor.tables import BY_WORD, TABLES

ROOT = Path(__file__).parent.parent
TASKS = {"news", "xinwen", "science", "finance", "classify", "guanxi"}
SCHEMAS = {path.stem: json.loads(path.read_text("utf-8")) for path in (ROOT / "schemas").glob("*.json")}
PROMPTS = {path.stem: path.read_text("utf-8") for path in (ROOT / "prompts").glob("*.md")}
ROLES = {role for table in TABLES for role in table.roles}
OWN_WORDS = {"summary", "摘要", "reason"}  # what a model writes itself; all other strings are copied or chosen


def lines(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (ROOT / path).read_text("utf-8").splitlines()]


def fields(schema: dict[str, Any], inside_item: bool = False) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Every property of a schema: its name, its own schema, and whether it belongs to an item of a list."""
    for key, child in schema.get("properties", {}).items():
        yield key, child, inside_item
        yield from fields(child, inside_item)
        yield from fields(child.get("items", {}), True)
        value = child.get("additionalProperties") or {}
        yield from fields(value.get("items", value), True)


def objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield from [node] if node.get("type") == "object" else []
        for child in node.values():
            yield from objects(child)


def copied(schema: dict[str, Any], value: Any) -> Iterator[str]:
    """The strings of an answer that must stand in the text as they are."""
    if isinstance(value, dict):
        for key in value.keys() - OWN_WORDS:
            held = schema.get("properties", {}).get(key)
            yield from copied(held or schema["additionalProperties"], value[key])
            yield from [key] if not held and schema.get("x-extract") == "entities" else []
    elif isinstance(value, list):
        for item in value:
            yield from copied(schema["items"], item)
    elif isinstance(value, str) and "enum" not in schema:
        yield value


def test_every_task_ships_with_prompt_and_example() -> None:
    assert set(SCHEMAS) == TASKS
    assert set(PROMPTS) == TASKS | {"default"}
    assert {path.name for path in (ROOT / "schemas").glob("*.jsonl")} == {f"{name}.examples.jsonl" for name in TASKS}


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_schema_is_strict_and_described(name: str) -> None:
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"] and schema["title"]
    assert re.search(r"[.。]$", schema["description"]) and "\n" not in schema["description"]
    for node in objects(schema):
        if isinstance(node.get("additionalProperties"), dict):  # a map, whose keys the model finds
            continue
        assert node["required"] == list(node["properties"]) and node["additionalProperties"] is False
    assert all(child.get("description") for _, child, _ in fields(schema))


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_annotations_are_known_and_in_their_place(name: str) -> None:
    marked = [(child["x-extract"], inside) for _, child, inside in fields(SCHEMAS[name]) if "x-extract" in child]
    assert all(word in (ROLES if inside else BY_WORD) for word, inside in marked)


@pytest.mark.parametrize("name", sorted(TASKS - {"classify"}))
def test_entities_come_before_what_joins_them_before_the_summary(name: str) -> None:
    tables = [child.get("x-extract", key) for key, child in SCHEMAS[name]["properties"].items()]
    joining = "events" if name == "finance" else "relations"
    assert set(tables) == {"entities", joining, "summary"} and tables == sorted(tables)


@pytest.mark.parametrize("name", sorted(TASKS))
def test_worked_examples_are_true(name: str) -> None:
    for example in lines(f"schemas/{name}.examples.jsonl"):
        Draft202012Validator(SCHEMAS[name]).validate(example["answer"])
        assert list(example["answer"]) == SCHEMAS[name]["required"]
        assert [s for s in copied(SCHEMAS[name], example["answer"]) if s not in example["text"]] == []
        named, ends = names_and_ends(SCHEMAS[name], example["answer"])
        assert len(named) == len(set(named)) and set(ends) <= set(named)


def names_and_ends(schema: dict[str, Any], answer: dict[str, Any]) -> tuple[list[str], list[str]]:
    named: list[str] = []
    ends: list[str | None] = []
    for key, child in schema["properties"].items():
        if isinstance(child.get("additionalProperties"), dict):
            named += answer[key] if child["x-extract"] == "entities" else []
            pairs = (
                [pair for kind in answer[key].values() for pair in kind] if child["x-extract"] == "relations" else []
            )
            ends += [pair[end] for pair in pairs for end in ("人物", "关联")]
            continue
        inner = child.get("items", {}).get("properties", {})
        roles = {inner[field].get("x-extract", field): field for field in inner}
        if child.get("x-extract", key) == "entities":
            named += [item if isinstance(item, str) else item[roles["name"]] for item in answer[key]]
        if child.get("x-extract", key) == "relations":
            ends += [item[roles[role]] for item in answer[key] for role in ("subject", "object")]
        if child.get("x-extract", key) == "events":
            ends += [name for item in answer[key] for name in item[roles["participants"]]]
    return named, [end for end in ends if end is not None]


@pytest.mark.parametrize("name", sorted(PROMPTS))
def test_prompt_renders_with_the_document_last(name: str) -> None:
    head, system, user = re.split(r"^--- (?:system|user) ---\n", PROMPTS[name], flags=re.M)
    environment = Environment(undefined=StrictUndefined)
    words = {"title": "TITLE", "description": "DESCRIPTION.", "schema": '{"type": "object"}', "guide": "- GUIDE"}
    words["layout"] = '{"a": "…"}'
    instructions = environment.from_string(system).render(words)  # fails if it needs the document
    assert head == "" and words["guide"] in instructions and words["description"] in instructions
    rendered = environment.from_string(user).render(words, document="文件 <one>").rstrip("\n")
    assert rendered.endswith("文件 <one>") and rendered.count("文件 <one>") == 1


def test_default_prompt_shows_the_fields_and_the_layout() -> None:
    assert "{{ guide }}" in PROMPTS["default"] and "{{ layout }}" in PROMPTS["default"]


def test_sample_is_varied() -> None:
    rows = lines("data/sample.jsonl")
    assert len(rows) >= 14 and len({row["id"] for row in rows}) == len(rows)
    assert all(list(row) == ["id", "text", "lang", "title", "source"] and row["text"].strip() for row in rows)
    assert sum(row["lang"] == "zh" for row in rows) * 2 == len(rows) == sum(row["lang"] in {"zh", "en"} for row in rows)
    assert sum(row["text"].count("\n\n") > 1 for row in rows) >= 4
    for wanted in ({'"', "\n", "\\"}, {"<|im_end|>", "</think>", "/no_think"}, {"𠮷"}):
        assert any(all(part in row["text"] for part in wanted) for row in rows), wanted


def test_parquet_sample_holds_the_same_rows() -> None:
    assert pq.read_table(ROOT / "data/sample.parquet").to_pylist() == lines("data/sample.jsonl")


def test_gold_is_about_the_sample() -> None:
    sample = [(row["id"], row["lang"], row["text"]) for row in lines("data/sample.jsonl")]
    assert [(row["doc_id"], row["lang"], row["text"]) for row in lines("data/gold.jsonl")] == sample


@pytest.mark.parametrize("row", lines("data/gold.jsonl"), ids=lambda row: row["doc_id"])
def test_gold_points_at_the_text_and_keeps_to_the_news_schema(row: dict[str, Any]) -> None:
    answer = {
        "entities": [{key: entity[key] for key in ("name", "type")} for entity in row["entities"]],
        **{key: row[key] for key in ("relations", "summary")},
    }
    Draft202012Validator(SCHEMAS["news"]).validate(answer)
    named, ends = names_and_ends(SCHEMAS["news"], answer)
    assert len(named) == len(set(named)) and set(ends) <= set(named)
    assert surfaces_missed(row) == []


def surfaces_missed(row: dict[str, Any]) -> list[str]:
    """The occurrences of names and aliases that no mention covers, after checking each mention by its offsets."""
    spans = [span for entity in row["entities"] for span in entity["mentions"]]
    forms = {form for entity in row["entities"] for form in (entity["name"], *entity.get("aliases", ()))}
    for entity in row["entities"]:
        own = {entity["name"], *entity.get("aliases", ())}
        assert {row["text"][start:end] for start, end in entity["mentions"]} == own
    assert all(first[1] <= second[0] for first, second in zip(sorted(spans), sorted(spans)[1:], strict=False))
    found = [(form, m.start(), m.end()) for form in forms for m in re.finditer(re.escape(form), row["text"])]
    return [form for form, start, end in found if not any(a <= start and end <= b for a, b in spans)]
