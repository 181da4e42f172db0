"""A file to be written is never one that is read, nor one of an output's own; and an output lies on a disk."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest
from programs import PLAIN, documents, ran
from test_cli_words import said

from extractor.tasks import shipped


def digests(folder: Path) -> dict[str, str]:
    """Every file below the folder, and what is in it."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one of everything: inputs, schema, prompt, examples, gold, a job file, an output."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    documents(tmp_path / "in" / "d.jsonl", 2)
    documents(tmp_path / "d.jsonl", 2)
    (tmp_path / "link.jsonl").symlink_to("d.jsonl")
    os.link(tmp_path / "d.jsonl", tmp_path / "hard.jsonl")
    for suffix, folder in ((".json", "schemas"), (".md", "prompts")):
        shutil.copy(shipped.find("news" if suffix == ".json" else "default", folder, suffix) or "", f"news{suffix}")
    (tmp_path / "news.examples.jsonl").write_text("")
    gold = '{"doc_id": "d0", "entities": [{"name": "ferry"}]}\n'
    (tmp_path / "gold.jsonl").write_text(gold)
    (tmp_path / "labels.json").write_text("{}")
    assert ran("run", "d.jsonl", "--schema", "news", "--out", "old", *PLAIN, "--quiet")[0] == 0
    return tmp_path


RUN = ["run", "d.jsonl", "--schema", "news.json", "--prompt", "news.md", "--out", "out", "--context", "100000"]
TAKEN = [
    *("d.jsonl", "./d.jsonl", "link.jsonl", "hard.jsonl", "news.json", "news.md", "news.examples.jsonl"),
    *("out/documents/m.prom", "out/manifest.json", "out/.lock", "old/documents/m.prom", "old/manifest.json"),
    *(".", "old/documents/..", "s3://bucket/m.prom", ""),
]


@pytest.mark.slow
@pytest.mark.parametrize("metrics", TAKEN)
def test_metrics_over_what_is_read_are_refused_before_a_model_is_loaded(here: Path, metrics: str) -> None:
    before = digests(here)
    code, out, err = ran(*RUN, "--metrics", metrics)
    assert (code, out) == (1, "")  # a model that is loaded says so
    assert err.startswith(f"extract: --metrics {metrics.removeprefix('./')}") and err.count("\n") == 1
    assert digests(here) == before


@pytest.mark.parametrize("metrics", ["in/new.jsonl", "in/d.jsonl", "in/deep/new.parquet"])
def test_metrics_that_would_be_read_the_next_night_are_refused(here: Path, metrics: str) -> None:
    code, _, err = ran("run", "in", "--schema", "news", "--out", "out", *PLAIN, "--metrics", metrics)
    assert code == 1 and "is an INPUT, which would be written over" in err


def test_metrics_over_the_job_file_are_refused(here: Path) -> None:
    words = 'inputs = "d.jsonl"\nschema = "news"\nengine = "replay"\nfrom = "old"\nout = "new"\n'
    (here / "night.toml").write_text(words)
    code, _, err = said("job", "check", "night.toml", "--metrics", "night.toml")
    assert (code, err.splitlines()[0][:62]) == (1, "extract: --metrics night.toml is the job file, which would be ")
    assert (here / "night.toml").read_text() == words


@pytest.mark.slow
@pytest.mark.parametrize("metrics", ["in/m.prom", "old/m.prom", "m.prom", "deep/er/m.prom"])
def test_metrics_elsewhere_are_written(here: Path, metrics: str) -> None:
    words = ["run", "in", "--schema", "news", "--out", "out", *PLAIN, "--quiet"]
    assert ran(*words, "--metrics", metrics)[0] == 0
    assert "extractor_run_exit_code" in Path(metrics).read_text()


EVALUATIONS = [
    (["evaluate", "old", "--gold", "gold.jsonl"], "--report"),
    (["evaluate", "old", "--gold", "gold.jsonl"], "--parquet"),
    (["compare", "old", "other", "--gold", "gold.jsonl"], "--report"),
    (["compare", "old", "other", "--gold", "gold.jsonl"], "--parquet"),
    (["report", "old", "--gold", "gold.jsonl"], "--out"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("words", "flag"), EVALUATIONS, ids=lambda one: one if isinstance(one, str) else one[0])
@pytest.mark.parametrize(
    "target", ["gold.jsonl", "labels.json", "d.jsonl", "old/entities/x", "old/manifest.json", "old", "gs://b/x", ""]
)
def test_results_over_what_is_read_are_refused(here: Path, words: list[str], flag: str, target: str) -> None:
    shutil.copytree("old", "other")
    before = digests(here)
    code, out, err = said(*words, flag, target)
    assert (code, out) == (1, "")
    assert err.startswith(f"extract: {flag} {target}") and err.count("\n") == 1
    assert digests(here) == before


def test_two_results_in_one_file_are_refused(here: Path) -> None:
    code, _, err = said("evaluate", "old", "--gold", "gold.jsonl", "--report", "x.html", "--parquet", "./x.html")
    assert code == 1 and "extract: --report x.html is --parquet" in err


def test_a_place_that_cannot_be_written_is_a_line(here: Path) -> None:
    code, _, err = said("report", "old", "--out", "d.jsonl/page.html")
    assert (code, err) == (1, "extract: --out d.jsonl/page.html: File exists; choose another place\n")


OUTS = ["s3://bucket/x", "gs://bucket/x", "hdfs:/x", "hf://datasets/x", "file:///x", "https://host/x", ""]


@pytest.mark.slow
@pytest.mark.parametrize("out", OUTS)
def test_an_output_that_is_no_folder_here_is_refused_before_anything_is_read(here: Path, out: str) -> None:
    before = digests(here)
    for words in (["run", "absent.jsonl"], ["check", "absent.jsonl"], ["show", "absent.jsonl", "--doc-id", "d0"]):
        code, printed, err = said(*words, "--schema", "news", "--out", out)
        assert (code, printed) == (1, "")
        assert err.startswith(f"extract: --out {out}: it is ") and err.count("\n") == 1
    (here / "job.toml").write_text(f"inputs = 'absent.jsonl'\nschema = 'news'\nout = {json.dumps(out)}\n")
    code, _, err = said("job", "check", "job.toml")
    assert code == 1 and f"job.toml: out {out}: it is " in err
    code, _, err = said("compare", "--run", "think,no_think", "absent.jsonl", "--schema", "news", "--out", out)
    assert code == 1 and err.startswith(f"extract: --out {out}: it is ")
    (here / "job.toml").unlink()
    assert digests(here) == before
