"""Stored answers judged again: a mended schema, the same texts, and no model."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from fakes import Silent, answering, fake_prepared
from typer.testing import CliRunner

from extractor.cli.app import app
from extractor.engines.replay import GROUPS, StoredAnswers
from extractor.pipeline.session import run
from extractor.store.compact import compact
from extractor.store.parts import parts_of
from extractor.types import Request

pytestmark = pytest.mark.slow

STRICT = {"type": "object", "properties": {"names": {"type": "array", "items": {"type": "string", "maxLength": 3}}}}
LOOSE = {
    "type": "object",
    "properties": {"names": {"x-extract": "entities", "type": "array", "items": {"type": "string"}}},
}


def written(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


def inputs(path: Path, *texts: str) -> Path:
    path.write_text("".join(json.dumps({"id": f"d{n}", "text": text}) + "\n" for n, text in enumerate(texts)))
    return path


def asked(source: Path, out: Path, schema: Path, answers: dict[str, str], **given: Any) -> None:
    """A run whose answers depend on the document: the same one at each attempt."""
    prepared = fake_prepared(source, out, schema=str(schema), **given)
    run(prepared, lambda ready: answering(lambda request: answers[request.document.id]), Silent(), lambda: False)


def replayed(source: Path, old: Path, out: Path, schema: Path, *more: str) -> tuple[int, str]:
    words = ["run", str(source), "--schema", str(schema), "--engine", "replay", "--from", str(old), "--out", str(out)]
    result = CliRunner().invoke(app, [*words, "--quiet", *more])
    return result.exit_code, result.stderr


def table(out: Path, name: str) -> dict[str, dict[str, Any]]:
    return {row["doc_id"]: row for row in pq.read_table(out / name).to_pylist()}


ANSWERS = {"d0": '{"names": ["Mara Holt"]}', "d1": '{"names": ["Zoe"]}', "d2": '{"names": ["Ann'}


def test_a_mended_schema_mends_the_answers_and_nothing_is_asked(tmp_path: Path) -> None:
    source = inputs(tmp_path / "d.jsonl", "Mara Holt spoke.", "Zoe spoke.", "Ann spoke.")
    strict, loose = written(tmp_path / "strict.json", STRICT), written(tmp_path / "loose.json", LOOSE)
    old, out = tmp_path / "old", tmp_path / "out"
    asked(source, old, strict, ANSWERS)
    assert {i: row["problem"] for i, row in table(old, "documents").items()} == {
        "d0": "invalid",
        "d1": None,
        "d2": "unparsable",
    }
    code, said = replayed(source, old, out, loose)
    assert (code, said) == (4, "")  # half an answer stays half an answer
    documents = table(out, "documents")
    assert {i: row["problem"] for i, row in documents.items()} == {"d0": None, "d1": None, "d2": "unparsable"}
    assert json.loads(documents["d0"]["record"]) == {"names": ["Mara Holt"]}
    assert table(out, "entities")["d0"]["mentions"] == [{"start": 0, "end": 9}]
    before = table(old, "documents")["d0"]
    assert [documents["d0"][name] for name in ("prompt_tokens", "total_tokens", "attempts")] == [
        before[name] for name in ("prompt_tokens", "total_tokens", "attempts")
    ]


def test_thoughts_come_back_with_their_ends(tmp_path: Path) -> None:
    source = inputs(tmp_path / "d.jsonl", "Mara Holt spoke.", "Zoe spoke.")
    schema, old = written(tmp_path / "s.json", LOOSE), tmp_path / "old"
    prepared = fake_prepared(source, old, schema=str(schema), mode="think", thinking_budget=500)
    said = {True: "Who speaks?", False: '{"names": []}'}
    run(prepared, lambda ready: answering(lambda request: said[request.is_thought]), Silent(), lambda: False)
    assert replayed(source, old, tmp_path / "out", schema)[0] == 0
    kept = ("mode", "reasoning", "thinking_end", "thinking_tokens", "answer_tokens", "status")
    before, after = table(old, "documents"), table(tmp_path / "out", "documents")
    assert [[row[name] for name in kept] for row in before.values()] == [
        [after[doc_id][name] for name in kept] for doc_id in before
    ]
    assert after["d0"]["reasoning"] == "Who speaks?"


def test_what_has_no_answer_there_is_quarantined_and_says_so(tmp_path: Path) -> None:
    source, schema = inputs(tmp_path / "d.jsonl", "Zoe spoke."), written(tmp_path / "s.json", LOOSE)
    old, out = tmp_path / "old", tmp_path / "out"
    asked(source, old, schema, ANSWERS)
    inputs(source, "Zoe spoke again.", "Zoe spoke.")  # d0 changed, d1 is new
    code, _ = replayed(source, old, out, schema)
    quarantine = table(out, "quarantine")
    assert code == 4
    assert {i: (row["problem"], row["detail"]) for i, row in quarantine.items()} == {
        i: ("engine", f"{old} holds no answer to this text") for i in ("d0", "d1")
    }


def test_a_second_replay_has_nothing_to_do(tmp_path: Path) -> None:
    source, schema = inputs(tmp_path / "d.jsonl", "Zoe spoke."), written(tmp_path / "s.json", LOOSE)
    asked(source, tmp_path / "old", schema, ANSWERS)
    words = ["run", str(source), "--schema", str(schema), "--engine", "replay", "--from", str(tmp_path / "old")]
    for line in ("1 documents into", "1 documents: 1 settled before, nothing new"):
        result = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "out")])
        assert result.exit_code == 0
        assert line in result.stderr


def test_few_row_groups_are_held_however_many_there_are(tmp_path: Path) -> None:
    count = 3 * GROUPS + 5
    source = inputs(tmp_path / "d.jsonl", *(f"Zoe {n}" for n in range(count)))
    schema, old = written(tmp_path / "s.json", LOOSE), tmp_path / "old"
    asked(source, old, schema, {f"d{n}": f'{{"names": ["Zoe{n}"]}}' for n in range(count)}, part_documents=1)
    for full in (None, 4):
        if full:
            compact(old, full)
        stored = StoredAnswers(old, parts_of(old).of("completions"))
        for n in reversed(range(count)):
            assert [row["answer"] for row in stored.of(f"d{n}")] == [f'{{"names": ["Zoe{n}"]}}']
        assert stored.held == GROUPS


REFUSED = [
    (["--engine", "replay"], "--engine replay needs --from DIR"),
    (["--from", "{old}"], "--from {old} belongs to --engine replay"),
    (["--engine", "replay", "--from", "{out}"], "--from {out} is --out too"),
    (["--engine", "replay", "--from", "{empty}"], "--from {empty} holds no manifest.json"),
]


@pytest.mark.parametrize(("words", "says"), REFUSED)
def test_a_replay_that_cannot_be(tmp_path: Path, words: list[str], says: str) -> None:
    source, schema = inputs(tmp_path / "d.jsonl", "Zoe spoke."), written(tmp_path / "s.json", LOOSE)
    places = {name: str(tmp_path / name) for name in ("old", "out", "empty")}
    asked(source, tmp_path / "old", schema, ANSWERS)
    command = ["run", str(source), "--schema", str(schema), "--out", places["out"]]
    result = CliRunner().invoke(app, [*command, *(word.format(**places) for word in words)])
    assert result.exit_code == 1
    assert f"extract: {says.format(**places)}" in result.stderr


def test_a_long_document_is_replayed_passage_by_passage(tmp_path: Path) -> None:
    text = "\n\n".join(f"Mara Holt spoke {n} times. " + "It was long. " * 30 for n in range(12))
    source = inputs(tmp_path / "d.jsonl", text, "Zoe spoke.")
    names = {"x-extract": "entities", "type": "array", "items": {"type": "string"}}
    old, out = tmp_path / "old", tmp_path / "out"
    properties = {"names": names, "summary": {"type": "string", "maxLength": 200}}
    path = written(tmp_path / "s.json", {"type": "object", "properties": properties})
    sizes: dict[str, Any] = {"passage_above": 1000, "passage_tokens": 900, "passage_context": 50, "context": 2200}

    def answer(request: Request) -> str:
        place = request.document.passage
        if place and '"names"' not in (request.schema or ""):
            return json.dumps({"summary": f"{place.start} to {place.end}"})
        return json.dumps({"names": ["Mara Holt"], "summary": f"{place.number if place else 0} " + "word " * 30})

    prepared = fake_prepared(source, old, schema=str(path), **(sizes | {"max_answer_tokens": 300}))
    run(prepared, lambda ready: answering(answer), Silent(), bool)
    assert not len(pq.read_table(old / "quarantine"))
    words = ["check", str(source), "--schema", str(path), "--engine", "replay", "--from", str(old), "--out", str(out)]
    assert "1 documents, 12 passages" in " ".join(CliRunner().invoke(app, words).output.split())
    assert replayed(source, old, out, path) == (0, "")
    for name in ("documents", "entities", "summaries"):
        same = ("record", "passages", "mentions", "summary", "passages_failed")
        now, then = table(out, name), table(old, name)
        assert {i: [row.get(key) for key in same] for i, row in now.items()} == {
            i: [row.get(key) for key in same] for i, row in then.items()
        }
    assert table(out, "documents")["d0"]["passages"] == 12
    assert len(pq.read_table(old / "completions")) > 12 + 1 + 2  # summed up by level
    assert len(pq.read_table(out / "completions")) == len(pq.read_table(old / "completions"))
