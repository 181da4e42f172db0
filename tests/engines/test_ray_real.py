"""Actors of Ray with the real vLLM: a run that is killed leaves nothing behind, and another goes on."""

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from shop import rows, some
from test_replicas_real import COUNT, MARK, command, marked, words

pytest.importorskip("ray")
pytestmark = pytest.mark.engine
AGENTS = ("ray::DashboardAgent", "ray::RuntimeEnvAgent", "dashboard/agent.py", "runtime_env/agent/main.py")


def _at_work(asked: dict[str, Any], environment: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    """A run that has settled something; another where Ray, which has 30 s for it, did not start on a busy machine."""
    for _ in range(3):
        with (folder / "said").open("wb") as said:
            parent = subprocess.Popen(command(asked), env=environment, stdout=subprocess.DEVNULL, stderr=said)
        while parent.poll() is None and not list((folder / "out").glob("documents/part-*")):
            time.sleep(0.1)
        if parent.poll() is None:
            return parent
        told = (folder / "said").read_text()
        assert "Ray could not start here" in told, told
    pytest.skip("Ray does not start on this machine")


def _left(mark: str) -> list[str]:
    """What is left of a run, in words, less Ray's agents: they try for a minute to tell the head of the cluster, which
    is gone, why they go."""
    told = []
    for process in marked(mark):
        with suppress(OSError):
            said = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            told.append(f"{process} {said.strip()[:300]}")
    return [one for one in told if not any(agent in one for agent in AGENTS)]


def test_none_outlives_a_killed_run_which_goes_on(tmp_path: Path, tiny: Path) -> None:
    asked, mark = words(tmp_path, tiny) | {"engine": "ray", "part_documents": 4}, tmp_path.name + str(os.getpid())
    environment = os.environ | {MARK: mark, "OMP_NUM_THREADS": "1"}
    environment.pop("RAY_ADDRESS", None)
    parent = _at_work(asked, environment, tmp_path)
    parent.kill()
    parent.wait()
    settled, ends = len(rows(tmp_path / "out")), time.monotonic() + 60
    while _left(mark) and time.monotonic() < ends:
        time.sleep(0.1)
    assert not _left(mark), "nor has the cluster"
    done = subprocess.run(command(asked | {"replicas": 1}), env=environment, capture_output=True, text=True)
    assert done.returncode in (0, 4), done.stderr
    found = [row["doc_id"] for row in rows(tmp_path / "out")]
    assert sorted(found) == sorted(id for id, _ in some(COUNT)) and settled > 0
    assert not _left(mark)
