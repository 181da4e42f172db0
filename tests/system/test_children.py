"""Child processes of ours: in sessions of their own, and gone when we are; by every way to start one."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).parent / "family.py"
METHODS = ["spawn", "fork"]


def started(method: str, *words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, str(PROGRAM), method, *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)


def told(parent: "subprocess.Popen[str]") -> list[int]:
    """The numbers of the child and of the grandchild, once both are there."""
    assert parent.stdout
    return [int(parent.stdout.readline()) for _ in range(2)]


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(pids: list[int], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while any(map(lives, pids)) and time.monotonic() < end:
        time.sleep(0.02)
    return not any(map(lives, pids))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_group_is_none_to_the_children(method: str, number: int) -> None:
    parent = started(method, "ignore")
    children = told(parent)
    os.killpg(parent.pid, number)
    time.sleep(0.5)
    assert parent.poll() is None and all(map(lives, children))
    parent.kill()
    assert gone(children)


@pytest.mark.parametrize("method", METHODS)
def test_a_signal_in_the_moment_of_birth_is_none_either(method: str) -> None:
    parent = started(method, "signal-at-birth")
    children = told(parent)
    assert parent.poll() is None and all(map(lives, children))
    parent.kill()
    assert gone(children)


@pytest.mark.parametrize("method", METHODS)
def test_children_and_theirs_die_with_their_parent(method: str) -> None:
    parent = started(method)
    children = told(parent)
    parent.kill()
    assert gone(children)


@pytest.mark.parametrize("method", METHODS)
def test_they_can_be_ended_even_where_the_child_is_dead_and_its_own_are_not(method: str) -> None:
    parent = started(method, "kill")
    children = told(parent)
    os.kill(children[0], signal.SIGKILL)
    assert parent.stdout and parent.stdout.readline() == "child was killed by signal 9\n"
    assert gone(children)
    assert parent.wait(timeout=10) == 0


def shared(pid: int) -> set[Path]:
    """What of /dev/shm this process holds."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return {Path(line.split()[5]) for line in lines if " /dev/shm/" in line}


@pytest.mark.parametrize("to", ["group", "process"])
def test_nothing_is_left_in_shared_memory(to: str) -> None:
    parent = started("spawn")
    children = told(parent)
    held = shared(children[0])
    assert held and all(file.exists() for file in held)
    os.killpg(parent.pid, signal.SIGKILL) if to == "group" else parent.kill()
    assert gone(children)
    end = time.monotonic() + 5
    while any(file.exists() for file in held) and time.monotonic() < end:
        time.sleep(0.02)
    assert not any(file.exists() for file in held)
