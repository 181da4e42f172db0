"""What `check` says of a schema's tables, and the beginnings of a schema of one's own."""

import json
from pathlib import Path
from typing import Any

import pytest

from extractor.errors import UserError
from extractor.tasks.begin import from_answers, from_class
from extractor.tasks.hints import described, left_in_record, near_misses
from extractor.tasks.mapping import table_fields
from extractor.tasks.schema import Schema, load_schema

TEXT: dict[str, Any] = {"type": "string"}


def listed(**properties: Any) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "object", "properties": properties}}


def hints(**properties: Any) -> tuple[list[str], list[str]]:
    schema = Schema("mine", {"type": "object", "properties": properties}, None)
    fields = table_fields(schema)
    return near_misses(schema, fields), left_in_record(schema, fields)


def test_what_looks_like_a_table_is_said_with_its_annotation() -> None:
    said, left = hints(
        entities=listed(text=TEXT, label=TEXT),
        关系=listed(source=TEXT, target=TEXT, type=TEXT),
        人物={"type": "array", "items": TEXT},
        摘要={"type": "object", "properties": {"主题": TEXT}},
        when=TEXT,
    )
    assert said == [
        'entities looks like entities; to fill that table add "x-extract": "entities" to it,'
        ' "x-extract": "name" to text, "x-extract": "type" to label',
        '关系 looks like relations; to fill that table add "x-extract": "relations" to it,'
        ' "x-extract": "subject" to source, "x-extract": "object" to target, "x-extract": "predicate" to type',
        '人物 looks like entities; to fill that table add "x-extract": "entities" to it',
        '摘要 looks like a summary; to fill that column add "x-extract": "summary" to it',
    ]
    assert left == ["entities", "关系", "人物", "摘要", "when"]


SAID: list[tuple[str, dict[str, Any], str]] = [
    ("entities", {"text": TEXT, "label": TEXT, "start": {"type": "integer"}, "end": {"type": "integer"}}, "text label"),
    ("entities", {"entity_name": TEXT, "entity_type": TEXT, "description": TEXT}, "entity_name entity_type"),
    ("namedEntities", {"entityName": TEXT, "entityType": TEXT}, "entityName entityType"),
    ("人物列表", {"姓名": TEXT, "身份": TEXT}, "姓名"),
    ("products", {"product_name": TEXT, "price": {"type": "number"}}, "product_name"),
    ("relations", {"source_entity": TEXT, "target_entity": TEXT, "why": TEXT}, "source_entity target_entity"),
    ("relationships", {"sourceId": TEXT, "targetId": TEXT, "relationType": TEXT}, "sourceId targetId relationType"),
    ("人物关系", {"人物1": TEXT, "人物2": TEXT, "关系": TEXT}, "人物1 人物2 关系"),
    ("ties", {"person_a": TEXT, "person_b": TEXT, "since": TEXT}, "person_a person_b"),
    ("spans", {"from_date": TEXT, "to_date": TEXT, "type": TEXT}, ""),
    ("prices", {"amount": {"type": "number"}, "currency": TEXT}, ""),
]


@pytest.mark.parametrize("key, properties, marks", SAID, ids=[row[0] + " " + row[2] for row in SAID])
def test_names_of_any_style_are_known_by_the_word_that_says_something(
    key: str, properties: dict[str, Any], marks: str
) -> None:
    said, _ = hints(**{key: listed(**properties)})
    table = "relations" if len(said) and "relations" in said[0] else "entities"
    roles = {"relations": ("subject", "object", "predicate"), "entities": ("name", "type")}[table]
    named = [f'"x-extract": "{role}" to {name}' for role, name in zip(roles, marks.split(), strict=False)]
    expected = f'{key} looks like {table}; to fill that table add "x-extract": "{table}" to it, ' + ", ".join(named)
    assert said == ([expected] if marks else [])


def test_what_feeds_a_table_is_not_said_again() -> None:
    said, left = hints(entities=listed(name=TEXT, type=TEXT), summary=TEXT, mood=TEXT)
    assert (said, left) == ([], ["mood"])


def test_a_field_is_described_in_a_line() -> None:
    fields = table_fields(load_schema("guanxi"))
    assert [described(field) for field in fields] == [
        "entities ← 人物 (keys: name)",
        "relations ← 关系 (keys: predicate; subject: 人物; object: 关联; evidence: 描述)",
        "summary ← 摘要",
    ]


def test_a_schema_begun_from_answers_holds_them(tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    answers = [{"kind": kind, "n": n} for n, kind in enumerate(["red", "blue"] * 4)]
    path.write_text("\n".join(json.dumps({"text": "t", "answer": one}) for one in answers) + "\n")
    body = from_answers(str(path))
    assert body["properties"] == {"kind": {"type": "string", "enum": ["red", "blue"]}, "n": {"type": "integer"}}
    assert body["additionalProperties"] is False and body["required"] == ["kind", "n"]
    assert all(Schema("begun", body, None).validator().is_valid(one) for one in answers)


def test_a_beginning_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    path.write_text("\n")
    with pytest.raises(UserError, match="no answers in it"):
        from_answers(str(path))
    with pytest.raises(UserError, match="--from-pydantic nowhere:Class: cannot import nowhere"):
        from_class("nowhere:Class")
