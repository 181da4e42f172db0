"""What `extract check` says of a schema to the person who wrote it."""

import json
from pathlib import Path
from typing import Any

import pytest
from programs import PLAIN, documents, ran
from typer.testing import CliRunner

from extractor.cli.app import app

TEXT: dict[str, Any] = {"type": "string"}


def listed(**properties: Any) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "object", "properties": properties}}


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with documents and an output whose answers can be judged again without a model."""
    folder = tmp_path_factory.mktemp("answered")
    source = documents(folder / "d.jsonl", 2)
    assert ran("run", source, "--schema", "news", "--out", folder / "old", *PLAIN, "--quiet")[0] == 0
    return folder


def checked(folder: Path, body: dict[str, Any], *more: str) -> str:
    (folder / "mine.json").write_text(json.dumps(body, ensure_ascii=False), "utf-8")
    words = ["check", folder / "d.jsonl", "--schema", folder / "mine.json", "--out", folder / "new", *more]
    words += ["--engine", "replay", "--from", folder / "old", "--examples", "none"]
    result = CliRunner().invoke(app, list(map(str, words)), env={"COLUMNS": "400"})
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def notes(folder: Path, body: dict[str, Any]) -> list[str]:
    found: list[str] = json.loads(checked(folder, body, "--json"))["notes"]
    return found


ENGLISH = {
    "type": "object",
    "properties": {
        "people": {"type": "array", "items": TEXT},
        "mentions": listed(text=TEXT, label=TEXT),
        "links": listed(source=TEXT, target=TEXT, type=TEXT),
        "abstract": TEXT,
        "mood": TEXT,
    },
}
CHINESE = {
    "type": "object",
    "properties": {
        "实体": listed(名称=TEXT, 类型=TEXT),
        "关系": listed(主体=TEXT, 客体=TEXT, 谓词=TEXT),
        "摘要": TEXT,
        "情绪": TEXT,
    },
}
TOLD = [
    (
        ENGLISH,
        [
            'people looks like entities; to fill that table add "x-extract": "entities" to it',
            'mentions looks like entities; to fill that table add "x-extract": "entities" to it,'
            ' "x-extract": "name" to text, "x-extract": "type" to label',
            'links looks like relations; to fill that table add "x-extract": "relations" to it,'
            ' "x-extract": "subject" to source, "x-extract": "object" to target, "x-extract": "predicate" to type',
            'abstract looks like a summary; to fill that column add "x-extract": "summary" to it',
        ],
    ),
    (
        CHINESE,
        [
            '实体 looks like entities; to fill that table add "x-extract": "entities" to it,'
            ' "x-extract": "name" to 名称, "x-extract": "type" to 类型',
            '关系 looks like relations; to fill that table add "x-extract": "relations" to it,'
            ' "x-extract": "subject" to 主体, "x-extract": "object" to 客体, "x-extract": "predicate" to 谓词',
            '摘要 looks like a summary; to fill that column add "x-extract": "summary" to it',
        ],
    ),
]


@pytest.mark.parametrize("body, said", TOLD, ids=["English", "Chinese"])
def test_what_looks_like_a_table_is_said_to_a_person(answered: Path, body: dict[str, Any], said: list[str]) -> None:
    shown = " ".join(checked(answered, body).split())
    assert [line for line in said if line not in shown] == []
    assert "table record only" in shown
    assert notes(answered, body) == said


def marked(body: dict[str, Any], marks: dict[str, str]) -> dict[str, Any]:
    """The schema with these annotations, each at a property by its path."""
    body = json.loads(json.dumps(body))
    for path, word in marks.items():
        node = body
        for step in path.split("/"):
            node = (node.get("items") or node)["properties"][step]
        node["x-extract"] = word
    return body


ADDED = [
    (
        ENGLISH,
        {
            "people": "entities",
            "mentions": "entities",
            "mentions/text": "name",
            "mentions/label": "type",
            "links": "relations",
            "links/source": "subject",
            "links/target": "object",
            "links/type": "predicate",
            "abstract": "summary",
        },
        "mood",
    ),
    (
        CHINESE,
        {
            "实体": "entities",
            "实体/名称": "name",
            "实体/类型": "type",
            "摘要": "summary",
            "关系": "relations",
            "关系/主体": "subject",
            "关系/客体": "object",
            "关系/谓词": "predicate",
        },
        "情绪",
    ),
]


@pytest.mark.parametrize("body, marks, left", ADDED, ids=["English", "Chinese"])
def test_with_what_was_said_added_the_tables_are_fed(
    answered: Path, body: dict[str, Any], marks: dict[str, str], left: str
) -> None:
    shown = checked(answered, marked(body, marks))
    fed = [path for path, word in marks.items() if word in ("entities", "relations", "summary")]
    assert [path for path in fed if f"← {path}" not in shown] == []
    assert f"record only ← {left}" in shown and "looks like" not in shown


def test_what_only_validation_holds_is_said_with_its_place(answered: Path) -> None:
    body = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {
            "entities": listed(name={"type": "string", "pattern": "^(?!x)"}, code={"type": "string", "pattern": "^x"}),
            "tags": {"type": "array", "uniqueItems": True, "items": {"$ref": "#/definitions/t", "maxLength": 3}},
        },
        "definitions": {"t": TEXT},
    }
    assert notes(answered, body) == [
        "ignored, since draft-07 hears nothing beside $ref; put both into allOf, or name 2020-12 in $schema:"
        " maxLength at /properties/tags/items",
        "checked after decoding only, no grammar holds it: pattern at entities/[]/name",
        "checked after decoding only, no grammar holds it: uniqueItems at tags",
    ]


def test_what_lies_too_deep_for_a_table_is_said(answered: Path) -> None:
    parts = {"type": "array", "items": {"$ref": "#"}}
    body = {"type": "object", "properties": {"entities": listed(name=TEXT), "parts": parts}}
    assert [note for note in notes(answered, body) if note.endswith("feeds no table, it stays in record")]
