"""Real servers on the tiny model: vLLM's own, and llama.cpp's, with harm done between them and us."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf_tiny
import pytest
from fakes import Silent
from gguf_tiny import make_gguf
from servers import FaultyProxy
from shop import rows, some, write

from extractor.errors import UserError
from extractor.jobs.engines import make_engine, prepared_for_engine
from extractor.jobs.file import GivenJob
from extractor.jobs.job import make_job
from extractor.pipeline.session import run
from extractor.progress.tally import Tally

COUNT = 12
SMALL = {"--dtype": "float32", "--kv-cache-memory-bytes": 256 << 20, "--max-num-seqs": 8, "--max-model-len": 8192}
STARTS = 300  # seconds, on a busy machine


@pytest.fixture(scope="module")
def llama(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of llama.cpp's server."""
    pytest.importorskip("xllamacpp")
    file = make_gguf(tiny, tmp_path_factory.mktemp("llama") / "tiny.gguf")
    process = subprocess.Popen(
        [sys.executable, gguf_tiny.__file__, str(file)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout and process.stdin
    yield process.stdout.readline().strip()
    process.stdin.close()
    process.wait(60)


@pytest.fixture(scope="module")
def vllm(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of vLLM's server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [str(word) for pair in SMALL.items() for word in pair]
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(tiny), "--port", str(port)]
    command += ["--host", "127.0.0.1", "--structured-outputs-config", '{"backend": "guidance"}', *words]
    log = tmp_path_factory.mktemp("vllm") / "server.log"
    with log.open("wb") as sink:
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(command, stdout=sink, stderr=sink, env=environment, start_new_session=True)
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + STARTS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=5)
            return
        except OSError:
            time.sleep(1.0)
    raise AssertionError("vLLM's server did not start")


@pytest.fixture(params=[pytest.param("vllm", marks=pytest.mark.engine), pytest.param("llama", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest) -> str:
    """Each real server in turn."""
    found: str = request.getfixturevalue(request.param)
    return found


def settle(folder: Path, tiny: Path, *urls: str, watch: Silent | None = None, **given: Any) -> Tally:
    source = write(folder / "in.jsonl", some(COUNT))
    words = {"inputs": [str(source)], "schema": "news", "out": folder / "out", "examples": "none", "context": 8192}
    words |= {"engine": "endpoint", "url": list(urls), "model": str(tiny), "max_answer_tokens": 64}
    prepared = prepared_for_engine(GivenJob(make_job(words | given), {}))
    return run(prepared, make_engine, watch or Silent(), bool)


def test_a_run_thinks_and_answers_under_the_schema(tmp_path: Path, tiny: Path, url: str) -> None:
    watch = Silent()
    tally = settle(tmp_path, tiny, url, watch=watch, mode="think", thinking_budget=30, confidence=True)
    (facts,) = json.loads((tmp_path / "out" / "manifest.json").read_text())["last_run"]["servers"]
    assert (facts["wire"], facts["holds_to_schema"], watch.warnings) == ("ids", True, [])
    assert (tally.new, tally.problems["unparsable"], tally.problems["invalid"]) == (COUNT, 0, 0)
    held = rows(tmp_path / "out", "completions")
    assert {row["thinking_end"] for row in held} <= {"closed", "budget"} and all(row["thinking_tokens"] for row in held)
    assert all(row["value_logprobs"] for row in held if row["problem"] is None)
    assert all(row["prompt_tokens"] > row["cached_tokens"] >= 0 for row in held)
    assert all((row["answer_seconds"] is not None) == (facts["server"] == "llamacpp") for row in held)


def test_nothing_is_lost_between_a_real_server_and_us(tmp_path: Path, tiny: Path, url: str) -> None:
    lot = random.Random(7)
    faults = ("refuse", "reset", "half", "slow", "429", "500")
    proxy = FaultyProxy(url, lambda n, body: lot.choice(faults) if n > 1 and lot.random() < 0.4 else "")
    tally = settle(tmp_path, tiny, proxy.url, window=4, attempts=1)
    proxy.end()
    assert tally.new == COUNT and sum(proxy.done.values()) >= 4
    assert set(proxy.delivered.values()) == {1}
    assert len(rows(tmp_path / "out")) == COUNT and not tally.problems["engine"]


def test_too_long_for_the_server_is_refused_before_anything_runs(tmp_path: Path, tiny: Path, url: str) -> None:
    with pytest.raises(UserError, match="has a context of 8192 tokens, and the job's is 16000: add --context 8192"):
        settle(tmp_path, tiny, url, context=16000)


def test_a_server_of_each_kind_shares_the_load(tmp_path: Path, tiny: Path, url: str, llama: str) -> None:
    assert settle(tmp_path, tiny, url, llama, window=2).new == COUNT
    held = json.loads((tmp_path / "out" / "manifest.json").read_text())["last_run"]["servers"]
    assert len(held) == len({url, llama}) and len(rows(tmp_path / "out")) == COUNT
