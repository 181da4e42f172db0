"""The door for programs: what it gives, what it raises, and that it prints nothing."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from fakes import answering, fake_model
from programs import PLAIN, documents, ran

from extractor import api
from extractor.errors import EngineError
from extractor.jobs.fields import JobFields
from extractor.jobs.file import GivenJob
from extractor.jobs.job import Job
from extractor.jobs.prepare import Prepared, prepare
from extractor.pipeline.jobs import Providers
from extractor.pipeline.single import SingleTexts
from extractor.store.lock import locked
from extractor.types import Completion, Problem, Request

ANSWER = '{"entities": [{"name": "Ada", "type": "person"}], "relations": [], "summary": "Ada wrote."}'
WORDS: dict[str, Any] = {"examples": "none", "context": 100_000}


class Fake:
    """A model that gives the same answer each time, and counts how often it is loaded and asked."""

    def __init__(self, answer: str = ANSWER, dies_at: int | None = None) -> None:
        self.answer, self.dies_at = answer, dies_at
        self.prepared = self.loaded = self.asked = 0

    def providers(self) -> Providers:
        return Providers(prepare=self._prepare, engine=self._engine)

    def _prepare(self, given: GivenJob) -> Prepared:
        self.prepared += 1
        return prepare(given.job, frozenset(given.origins), fake_model())

    def _engine(self, ready: Prepared) -> Any:
        self.loaded += 1
        return answering(self._complete)

    def _complete(self, request: Request) -> str | Completion:
        self.asked += 1
        if self.asked == self.dies_at:
            raise EngineError("the engine died")
        return self.answer


def test_a_run_settles_its_documents_and_the_same_call_continues(tmp_path: Path, capfd: Any) -> None:
    source, fake = documents(tmp_path / "d.jsonl", 3, "Ada wrote."), Fake()
    done = api.run(source, "news", tmp_path / "out", providers=fake.providers(), **WORDS)
    assert (done.code, done.status.ok, done.status.pending) == (0, 3, 0)
    again = api.run([source], "news", tmp_path / "out", providers=fake.providers(), **WORDS)
    assert (again.status.ok, fake.loaded, fake.asked) == (3, 1, 3)
    assert capfd.readouterr() == ("", "")


def test_a_run_keeps_its_metrics_file_and_runs_its_hook(tmp_path: Path, capfd: Any) -> None:
    source, numbers, heard = documents(tmp_path / "d.jsonl", 3), tmp_path / "m.prom", tmp_path / "heard"
    hook: dict[str, Any] = {"metrics": numbers, "on_finish": f'echo "$EXTRACT_EXIT_CODE $EXTRACT_OK" > {heard}'}
    api.run(source, "news", tmp_path / "out", providers=Fake().providers(), **WORDS, **hook)
    assert 'status="ok"} 3' in numbers.read_text()
    assert heard.read_text() == "0 3\n"
    assert capfd.readouterr() == ("", "")


def test_what_a_run_quarantines_is_in_its_outcome(tmp_path: Path) -> None:
    source = documents(tmp_path / "d.jsonl", 2)
    done = api.run(source, "news", tmp_path / "out", providers=Fake("{}").providers(), **WORDS, attempts=1)
    assert (done.code, done.status.problems) == (4, {"invalid": 2})


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"inputs": "absent.jsonl"}, "nothing is at 'absent.jsonl'"),
    ({"schema": "nwes"}, "--schema nwes"),
    ({"limit": 0}, "--limit 0: Input should be greater than or equal to 1"),
    ({"lmit": 1}, "'lmit' is no setting; did you mean 'limit'?"),
    ({"max_runtime": "2x"}, "--max-runtime 2x: write it as a number with its unit"),
    ({"text_column": "body"}, "has no column 'body' (--text-column)"),
]


@pytest.mark.parametrize(("changed", "line"), MISTAKES, ids=lambda value: str(value)[:30])
def test_a_mistake_is_a_user_error_with_the_line_of_the_command(
    tmp_path: Path, changed: dict[str, Any], line: str, capfd: Any
) -> None:
    given: dict[str, Any] = {"inputs": documents(tmp_path / "d.jsonl", 1), "schema": "news", **WORDS, **changed}
    for call in (api.run, api.check):
        with pytest.raises(api.UserError) as caught:
            call(out=tmp_path / "out", providers=Fake().providers(), **given)
        assert line in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
    assert capfd.readouterr() == ("", "")


def test_an_engine_that_dies_and_a_held_output_are_raised_as_they_are(tmp_path: Path) -> None:
    source, out = documents(tmp_path / "d.jsonl", 2), tmp_path / "out"
    with pytest.raises(api.EngineError, match="the engine died"):
        api.run(source, "news", out, providers=Fake(dies_at=1).providers(), **WORDS)
    with locked(out), pytest.raises(api.Locked, match="another run holds"):
        api.run(source, "news", out, providers=Fake().providers(), **WORDS)


def test_check_says_what_would_run_and_writes_nothing(tmp_path: Path) -> None:
    source = documents(tmp_path / "d.jsonl", 3)
    found = api.check(source, "news", tmp_path / "out", providers=Fake().providers(), **WORDS)
    assert (found.documents, found.sampled, found.refused) == (3, 3, {})
    assert ("--schema", "news", "argument") in found.settings
    assert not (tmp_path / "out").exists()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The output of a run over three documents in two parts."""
    source = documents(tmp_path / "d.jsonl", 3, "Ada wrote.")
    api.run(source, "news", tmp_path / "out", providers=Fake().providers(), part_documents=2, **WORDS)
    return tmp_path / "out"


