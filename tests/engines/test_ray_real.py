"""Actors of Ray with the real vLLM: a run that is killed leaves nothing behind, and another goes on."""

import os
import subprocess
import time
from pathlib import Path

import pytest
from shop import rows, some
from test_replicas_real import COUNT, MARK, command, marked, words

pytest.importorskip("ray")
pytestmark = pytest.mark.engine


def test_none_outlives_a_killed_run_which_goes_on(tmp_path: Path, tiny: Path) -> None:
    asked, mark = words(tmp_path, tiny) | {"engine": "ray", "part_documents": 4}, tmp_path.name + str(os.getpid())
    environment = os.environ | {MARK: mark, "OMP_NUM_THREADS": "1"}
    environment.pop("RAY_ADDRESS", None)
    nothing = subprocess.DEVNULL
    parent = subprocess.Popen(command(asked), env=environment, stdout=nothing, stderr=nothing)
    while not list((tmp_path / "out").glob("documents/part-*")):
        assert parent.poll() is None
        time.sleep(0.1)
    parent.kill()
    parent.wait()
    settled, ends = len(rows(tmp_path / "out")), time.monotonic() + 15
    while marked(mark) and time.monotonic() < ends:
        time.sleep(0.1)
    assert not marked(mark), "nor has the cluster"
    done = subprocess.run(command(asked | {"replicas": 1}), env=environment, capture_output=True, text=True)
    assert done.returncode in (0, 4), done.stderr
    found = [row["doc_id"] for row in rows(tmp_path / "out")]
    assert sorted(found) == sorted(id for id, _ in some(COUNT)) and settled > 0
    assert not marked(mark)
