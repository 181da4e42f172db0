"""`extract bench` on the real vLLM with the tiny model: the same work in each arm, and figures that agree."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fakes import engine_alone

from extractor.engines.vllm import VllmEngine
from extractor.jobs.job import make_job
from extractor.jobs.prepare import Prepared, prepare
from extractor.types import Document, Request

pytestmark = pytest.mark.engine
SAMPLE = Path(__file__).parents[2] / "data" / "sample.jsonl"
WORDS = ["--schema", "news", "--examples", "none", "--max-answer-tokens", "32", "--attempts", "1"]
ENGINE = ["--engine-arg", "kv_cache_memory_bytes=268435456", "--engine-arg", "dtype=float32"]
ENGINE += ["--engine-arg", "max_num_seqs=2"]


def bench(tiny: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from extractor.cli import main; main()", "bench", str(SAMPLE), *words]
    command += ["--model", str(tiny), *WORDS, *ENGINE]
    given = os.environ | {"TMPDIR": str(folder)}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=given)


@pytest.mark.parametrize("mode", ["no_think", "think"])
def test_every_arm_does_the_same_work(tiny: Path, tmp_path: Path, mode: str) -> None:
    page, folder = tmp_path / "page.html", tmp_path / "temporary"
    folder.mkdir()
    words = ["--report", str(page), *(["--mode", mode, "--thinking-budget", "16"] if mode == "think" else [])]
    done = bench(tiny, folder, "--documents", "4", "--rounds", "2", "--json", *words)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert (found["documents"], found["rounds"], found["seats"], found["mode"]) == (4, 2, 2, mode)
    ways = [(one["round"], one["arm"]) for one in found["measured"]]
    assert ways == [(1, "raw"), (1, "run"), (1, "chat"), (2, "run"), (2, "chat"), (2, "raw")]
    for one in found["measured"]:
        assert one["documents"] == 4 and one["requests"] == (8 if mode == "think" else 4)
        assert one["documents_per_second"] == pytest.approx(4 / one["seconds"])
        assert one["output_tokens_per_second"] == pytest.approx(one["output_tokens"] / one["seconds"])
        assert one["processor_seconds"] > 0
        assert 0 <= one["idle"] <= 1 and 0 <= one["tail_cost"] <= 1 and 0 <= one["prefix_cache_hits"] < 1
        assert 0 < one["tail_seconds"] <= one["seconds"] and one["peak_memory"] > 10**8
    if mode == "no_think":
        assert len({one["prompt_tokens"] for one in found["measured"]}) == 1
        hits = [one["prefix_cache_hits"] for one in found["measured"]]
        assert max(hits) - min(hits) < 0.2  # no arm finds what another has left
    ratios = {(one["of"], one["to"], one["by"]): one for one in found["verdict"]["ratios"]}
    rates = {(one["round"], one["arm"]): one["documents_per_second"] for one in found["measured"]}
    each = sorted(rates[n, "run"] / rates[n, "raw"] for n in (1, 2))
    assert ratios["run", "raw", "documents"]["least"] == pytest.approx(each[0])
    assert ratios["run", "raw", "documents"]["most"] == pytest.approx(each[1])
    assert found["verdict"]["sentence"].startswith("extract run does ")
    assert found["verdict"]["sentence"] in page.read_text() and list(folder.iterdir()) == []


def test_the_table_the_sentence_and_the_progress(tiny: Path, tmp_path: Path) -> None:
    done = bench(tiny, tmp_path, "--documents", "2", "--rounds", "1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("extract run does ") and "run / raw" in done.stdout
    assert "prefix cache hits" in done.stdout and "the engine has 2 seats" in done.stderr
    assert "extract: warming up, run: " in done.stderr and "extract: round 1, chat: " in done.stderr


def test_what_cannot_be_measured_is_one_line(tiny: Path, tmp_path: Path) -> None:
    done = bench(tiny, tmp_path, "--context", "256")
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "no document fits" in done.stderr
    assert list(tmp_path.iterdir()) == []


def greedy(tiny: Path, folder: Path) -> Prepared:
    words = {"inputs": [str(SAMPLE)], "schema": "news", "out": folder, "model": str(tiny), "examples": "none"}
    more = {"max_answer_tokens": 16, "context": 8192, "sampling": {"temperature": 0.0}}
    return prepare(make_job(words | more), frozenset(words))


def test_raw_calls_answer_as_the_engine_does(vllm_engine: VllmEngine, tiny: Path, tmp_path: Path) -> None:
    prepared = greedy(tiny, tmp_path)
    texts = ["Ada met Charles.", "王小明在北京。", "Nothing <think> here."]
    asked = [prepared.builder.first(Document(str(n), text, "in:1")) for n, text in enumerate(texts)]
    requests = [one for one in asked if isinstance(one, Request)]
    ours = {one.request.document.id: one for one in engine_alone(vllm_engine, requests)}
    form = prepared.chat.form("no_think")
    messages = [form.shaped(list(request.messages)) for request in requests]
    raw = vllm_engine.raw
    for came in (raw.generate(requests), raw.chat(requests, messages, form.switch)):
        for request, one in zip(requests, came, strict=True):
            same = ours[request.document.id]
            assert one.completion.request is request and one.queued <= one.ended
            assert (one.completion.tokens, one.completion.prompt_tokens) == (same.tokens, len(request.prompt))
    raw.forget()
    (again,) = raw.generate(requests[:1])
    assert again.completion.cached_tokens == 0 and raw.in_process and raw.seats == 8
