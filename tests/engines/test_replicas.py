"""Workers in processes of their own as one engine: each may die, and only what it held is asked again."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pool_workers
import pytest
from fakes import a_request
from pool_workers import ECHO, HANG, POISON, Maker, ends_at_once, pids, pool_of

from extractor.engines.base import Engine, Telling
from extractor.engines.loop import serve
from extractor.engines.pool.engine import PoolEngine
from extractor.engines.pool.machine import devices_each, groups
from extractor.errors import EngineError, UserError
from extractor.types import Completion, Document, Request

pytestmark = pytest.mark.slow


def requests(count: int, poisons: tuple[int, ...] = (), token: int = POISON) -> list[Request]:
    return [a_request(Document(f"d{n}", "text", ""), [token if n in poisons else 1, n]) for n in range(count)]


def answers(engine: Engine, asked: list[Request], at: int = -1, then: Callable[[], object] = bool) -> list[Completion]:
    """All that comes back; after so many, something happens."""
    source, came = iter(asked), list[Completion]()
    for some in serve(engine, lambda: next(source, None)):
        before = len(came)
        came += some
        if before < at <= len(came):
            then()
    return came


def assert_each_once(came: list[Completion], asked: list[Request]) -> None:
    """Each is answered, once, and comes back as it was asked."""
    assert Counter(one.request.document.id for one in came) == Counter(one.document.id for one in asked)
    by_id = {one.document.id: one for one in asked}
    assert all(one.request is by_id[one.request.document.id] for one in came)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[PoolEngine]:
    pool = pool_of(tmp_path, [Maker()] * 2)
    yield pool
    pool.close()


def test_the_load_is_shared(two: PoolEngine) -> None:
    both, asked = pids(two, 2), requests(200)
    came = answers(two, asked)
    assert_each_once(came, asked)
    shares = Counter(int(one.text) for one in came)
    assert set(shares) == set(both) and min(shares.values()) > 50


def test_a_worker_is_sent_what_decides_the_answer_and_no_text(two: PoolEngine) -> None:
    asked = a_request(Document("d", "a long text", "in:1", kept={"a": "kept"}), [ECHO, 5], messages=({"role": "x"},))
    (came,) = answers(two, [asked])
    assert came.request is asked
    assert came.text == repr(a_request(Document("d", "", ""), [ECHO, 5]))


def test_a_killed_worker_costs_what_it_held(two: PoolEngine) -> None:
    victim, asked = pids(two, 2)[0], requests(300)
    came = answers(two, asked, 100, lambda: os.kill(victim, signal.SIGKILL))
    assert_each_once(came, asked)
    assert all(one.finish == "stop" for one in came)
    news = two.news()
    assert news[0] in [f"replica 1 died (was killed by signal 9); {n} requests are asked again" for n in range(1, 9)]
    while "replica 1 is back" not in news:
        assert two.poll(0.1) == []
        news += two.news()
    assert victim not in pids(two, 2), "another process took its place"


def test_a_request_that_ends_workers_is_found_and_takes_none_along(two: PoolEngine) -> None:
    asked = requests(150, poisons=(40, 41, 149))
    came = answers(two, asked)
    assert_each_once(came, asked)
    lost = {one.request.document.id: one.error for one in came if one.finish == "error"}
    assert set(lost) == {"d40", "d41", "d149"}
    assert set(lost.values()) == {"lost with 3 workers: ended with 9"}


def test_a_worker_that_hangs_is_found_beside_one_that_does_not(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, [Maker()] * 2, patience=1.0)
    asked = requests(30, poisons=(3,), token=HANG)
    came = answers(pool, asked)
    pool.close()
    assert_each_once(came, asked)
    assert [one.request.document.id for one in came if one.finish == "error"] == ["d3"]
    assert "hangs: nothing came of it for 1 s" in pool.news()[0]


def test_while_workers_load_the_engine_shows_that_it_lives(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, [Maker(), Maker(load=3.0)])
    steps = [pool.steps for _ in range(5) if pool.poll(0.05) == []]
    assert steps == sorted(set(steps))
    assert len(answers(pool, requests(20))) == 20, "one is enough to begin with"
    assert len(pids(pool, 2)) == 2
    pool.close()


def test_where_the_only_worker_died_there_is_room_again_once_it_is_back(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, [Maker(load=0.5)])
    (victim,) = pids(pool, 1)
    os.kill(victim, signal.SIGKILL)
    while not (news := pool.news()):
        pool.poll(0.1)
    assert news == ["replica 1 died (was killed by signal 9)"] and pool.room == 1
    asked = requests(20)
    assert_each_once(answers(pool, asked), asked)
    assert pool.news() == ["replica 1 is back"]
    pool.close()


def test_one_that_cannot_start_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, [Maker(fails="too small: take more"), Maker(load=0.5)])
    assert len(answers(pool, requests(10))) == 10
    assert isinstance(pool, Telling)
    assert pool.news() == ["replica 1 died (too small: take more); it is given up"]
    pool.close()


def test_where_none_can_start_the_cure_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^too small: take more$"):
        pool_of(tmp_path, [Maker(fails="too small: take more")] * 2)


def test_workers_that_die_of_nothing_are_given_up(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="the engine died: ended with 3"):
        pool_of(tmp_path, [ends_at_once])


def test_no_process_outlives_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = [sys.executable, pool_workers.__file__, str(tmp_path)]
    parent = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    children = [int(word) for word in parent.stdout.readline().split()]
    assert len(children) == 2
    parent.kill()
    parent.wait()
    ends = time.monotonic() + 30
    while any(map(lives, children)) and time.monotonic() < ends:
        time.sleep(0.05)
    assert not any(map(lives, children))


def lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_each_replica_has_its_own_devices() -> None:
    assert groups(["0", "1", "2", "3", "4"], 2, 2) == ["0,1", "2,3"]
    assert groups(["GPU-a", "MIG-b"], 2, 1) == ["GPU-a", "MIG-b"]
    with pytest.raises(UserError, match=r"--replicas 3 of 2 devices each needs 6 devices, and 0, 1, 2, 3 can be seen"):
        groups(["0", "1", "2", "3"], 3, 2)
    with pytest.raises(
        UserError, match=r"--replicas 2 of 1 devices each needs 2 devices, and none can be seen; lower it"
    ):
        groups([], 2, 1)
    assert devices_each({"tensor_parallel_size": 2, "pipeline_parallel_size": 3}) == 6
    assert devices_each({}) == devices_each({"tensor_parallel_size": "x"}) == 1
