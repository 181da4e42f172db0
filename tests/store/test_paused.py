"""A run that is paused until another takes its folder over: it finds out, and writes nothing more."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from shop import assert_whole, found, settle, some, write

from extractor.errors import Locked
from extractor.exits import HELD, OK
from extractor.store.journal import Journal, Move
from extractor.store.ledger import faults_of
from extractor.store.lock import FILE, locked
from extractor.store.parts import parts_of

pytestmark = pytest.mark.slow

JOB = Path(__file__).parent / "slow_job.py"
NAMESPACES = subprocess.run(["unshare", "-p", "-f", "true"], capture_output=True).returncode == 0


def begun(inputs: Path, out: Path, seconds: float, apart: bool = False) -> subprocess.Popen[str]:
    """A run under way, in a pid namespace of its own if `apart`; then its own children are what there is to signal."""
    words = ["unshare", "-p", "-f"] if apart else []
    return subprocess.Popen([*words, sys.executable, JOB, inputs, out, str(seconds)], stderr=subprocess.PIPE, text=True)


def signalled(process: subprocess.Popen[str], number: int) -> None:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for pid in map(int, children or [str(process.pid)]):
        os.kill(pid, number)


def paused(process: subprocess.Popen[str], out: Path) -> None:
    """Stops the run where it does not hold the guard of the lock, for which others would wait."""
    with (out / f"{FILE}.guard").open("rb+") as guard:
        while True:
            signalled(process, signal.SIGSTOP)
            with suppress(OSError):
                fcntl.lockf(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            signalled(process, signal.SIGCONT)
            time.sleep(0.01)


def wait_for(what: Path, pattern: str, count: int) -> None:
    ends = time.monotonic() + 60
    while len(found(what, pattern)) < count:
        assert time.monotonic() < ends, "nothing came"
        time.sleep(0.01)


def no_sign_of_life(out: Path, foreign: bool) -> None:
    """As if three minutes had passed, and where namespaces cannot be had, as if the lock came from another."""
    if foreign:
        (out / FILE).write_text(json.dumps(json.loads((out / FILE).read_text()) | {"kernel": "another"}))
    then = time.time() - 200
    os.utime(out / FILE, (then, then))


@pytest.mark.parametrize(
    "apart", [pytest.param(True, marks=pytest.mark.skipif(not NAMESPACES, reason="no unshare")), False]
)
@pytest.mark.parametrize("ends_first", [True, False])
def test_a_paused_run_that_lost_its_folder_ends_with_six_and_doubles_nothing(
    tmp_path: Path, apart: bool, ends_first: bool
) -> None:
    inputs, out = write(tmp_path / "in.jsonl", some(200)), tmp_path / "out"
    sleeper = begun(inputs, out, 0.005, apart)
    wait_for(out / "documents", "part-*", 2)
    paused(sleeper, out)
    no_sign_of_life(out, foreign=not apart)
    other = begun(inputs, out, 0.005, apart)
    wait_for(out / "documents", "part-*", 5)
    if ends_first:
        assert other.wait(timeout=60) == OK
    signalled(sleeper, signal.SIGCONT)
    said = sleeper.communicate(timeout=60)[1]
    assert sleeper.returncode == HELD, said
    assert "is no longer this run's" in said and said.count("\n") == 1
    assert other.wait(timeout=60) == OK
    assert_whole(out, [f"d{number}" for number in range(200)])
    assert faults_of(parts_of(out)) == []
    assert settle(inputs, out).skipped == 200
    for process in (sleeper, other):
        process.stderr and process.stderr.close()


def test_a_commit_makes_sure_of_the_lock_and_the_heartbeat_renews_no_other(tmp_path: Path) -> None:
    with locked(tmp_path, beat=0.01) as lease:
        journal = Journal(tmp_path, lease.writing)
        journal.commit([Move("nothing")])
        (tmp_path / FILE).write_text(json.dumps({"host": "elsewhere", "pid": 7, "token": "another"}))
        os.utime(tmp_path / FILE, (1, 1))
        with pytest.raises(Locked, match=r"another run took it over \(process 7 on elsewhere\)"):
            journal.commit([Move("kept")])
        time.sleep(0.1)
        assert (tmp_path / FILE).stat().st_mtime == 1
        with pytest.raises(Locked):
            lease.check()
    assert (tmp_path / FILE).exists()


@pytest.mark.parametrize("left", [None, "", "{}"])
def test_a_lock_that_was_taken_away_is_lost_too(tmp_path: Path, left: str | None) -> None:
    with locked(tmp_path) as lease:
        (tmp_path / FILE).unlink()
        if left is not None:
            (tmp_path / FILE).write_text(left)
        with pytest.raises(Locked, match="its lock was taken away"), lease.writing():
            pass


def _stopped_in_a_commit(out: Path) -> int:
    """A process that stops itself in the middle of a commit."""
    if (pid := os.fork()) == 0:
        with locked(out) as lease, lease.writing():
            os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
    os.waitpid(pid, os.WUNTRACED)
    return pid


def test_nobody_takes_a_folder_in_the_middle_of_a_commit(tmp_path: Path) -> None:
    pid = _stopped_in_a_commit(tmp_path)
    no_sign_of_life(tmp_path, foreign=True)
    with pytest.raises(Locked, match="in the middle of a commit"), locked(tmp_path, guard_seconds=0.2):
        pass
    os.kill(pid, signal.SIGCONT)
    os.waitpid(pid, 0)
    with locked(tmp_path):
        pass


@pytest.mark.parametrize("name", [FILE, f"{FILE}.guard"])
def test_nothing_is_written_through_a_link_in_the_lock_s_place(tmp_path: Path, name: str) -> None:
    (victim := tmp_path / "victim").write_text("precious")
    (out := tmp_path / "out").mkdir()
    (out / name).symlink_to(victim)
    try:
        with locked(out):
            pass
    except Exception as error:
        assert "cannot be written" in str(error)
    assert victim.read_text() == "precious"
