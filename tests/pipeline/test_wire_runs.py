"""Answers in fewer tokens through a whole run: what is stored is the same, whichever form the model wrote."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fakes import Silent, answering, fake_model, fake_prepared
from shop import rows, write
from typer.testing import CliRunner

from extractor.cli.app import app
from extractor.errors import UserError
from extractor.jobs.check import check, show
from extractor.jobs.file import GivenJob
from extractor.jobs.job import make_job
from extractor.jobs.prepare import prepare
from extractor.jobs.retry import asked_again
from extractor.pipeline.session import run
from extractor.tasks.schema import load_schema
from extractor.tasks.wire import AnswerWire, wire_of
from extractor.types import Completion, Finish, Request, WireForm

TEXT = "Ann Lee works for Lee in Oslo. 王小明在北京。"
THINGS = [("Ann Lee", "person"), ("Lee", "organisation"), ("Oslo", "location"), ("王小明", "person")]
ENTITIES = [{"name": name, "type": kind} for name, kind in THINGS]
WORKS = {"subject": "Ann Lee", "object": "Lee", "predicate": "works_for"}
RECORD = {"entities": ENTITIES, "relations": [WORKS], "summary": "s"}
Step = Any  # a text, a record, or a text with how it ended


def wire(form: WireForm) -> AnswerWire:
    schema = load_schema("news")
    return wire_of(schema.__class__(schema.name, schema.body, schema.path, form=form))


class Writes:
    """A model that writes records in this form, in order, and remembers what it was asked."""

    def __init__(self, form: WireForm, *steps: Step) -> None:
        self.form, self.steps, self.asked = wire(form), list(steps), list[Request]()

    def __call__(self, request: Request) -> str | Completion:
        self.asked.append(request)
        step = self.steps.pop(0)
        if isinstance(step, tuple):
            return ending(*step)(request)
        return step if isinstance(step, str) else self.form.text(self.form.encode(step))


def ending(text: str, finish: Finish) -> Callable[[Request], Completion]:
    return lambda request: Completion(request, text, list(map(ord, text)), finish, output_tokens=len(text))


def settled(folder: Path, form: WireForm, *steps: Step, **given: Any) -> tuple[Path, Writes]:
    folder.mkdir(exist_ok=True)
    model, out = Writes(form, *steps), folder / f"out-{form}"
    prepared = fake_prepared(write(folder / "in.jsonl", [("d", TEXT)]), out, wire=form, **given)
    run(prepared, lambda _: answering(model), Silent(), bool)
    assert not model.steps
    return out, model


def stored(out: Path) -> dict[str, Any]:
    """What is stored, less the cost of it and the name of the job."""
    found = {name: rows(out, name) for name in ("documents", "entities", "relations", "summaries")}
    return {name: [{k: v for k, v in row.items() if not _costs(k)} for row in table] for name, table in found.items()}


def _costs(name: str) -> bool:
    return "token" in name or "seconds" in name or name in ("fingerprint", "finished_at", "confidence")


FORMS: list[WireForm] = ["tight", "arrays", "tight-arrays"]


@pytest.mark.parametrize("form", FORMS)
def test_the_same_is_stored_for_fewer_tokens(tmp_path: Path, form: WireForm) -> None:
    plain, _ = settled(tmp_path, "plain", RECORD, confidence=True)
    short, model = settled(tmp_path, form, RECORD, confidence=True)
    assert stored(short) == stored(plain) and rows(short)[0]["status"] == "ok"
    assert rows(short, "documents")[0]["total_tokens"] < rows(plain, "documents")[0]["total_tokens"]
    assert rows(short, "completions")[0]["answer"] == model.form.text(model.form.encode(RECORD))
    for table in ("entities", "relations", "summaries"):  # a token a letter: as sure of each name, in any form
        sure = [[row["confidence"] for row in rows(out, table)] for out in (plain, short)]
        assert sure[0] == sure[1] and all(sure[0])


def test_what_a_form_names_is_another_job_and_none_is_the_old_one(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", [("d", TEXT)])
    names = [fake_prepared(source, tmp_path / "o", wire=form).builder.identity for form in ("plain", *FORMS)]
    assert "wire" not in names[0] and [name.pop("wire") for name in names[1:]] == FORMS
    assert all(name == names[0] for name in names)


def test_examples_are_shown_as_answers_are_written(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", [("d", TEXT)])
    given: dict[str, Any] = {"examples": None, "wire": "tight-arrays"}
    prepared = fake_prepared(source, tmp_path / "o", **given)
    shown = show(prepared, "d")
    said = [turn["content"] for turn in shown["messages"] if turn["role"] == "assistant"]
    assert said and said[0].startswith('{"entities":[["Bellweather Bakeries","organisation"],')
    assert "written as a list of values in this order, without keys: [name, type]" in shown["messages"][0]["content"]
    assert '"prefixItems"' in shown["schema"]
    notes = check(prepared, {}).notes
    assert "written as lists: [name, type], [subject, object, predicate]" in notes


def test_closed_relations_are_asked_for_in_the_same_form(tmp_path: Path) -> None:
    first = {"entities": ENTITIES, "summary": "s"}
    out, model = settled(tmp_path, "tight-arrays", first, {"relations": [WORKS]}, relations="closed")
    assert json.loads(rows(out)[0]["record"]) == RECORD
    items = json.loads(model.asked[1].schema or "")["properties"]["relations"]["items"]
    assert [one["type"] for one in items["anyOf"]] == ["array"] * len(items["anyOf"])
    assert "".join(map(chr, model.asked[1].prompt)).endswith(',"summary":"s"}\n')


def test_a_loop_is_cut_out_and_the_model_goes_on_behind_it(tmp_path: Path) -> None:
    entities = '{"entities":[["Ann Lee","person"],["Lee","organisation"]' + ',["Oslo","location"]' * 5 + ',["Os'
    rest = [{"relations": [WORKS]}, {"summary": "s"}]
    out, model = settled(tmp_path, "tight-arrays", (entities, "repetition"), *rest)
    assert json.loads(rows(out)[0]["record"]) == RECORD | {"entities": ENTITIES[:3]}
    assert "".join(map(chr, model.asked[1].prompt)).endswith('["Oslo","location"]]}\n')


def test_a_row_of_equal_values_is_no_loop(tmp_path: Path) -> None:
    cut = '{"entities": [["person", "person"], ["Ann Lee", "person"]], "relations": [["a", "a", "a"], ["b'
    out, model = settled(tmp_path, "arrays", (cut, "length"), RECORD)
    assert json.loads(rows(out)[0]["record"]) == RECORD
    assert model.asked[1].max_tokens == 2 * model.asked[0].max_tokens


def test_a_server_that_holds_answers_to_nothing_may_answer_either_way(tmp_path: Path) -> None:
    out, _ = settled(tmp_path, "arrays", json.dumps(RECORD))
    assert json.loads(rows(out)[0]["record"]) == RECORD


def test_a_list_that_stands_for_nothing_is_told_of_and_asked_again(tmp_path: Path) -> None:
    wrong = '{"entities": [["Ann Lee"]], "relations": [], "summary": "s"}'
    out, model = settled(tmp_path, "arrays", wrong, RECORD)
    fault = "at entities/0: a list of 1 value, where the values of name, type are wanted"
    again = "".join(map(chr, model.asked[1].prompt))
    assert f"That answer is wrong: {fault}." in again and wrong in again
    assert json.loads(rows(out)[0]["record"]) == RECORD


def test_thoughts_are_as_ever(tmp_path: Path) -> None:
    out, model = settled(tmp_path, "tight-arrays", "hm", RECORD, mode="think")
    assert [one.schema is None for one in model.asked] == [True, False]
    assert json.loads(rows(out)[0]["record"]) == RECORD and rows(out)[0]["reasoning"] == "hm"


def test_passages_of_a_long_document_are_merged_as_records(tmp_path: Path) -> None:
    words: dict[str, Any] = {"passage_above": 64, "passage_tokens": 64, "context": 100_000}
    source = write(tmp_path / "in.jsonl", [("d", f"{TEXT}\n\n" * 4)])
    found = dict[str, Any]()
    for form in ("plain", "tight-arrays"):
        model = wire(form)
        prepared = fake_prepared(source, tmp_path / form, wire=form, **words)

        def answer(request: Request, model: AnswerWire = model) -> str:
            needed = json.loads(request.schema or "")["properties"]
            return model.text(model.encode({key: RECORD[key] for key in needed}))

        run(prepared, lambda _: answering(answer), Silent(), bool)
        found[form] = stored(tmp_path / form)
        assert len(rows(tmp_path / form, "completions")) > 4
    assert found["plain"] == found["tight-arrays"] and json.loads(found["plain"]["documents"][0]["record"]) == RECORD


def test_a_replay_reads_them_by_the_schema_that_they_were_asked_with(tmp_path: Path) -> None:
    out, _ = settled(tmp_path, "tight-arrays", RECORD, confidence=True)
    body = load_schema("news").body
    item = body["properties"]["entities"]["items"]
    turned = {**item, "properties": dict(reversed(item["properties"].items()))}
    mended = {**body, "properties": {**body["properties"], "entities": {"type": "array", "items": turned}}}
    (tmp_path / "mended.json").write_text(json.dumps(mended))
    words = ["run", str(tmp_path / "in.jsonl"), "--schema", str(tmp_path / "mended.json"), "--engine", "replay"]
    words += ["--from", str(out), "--out", str(tmp_path / "again"), "--quiet", "--confidence"]
    assert CliRunner().invoke(app, words).exit_code == 0
    before, after = stored(out), stored(tmp_path / "again")
    assert after["entities"] == before["entities"] and after["relations"] == before["relations"]
    sure = [[row["confidence"] for row in rows(one, "entities")] for one in (out, tmp_path / "again")]
    assert sure[0] == sure[1] and all(sure[0])


def test_a_retry_stays_with_its_form(tmp_path: Path) -> None:
    out, _ = settled(tmp_path, "arrays", RECORD)
    assert asked_again(out, {}).job.wire == "arrays"
    with pytest.raises(UserError, match="--wire is for extract run: the answers of one output are written in one form"):
        asked_again(out, {"wire": "plain"})


def test_a_prompt_that_shows_the_schema_itself_is_refused_before_a_model_is_looked_for(tmp_path: Path) -> None:
    prompt = tmp_path / "mine.md"
    prompt.write_text("--- system ---\n{{ schema }}\n--- user ---\n{{ document }}\n")
    source = write(tmp_path / "in.jsonl", [("d", TEXT)])
    words = {"inputs": [str(source)], "out": tmp_path / "o", "schema": "news", "prompt": str(prompt), "wire": "arrays"}
    given = GivenJob(make_job(words), {})
    with pytest.raises(UserError, match=r"--wire arrays: --prompt .* shows \{\{ schema \}\}"):
        prepare(given.job, frozenset(), fake_model())
