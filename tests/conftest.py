"""Shared by all tests: the tiny model, made once, and the real vLLM on it, loaded once."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tiny import make_tiny

from extractor.engines.startup import VllmSettings
from extractor.engines.vllm import VllmEngine

signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job comes with it switched off,
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # and one under nohup with this

# The same examples each time, so that a change is judged by what it changed; `make fuzz` looks for new ones.
settings.register_profile("slow machine", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("slow machine")


# Where slow tests send signals by the clock, start several engines, or look at the machine
ALONE = (
    "bench/",
    "crash/",
    "engines/test_ray_real.py",
    "engines/test_replicas_real.py",
    "system/",
    "jobs/test_ends.py",
    "store/test_paused.py",
)


def pytest_configure() -> None:
    """Each of several workers keeps to a core of its own, with whatever it starts: engines take all that they see."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(worker.removeprefix("gw")) % len(cores)]})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever uses the real vLLM bears its marker, and what wants the machine for itself."""
    for item in items:
        if "vllm_engine" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.engine)
        is_slow = item.get_closest_marker("slow") or item.get_closest_marker("engine")
        if is_slow and item.path.relative_to(Path(__file__).parent).as_posix().startswith(ALONE):
            item.add_marker(pytest.mark.alone)


SMALL = {"kv_cache_memory_bytes": 256 << 20, "max_num_seqs": 8, "dtype": "float32"}


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tiny hybrid model."""
    return make_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def vllm_engine(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmEngine]:
    """The real vLLM with the tiny model."""
    log = tmp_path_factory.mktemp("vllm") / "engine.log"
    os.environ["OMP_NUM_THREADS"] = "1"  # the tiny model gains nothing from a second thread
    engine = VllmEngine(VllmSettings(str(tiny), None, context=8192, seed=0, log=log, given=SMALL))
    yield engine
    engine.close()