def test_read_gives_every_table_by_name(out: Path) -> None:
    tables = api.read(out)
    assert {name: table.num_rows for name, table in tables.items()} == {
        "documents": 3,
        "entities": 3,
        "relations": 0,
        "events": 0,
        "summaries": 3,
        "quarantine": 0,
        "completions": 3,
    }
    assert sorted(tables["documents"]["doc_id"].to_pylist()) == ["d0", "d1", "d2"]
    assert tables["entities"].schema.field("mentions").metadata[b"description"]
    with pytest.raises(KeyError):
        tables["nothing"]


def test_read_answers_sql(out: Path) -> None:
    found = api.read(out).sql("SELECT name, count(*) FROM entities JOIN documents USING (doc_id) GROUP BY ALL")
    assert found.fetchall() == [("Ada", 3)]
    with pytest.raises(api.UserError, match=r"duckdb: .*nothing"):
        api.read(out).sql("SELECT nothing FROM entities")


def test_an_output_in_which_nothing_is_settled_yet_has_empty_tables(tmp_path: Path) -> None:
    with pytest.raises(api.EngineError):
        api.run(
            documents(tmp_path / "d.jsonl", 1),
            "news",
            tmp_path / "out",
            providers=Fake(dies_at=1).providers(),
            **WORDS,
        )
    tables = api.read(tmp_path / "out")
    assert {table.num_rows for table in tables.values()} == {0}
    assert tables.sql("SELECT count(name) FROM entities").fetchall() == [(0,)]


def test_what_is_no_output_is_said(tmp_path: Path) -> None:
    with pytest.raises(api.UserError, match="not an output folder of extract run"):
        api.read(tmp_path)


def test_evaluate_and_compare_say_what_the_commands_say(out: Path, tmp_path: Path) -> None:
    other, gold = tmp_path / "other", tmp_path / "gold.jsonl"
    code, _, _ = ran("run", tmp_path / "d.jsonl", "--schema", "news", "--out", other, "--quiet", *PLAIN)
    assert code == 0
    rows = ({"doc_id": f"d{n}", "entities": [{"name": "Ada", "type": "person"}]} for n in range(3))
    gold.write_text("".join(json.dumps(row) + "\n" for row in rows))
    strict = [s for s in api.evaluate(out, gold).scores if (s.metric, s.scope) == ("entity_strict", "micro")]
    assert [(s.f1 and s.f1.value, s.hits) for s in strict] == [(1.0, 3)]
    both = api.compare([out, other], gold)
    assert (both.documents, both.scored) == (3, 3) and "entity F1" in both.verdict
    with pytest.raises(api.UserError, match="no such gold file"):
        api.evaluate(out, tmp_path / "absent.jsonl")


