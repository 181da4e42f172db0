"""The lock: live runs keep others out, dead ones do not."""

import json
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from extractor.errors import Locked, UserError
from extractor.store.lock import FILE, locked


def leave(out: Path, age: float = 0.0, **changed: Any) -> None:
    """A lock as a run leaves it that ends without a word."""
    with locked(out):
        content = json.loads((out / FILE).read_text()) | changed
    (out / FILE).write_text(json.dumps(content))
    then = time.time() - age
    os.utime(out / FILE, (then, then))


def test_it_is_there_within_and_gone_after(tmp_path: Path) -> None:
    with locked(tmp_path / "out"):
        assert (tmp_path / "out" / FILE).exists()
    assert not (tmp_path / "out" / FILE).exists()


def test_a_live_run_keeps_others_out(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(Locked, match=f"process {os.getpid()} on"), locked(tmp_path):
        pass


@pytest.mark.parametrize(
    ("age", "changed"),
    [
        (0, {"pid": 2**22 + 1}),  # no such process
        (0, {"born": "1"}),  # the number was given to another process since
        (200, {"kernel": "another boot"}),
        (200, {"kernel": "another boot", "host": "elsewhere"}),
    ],
)
def test_a_dead_runs_lock_is_taken_over(tmp_path: Path, age: float, changed: dict[str, Any]) -> None:
    leave(tmp_path, age, **changed)
    with locked(tmp_path):
        assert json.loads((tmp_path / FILE).read_text())["pid"] == os.getpid()


def test_another_machine_lives_while_its_heart_beats(tmp_path: Path) -> None:
    leave(tmp_path, 10, kernel="another boot", host="elsewhere")
    with pytest.raises(Locked, match="on elsewhere"), locked(tmp_path):
        pass


def test_the_heart_beats(tmp_path: Path) -> None:
    with locked(tmp_path, beat=0.02):
        os.utime(tmp_path / FILE, (1, 1))
        for _ in range(200):
            time.sleep(0.02)
            if (tmp_path / FILE).stat().st_mtime > 1:
                return
    raise AssertionError("no beat in 4 seconds")


@pytest.mark.parametrize("left", ["", "{", "[]", '{"pid": 1}'])
def test_a_torn_lock_is_no_lock(tmp_path: Path, left: str) -> None:
    (tmp_path / FILE).write_text(left)
    with locked(tmp_path):
        pass


def _try(out: Path, start: Any, results: Any) -> None:
    start.wait()
    try:
        with locked(out):
            results.put("in")
            time.sleep(0.5)
    except Locked:
        results.put("out")


def test_of_many_takers_at_once_one_gets_it(tmp_path: Path) -> None:
    leave(tmp_path, pid=2**22 + 1)  # stale, so that all of them want to take it over
    context = multiprocessing.get_context("fork")
    start, results = context.Event(), context.Queue()
    takers = [context.Process(target=_try, args=(tmp_path, start, results)) for _ in range(8)]
    for taker in takers:
        taker.start()
    start.set()
    said = sorted(results.get(timeout=20) for _ in takers)
    for taker in takers:
        taker.join()
    assert said == ["in"] + ["out"] * 7


def test_a_folder_that_cannot_be_made_is_the_users_to_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"), locked(tmp_path / "file" / "out"):
        pass


def test_a_dead_process_that_its_parent_has_not_taken_note_of_holds_nothing(tmp_path: Path) -> None:
    code = "import sys, time, pathlib\nfrom extractor.store.lock import locked\n"
    code += "with locked(pathlib.Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
    with pytest.raises(Locked), locked(tmp_path):
        pass
    holder.kill()
    os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)  # it is over, and a zombie
    with locked(tmp_path):
        pass
    holder.wait()


def test_a_folder_that_is_given_back_in_time_is_waited_for(tmp_path: Path) -> None:
    first = ExitStack()
    first.enter_context(locked(tmp_path))
    threading.Timer(0.5, first.close).start()
    with locked(tmp_path, patience=20):
        pass
