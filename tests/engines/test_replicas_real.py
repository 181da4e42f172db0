"""Replicas of the real vLLM: one may be killed, none is left over, and a run goes on with another number of them."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import Silent, answering
from pool_workers import pids
from shop import GOOD, rows, some, write
from test_contract import (
    test_each_request_is_answered_once,
    test_it_shows_that_it_lives,
    test_its_room_shrinks_with_what_it_holds_and_comes_back,
    test_log_probabilities_come_where_they_are_asked_for,
    test_nothing_asked_nothing_answered,
)

from extractor.engines.pool.engine import PoolEngine
from extractor.errors import UserError
from extractor.jobs.engines import make_engine, prepared_for_engine
from extractor.jobs.file import GivenJob
from extractor.jobs.job import flag_of, make_job
from extractor.jobs.prepare import Prepared
from extractor.pipeline.session import run
from extractor.types import Settlement

pytestmark = pytest.mark.engine
CONTRACT = (
    test_each_request_is_answered_once,
    test_nothing_asked_nothing_answered,
    test_its_room_shrinks_with_what_it_holds_and_comes_back,
    test_it_shows_that_it_lives,
    test_log_probabilities_come_where_they_are_asked_for,
)  # collected here too, with the engine below
COUNT = 80
ENGINE = {"kv_cache_memory_bytes": 256 << 20, "max_num_seqs": 8, "dtype": "float32"}
MARK = "EXTRACTOR_REPLICAS_TEST"


def words(folder: Path, tiny: Path) -> dict[str, Any]:
    source = write(folder / "in.jsonl", some(COUNT))
    asked = {"inputs": [str(source)], "schema": "news", "out": folder / "out", "examples": "none", "context": 8192}
    return asked | {"model": str(tiny), "max_answer_tokens": 64, "attempts": 1, "replicas": 2, "engine_arg": ENGINE}


class Killing(Silent):
    """Kills a process when so many are settled."""

    def __init__(self, victim: int) -> None:
        super().__init__()
        self._victim = victim

    def settled(self, settlement: Settlement) -> None:
        super().settled(settlement)
        if len(self.settlements) == COUNT // 3:
            os.kill(self._victim, signal.SIGKILL)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Prepared:
    """A job for two replicas."""
    asked = words(tmp_path_factory.mktemp("replicas"), tiny) | {"mode": "think", "thinking_budget": 30}
    return prepared_for_engine(GivenJob(make_job(asked), {}))


@pytest.fixture(scope="module")
def engine(prepared: Prepared) -> Iterator[PoolEngine]:
    """Both, ready; the tests of the contract above and those below share them."""
    made = make_engine(prepared)
    assert isinstance(made, PoolEngine)
    pids(made, 2)
    yield made
    made.close()


def test_a_replica_is_killed_and_nothing_is_lost(prepared: Prepared, engine: PoolEngine) -> None:
    watch, out = Killing(pids(engine, 2)[0]), prepared.job.out
    tally = run(prepared, lambda _: engine, watch, bool)
    assert (tally.new, tally.problems["engine"]) == (COUNT, 0)
    assert sorted(row["doc_id"] for row in rows(out)) == sorted(id for id, _ in some(COUNT))
    assert any(line.startswith("replica 1 died (was killed by signal 9); ") for line in watch.warnings)
    held = json.loads((out / "manifest.json").read_text())
    assert {facts["name"] for facts in held["last_run"]["servers"]} == {"replica 1", "replica 2"}
    assert {path.name for path in out.glob("engine-*.log")} == {"engine-1.log", "engine-2.log"}
    assert not multiprocessing.active_children()


def test_a_start_that_fails_tells_the_cure(tmp_path: Path, tiny: Path) -> None:
    asked = words(tmp_path, tiny) | {"engine_arg": ENGINE | {"kv_cache_memory_bytes": 4096}}
    with pytest.raises(UserError, match=r"--engine-arg kv_cache_memory_bytes=BYTES"):
        run(prepared_for_engine(GivenJob(make_job(asked), {})), make_engine, Silent(), bool)
    ends = time.monotonic() + 60  # that a killed process may take to go
    while multiprocessing.active_children() and time.monotonic() < ends:
        time.sleep(0.1)
    assert not multiprocessing.active_children()


def marked(mark: str) -> set[int]:
    """The processes with this mark in their environment."""
    found = set[int]()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{MARK}={mark}".encode() in environ.read_bytes():
                found.add(int(environ.parent.name))
        except OSError:
            pass
    return found


def test_none_outlives_a_killed_run_which_goes_on_without_replicas(tmp_path: Path, tiny: Path) -> None:
    asked, mark = words(tmp_path, tiny) | {"part_documents": 4}, tmp_path.name + str(os.getpid())
    environment = os.environ | {MARK: mark, "OMP_NUM_THREADS": "1", "VLLM_ENABLE_V1_MULTIPROCESSING": "1"}
    parent = subprocess.Popen(command(asked), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list((tmp_path / "out").glob("documents/part-*")):
        assert parent.poll() is None
        time.sleep(0.1)
    assert len(marked(mark)) >= 5, "two replicas, and an engine core of each"
    parent.kill()
    parent.wait()
    ends = time.monotonic() + 60
    while marked(mark) and time.monotonic() < ends:
        time.sleep(0.1)
    assert not marked(mark)
    settled = len(rows(tmp_path / "out"))
    prepared = prepared_for_engine(GivenJob(make_job(asked | {"replicas": 1}), {}))
    tally = run(prepared, lambda _: answering(lambda request: GOOD), Silent(), bool)
    assert 0 < tally.skipped == settled, "what replicas settled is this job's as well"
    found = [row["doc_id"] for row in rows(tmp_path / "out")]
    assert sorted(found) == sorted(id for id, _ in some(COUNT))


def command(asked: dict[str, Any]) -> list[str]:
    typed = [sys.executable, "-c", "from extractor.cli import main; main()", "run", *asked["inputs"]]
    for name, value in asked.items():
        given = [f"{key}={held}" for key, held in value.items()] if isinstance(value, dict) else [str(value)]
        typed += [word for one in given if name != "inputs" for word in (flag_of(name), one)]
    return typed
