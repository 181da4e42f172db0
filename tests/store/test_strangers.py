"""An output folder is data, whoever made it: nothing of it moves outside, and what is torn costs what it held."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from fakes import Silent, answering, fake_prepared
from shop import GOOD, assert_whole, rows, settle, some, write
from test_ledger import content, extract
from test_readers import died

from extractor.errors import UserError
from extractor.jobs.retry import asked_again
from extractor.pipeline.session import run
from extractor.store.attempts import FILE, OLD_FILE
from extractor.store.compact import compact
from extractor.store.ledger import faults_of
from extractor.store.parts import parts_of
from extractor.store.repair import repair

pytestmark = pytest.mark.slow

IDS = [f"d{number}" for number in range(9)]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    settle(write(tmp_path / "in.jsonl", some(9)), tmp_path / "out")
    (tmp_path / "victim").write_text("precious")
    return tmp_path / "out"


def with_journal(out: Path, journal: Any) -> None:
    (out / ".staging").mkdir(exist_ok=True)
    text = journal if isinstance(journal, str) else json.dumps(journal)
    (out / ".staging" / "journal.json").write_text(text)


def drop(target: str) -> list[dict[str, str | None]]:
    return [{"target": target, "staged": None}]


BAD = ["", "{", "[1]", '"x"', "{}", "[{}]", "\udcff", '[{"target": 1, "staged": null}]', "[" * 100_000]
BAD += [json.dumps(drop(name)) for name in ("../victim", "documents/../../victim", "documents", ".", "", "a\0b")]
BAD += [json.dumps([{"target": "documents/part-x.parquet", "staged": "../victim"}])]
BAD += [json.dumps([{"target": "link/victim", "staged": None}]), json.dumps([{"target": "x", "staged": "link/victim"}])]


@pytest.mark.parametrize("journal", [*BAD, "absolute"], ids=range(len(BAD) + 1))
def test_a_journal_that_is_torn_or_moves_files_outside_is_refused_and_repair_does_without(
    tmp_path: Path, out: Path, journal: str
) -> None:
    (out / "link").symlink_to(tmp_path)
    text = json.dumps(drop(str(tmp_path / "victim"))) if journal == "absolute" else journal
    (out / ".staging").mkdir(exist_ok=True)
    (out / ".staging" / "journal.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    before = {table: content(out / table) for table in ("documents", "entities")}
    for words in (["status", out], ["compact", out], ["retry", out], ["report", out, "--out", tmp_path / "page.html"]):
        code, said, error = extract(*words)
        assert (code, said) == (1, "") and f"extract repair {out}" in error and error.count("\n") == 1
    with pytest.raises(UserError, match="extract repair"):
        settle(tmp_path / "in.jsonl", out)
    assert extract("repair", out, "--dry-run")[0] == 0
    assert {table: content(out / table) for table in ("documents", "entities")} == before
    assert extract("repair", out)[0] == 0
    assert (tmp_path / "victim").read_text() == "precious" and not (out / ".staging").exists()
    settle(tmp_path / "in.jsonl", out)
    assert_whole(out, IDS)


@pytest.mark.parametrize("armed", ["after-journal", *(f"move:{number}" for number in (1, 4, 9, 14, 20))])
@pytest.mark.parametrize("work", ["compact", "again"])
def test_a_journal_torn_in_the_middle_of_a_commit_loses_no_document(
    tmp_path: Path, out: Path, armed: str, work: str
) -> None:
    def again(out: Path, armed: str) -> None:
        import os

        os.environ["EXTRACTOR_CRASH_AT"] = armed
        settle(write(tmp_path / "in.jsonl", some(9, "saw")), out) if work == "again" else compact(out)

    died(again, out, armed)
    (out / ".staging" / "journal.json").write_text("{")
    done = repair(out)
    assert "the journal of a commit cannot be believed" in done.done[0] and not done.left
    assert faults_of(parts_of(out)) == []
    assert sorted(row["doc_id"] for row in rows(out)) == IDS
    settle(write(tmp_path / "in.jsonl", some(9, "saw")), out)
    assert_whole(out, IDS)


@pytest.mark.parametrize("name", ["entities", "documents", ".staging"])
def test_nothing_is_staged_or_swept_through_a_link(tmp_path: Path, out: Path, name: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "precious").write_text("precious")
    shutil.rmtree(out / name, ignore_errors=True)
    (out / name).symlink_to(tmp_path / "elsewhere")
    for attempt in (lambda: settle(tmp_path / "in.jsonl", out), lambda: compact(out), lambda: repair(out)):
        with pytest.raises(UserError, match="is a link; nothing is written through links"):
            attempt()
    assert [file.name for file in (tmp_path / "elsewhere").iterdir()] == ["precious"]


@pytest.mark.parametrize("name", [FILE, OLD_FILE])
@pytest.mark.parametrize("held", [b"", b"PAR1 torn", b"PAR1\0\0\0\0PAR1"])
def test_torn_attempts_are_set_aside_with_a_warning(tmp_path: Path, out: Path, name: str, held: bytes) -> None:
    (out / FILE).unlink(missing_ok=True)
    (out / name).write_bytes(held)
    watch = Silent()
    prepared = fake_prepared(write(tmp_path / "in.jsonl", some(11)), out)
    tally = run(prepared, lambda _: answering(lambda request: GOOD), watch, bool)
    assert tally.new == 2 and len(watch.warnings) == 1
    assert "could not be read" in watch.warnings[0] and "they are asked again" in watch.warnings[0]
    assert [file.read_bytes() for file in (out / ".dropped").rglob(name)] == [held]
    assert not (out / OLD_FILE).exists()


@pytest.mark.parametrize("manifest", ['{"identity": {}, "last_run": 7, "settings": [], "model": "x", "retries": 3}'])
@pytest.mark.parametrize("last", [7, {"total": "many", "state": "dancing", "pending": [], "seconds": {}}])
def test_a_manifest_of_other_types_is_read_for_what_it_is(out: Path, manifest: str, last: Any) -> None:
    (out / "manifest.json").write_text(json.dumps(json.loads(manifest) | {"last_run": last}))
    code, said, _ = extract("status", out, "--json")
    assert code == 0 and json.loads(said)["ok"] == 9 and json.loads(said)["pending"] is None


def settings(out: Path, **changed: Any) -> None:
    held = json.loads((out / "manifest.json").read_text())
    held["settings"] |= changed
    (out / "manifest.json").write_text(json.dumps(held))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"schema": "shop.models:News"}, "--schema shop.models:News"),
        (
            {"engine_arg": {"worker_cls": "evil.Worker", "seed": 1}},
            "--engine-arg worker_cls=evil.Worker --engine-arg seed=1",
        ),
        ({"engine_arg": {"hf_overrides": {"a": 1}}}, "--engine-arg 'hf_overrides={\"a\": 1}'"),
        ({"engine_arg": {"trust_remote_code": True}}, "--engine-arg trust_remote_code=true"),
        ({"engine_arg": {"load_format": "tensorizer"}}, "--engine-arg load_format=tensorizer"),
        (
            {"engine_arg": {"distributed_executor_backend": "evil.It"}},
            "--engine-arg distributed_executor_backend=evil.It",
        ),
        ({"engine_arg": {"logits_processors": ["evil:It"]}}, "--engine-arg 'logits_processors=[\"evil:It\"]'"),
        ({"engine_arg": {"of_a_later_vllm": "x"}}, "--engine-arg of_a_later_vllm=x"),
        ({"model": "OUT/model"}, "--model OUT/model"),
        ({"model": "CODE"}, "--model CODE"),
        ({"url": ["http://a", "http://b"], "key_env": "KEY"}, "--url http://a --url http://b --key-env KEY"),
        ({"engine": "ray", "address": "h:6379"}, "--address h:6379"),
    ],
)
def test_a_retry_runs_no_code_that_only_the_folder_names(tmp_path: Path, out: Path, changed: Any, says: str) -> None:
    (out / "model").mkdir()
    (code := tmp_path / "code").mkdir()
    (code / "modeling.py").write_text("")
    names = {"OUT": str(out), "CODE": str(code)}
    for name, path in names.items():
        changed, says = json.loads(json.dumps(changed).replace(name, path)), says.replace(name, path)
    settings(out, **changed)
    what = "servers to send to" if {"url", "address"} & {*changed} else "code to run"
    with pytest.raises(UserError, match=f"names {what}, and a folder is data") as refused:
        asked_again(out, {})
    assert str(refused.value).endswith(f"extract retry {out} {says}")
    said = {{"schema": "schema_"}.get(name, name): value for name, value in changed.items()}
    assert asked_again(out, said).job.out == out  # the person has said it


HARMLESS = {
    "max_num_seqs": 8,
    "enforce_eager": True,
    "trust_remote_code": False,
    "cudagraph_capture_sizes": [1, 2],
    "dtype": "half",
    "kv_cache_dtype": "fp8",
    "quantization": "awq",
    "load_format": "safetensors",
    "distributed_executor_backend": "mp",
}


@pytest.mark.parametrize("changed", [{"model": "Qwen/Qwen3-8B"}, {"engine_arg": HARMLESS}, {"on_finish": "touch evil"}])
def test_what_is_harmless_is_taken_from_the_folder(tmp_path: Path, out: Path, changed: Any) -> None:
    settings(out, **changed)
    job = asked_again(out, {}).job
    assert job.on_finish is None and job.engine_arg == changed.get("engine_arg", {})


def test_a_model_folder_of_weights_is_harmless(tmp_path: Path, out: Path) -> None:
    (weights := tmp_path / "weights").mkdir()
    (weights / "model.safetensors").write_bytes(b"")
    settings(out, model=str(weights))
    assert asked_again(out, {}).job.model == str(weights)