def one(texts: SingleTexts, text: str, **fields: Any) -> api.Answer:
    return api.extract_one(text, "news", "fake", texts=texts, **{**WORDS, **fields})


def test_single_texts_are_answered_on_one_engine_that_stays(capfd: Any) -> None:
    fake = Fake()
    texts = SingleTexts(fake.providers())
    answers = [one(texts, f"Ada wrote {n}.") for n in range(3)]
    assert [answer.status for answer in answers] == ["ok"] * 3
    assert answers[2].record == json.loads(ANSWER) and answers[2].problem is None
    assert [(row["name"], row["mentions"]) for row in answers[2].rows["entities"]] == [
        ("Ada", [{"start": 0, "end": 3}])
    ]
    assert (fake.prepared, fake.loaded, fake.asked) == (1, 1, 3)
    one(texts, "Ada.", mode="think")
    assert (fake.prepared, fake.loaded) == (2, 1)
    texts.close()
    one(texts, "Ada.")
    assert (fake.prepared, fake.loaded) == (2, 2)
    assert capfd.readouterr() == ("", "")


def test_a_schema_that_changed_holds_for_the_next_text(tmp_path: Path) -> None:
    schema, fake = tmp_path / "schema.json", Fake('{"gist": "Ada wrote."}')
    texts = SingleTexts(fake.providers())
    for word, found in (("gist", "ok"), ("summary", "quarantined")):
        schema.write_text(json.dumps({"type": "object", "properties": {word: {"type": "string"}}, "required": [word]}))
        assert api.extract_one("Ada.", schema, "fake", texts=texts, **WORDS, attempts=1).status == found
    assert (fake.prepared, fake.loaded) == (2, 1)


def test_a_text_that_can_not_be_answered_has_its_problem() -> None:
    texts = SingleTexts(Fake("no JSON").providers())
    failed, blank = one(texts, "Ada.", attempts=1), one(texts, "  ")
    assert (failed.status, failed.record) == ("quarantined", None)
    assert failed.problem and failed.problem.kind == "unparsable"
    assert blank.problem == Problem("no_text", "column 'text' is blank")


def test_an_engine_that_died_is_loaded_anew_for_the_next_text() -> None:
    fake = Fake(dies_at=2)
    texts = SingleTexts(fake.providers())
    one(texts, "Ada.")
    with pytest.raises(EngineError, match="the engine died"):
        one(texts, "Ada.")
    assert (one(texts, "Ada.").status, fake.loaded) == ("ok", 2)


def test_a_mistake_with_a_single_text_is_a_user_error() -> None:
    with pytest.raises(api.UserError, match="no such signal"):
        one(SingleTexts(Fake().providers()), "Ada.", mode="auto", escalate=["tired"])


def test_a_type_checker_knows_every_field_of_a_job() -> None:
    typed, fields = get_type_hints(JobFields), dict(Job.model_fields)
    for name in ("inputs", "schema_", "out", "log_format"):
        del fields[name]
    wider: dict[object, object] = {list[str]: Sequence[str], Path | None: str | Path | None}
    assert typed == {name: wider.get(field.annotation, field.annotation) for name, field in fields.items()}


@pytest.mark.engine
def test_the_real_model_through_the_door(tiny: Path, tmp_path: Path) -> None:
    code = """
import sys
from extractor import api
small = {"max_answer_tokens": 32, "attempts": 1, "context": 8192, "examples": "none"}
engine = {"kv_cache_memory_bytes": 268435456, "dtype": "float32"}
done = api.run("d.jsonl", "news", "out", model=sys.argv[1], engine_arg=engine, **small)
assert done.code in (0, 4) and done.status.settled == 3 == api.read("out")["documents"].num_rows, done
for text in ("Ada wrote.", "Charles wrote back."):
    answer = api.extract_one(text, "news", sys.argv[1], engine_arg=engine, **small)
    assert (answer.record is None) == (answer.status == "quarantined") == (answer.problem is not None), answer
    assert [row["mode"] for row in answer.rows["completions"]] == ["no_think"]
api.close()
"""
    documents(tmp_path / "d.jsonl", 3)
    command = [sys.executable, "-c", code, str(tiny)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
