"""Actors of Ray as one engine, on a real cluster of two nodes: killed, their node removed, their request poisonous."""

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pool_workers import Maker, pids
from test_contract import (
    test_each_request_is_answered_once,
    test_it_shows_that_it_lives,
    test_its_room_shrinks_with_what_it_holds_and_comes_back,
    test_log_probabilities_come_where_they_are_asked_for,
    test_nothing_asked_nothing_answered,
)
from test_replicas import answers, assert_each_once, requests

from extractor.engines.pool.cluster import DEFAULTS, RayEngine, RaySettings
from extractor.errors import EngineError, UserError
from extractor.jobs.engines import prepared_for_engine
from extractor.jobs.file import GivenJob
from extractor.jobs.job import make_job

ray: Any = pytest.importorskip("ray")
pytestmark = pytest.mark.slow
CONTRACT = (
    test_each_request_is_answered_once,
    test_nothing_asked_nothing_answered,
    test_its_room_shrinks_with_what_it_holds_and_comes_back,
    test_it_shows_that_it_lives,
    test_log_probabilities_come_where_they_are_asked_for,
)  # collected here too, with the engine below
LEAN = {"include_dashboard": False, "include_log_monitor": False, "no_monitor": True}  # processes that a test needs not
SETTINGS = RaySettings(None, actors=2, gpus=0, patience=60.0)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """One node so far, which has room for two actors."""
    path, os.environ["PYTHONPATH"] = os.environ.get("PYTHONPATH", ""), os.pathsep.join(sys.path)  # the nodes' own
    os.environ |= DEFAULTS
    made = _begun()
    yield made
    ray.shutdown()
    made.shutdown()
    os.environ["PYTHONPATH"] = path


def _begun() -> Any:
    """Python gives Ray 30 s to start, which a busy machine may exceed: that is no fault of ours."""
    from ray.cluster_utils import Cluster

    for _ in range(3):
        try:
            made = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, **LEAN})
            ray.init(made.address, log_to_driver=False)
        except Exception as error:
            why = str(error)
            ray.shutdown()
        else:
            return made
    pytest.skip(f"Ray does not start on this machine: {why.splitlines()[0][:200]}")


@pytest.fixture
def engine(cluster: Any) -> Iterator[RayEngine]:
    """Two actors, both ready."""
    made = RayEngine(Maker(), SETTINGS)
    pids(made, 2)
    yield made
    made.close()


def test_a_killed_actor_costs_what_it_held(engine: RayEngine) -> None:
    victim, asked = pids(engine, 2)[0], requests(300)
    came = answers(engine, asked, 100, lambda: os.kill(victim, signal.SIGKILL))
    assert_each_once(came, asked)
    assert all(one.finish == "stop" for one in came)
    news = engine.news()
    assert news[0].startswith("actor 1 died (")
    assert any(news[0].endswith(f"; {n} requests are asked again") for n in range(1, 9))
    while "actor 1 is back" not in news:
        assert engine.poll(0.1) == []
        news += engine.news()
    assert victim not in pids(engine, 2)


def test_a_request_that_ends_actors_is_found_and_takes_none_along(engine: RayEngine) -> None:
    asked = requests(100, poisons=(40,))
    came = answers(engine, asked)
    assert_each_once(came, asked)
    assert [one.request.document.id for one in came if one.error] == ["d40"]
    assert next(one.error for one in came if one.error).startswith("lost with 3 workers: ")


def test_one_that_cannot_start_tells_its_cure(cluster: Any) -> None:
    with pytest.raises(UserError, match=r"^too small: take more$"):
        RayEngine(Maker(fails="too small: take more"), SETTINGS)


def test_actors_on_a_node_that_is_taken_away_come_back_on_another(cluster: Any) -> None:
    gone = cluster.add_node(num_cpus=2)
    engine = RayEngine(Maker(), RaySettings(None, actors=4, gpus=0, patience=60.0))
    assert len(set(pids(engine, 4))) == 4
    asked = requests(400)
    came = answers(engine, asked, 100, lambda: cluster.remove_node(gone))
    assert_each_once(came, asked)
    assert all(one.finish == "stop" for one in came)
    assert sum("died" in line for line in engine.news()) == 2
    cluster.add_node(num_cpus=2)
    pids(engine, 4)
    news: list[str] = []
    while sum("is back" in line for line in news) < 2:
        assert engine.poll(0.1) == []
        news += engine.news()
    engine.close()


def test_a_cluster_that_runs_is_joined_and_left_alone(cluster: Any) -> None:
    ray.shutdown()
    before = signal.getsignal(signal.SIGTERM)
    engine = RayEngine(Maker(), replace(SETTINGS, address=cluster.address))
    assert signal.getsignal(signal.SIGTERM) == before
    assert len(answers(engine, requests(20))) == 20
    engine.close()
    assert not ray.is_initialized()
    ray.init(cluster.address, log_to_driver=False)


def test_actors_without_a_place_are_told(cluster: Any) -> None:
    with pytest.raises(EngineError, match=r"no worker found a place to run within 2 s \(--engine-timeout\)"):
        RayEngine(Maker(), RaySettings(None, actors=1, gpus=8, patience=2.0))


def test_what_the_command_line_gets_wrong_about_ray_is_a_line() -> None:
    words: dict[str, Any] = {"inputs": ["x"], "schema": "news", "out": "o", "engine": "ray", "address": "ray://h:10001"}
    with pytest.raises(UserError, match=r"--address ray://h:10001: write host:port, or auto on a node of the cluster"):
        prepared_for_engine(GivenJob(make_job(words), {}))
    with pytest.raises(UserError, match=r"--address h:1 belongs to --engine ray: add it, or leave --address out"):
        prepared_for_engine(GivenJob(make_job(words | {"engine": "vllm", "address": "h:1"}), {}))
    with pytest.raises(UserError, match=r"--replicas 2 belongs to --engine vllm: add it, or leave --replicas out"):
        prepared_for_engine(
            GivenJob(make_job(words | {"engine": "endpoint", "url": ["http://a"], "address": None, "replicas": 2}), {})
        )
