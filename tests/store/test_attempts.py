"""Stopped in the middle: what is finished is kept, what failed so far is counted, what waits is not lost."""

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from shop import GOOD, Clerk, assert_whole, found, rows, settle, some, write

from extractor.errors import EngineError
from extractor.store.attempts import FILE, Attempts
from extractor.store.shelf import Shelf
from extractor.store.status import output_status
from extractor.system.signals import signals_wait
from extractor.types import Request

pytestmark = pytest.mark.slow

BAD = "no json"


class Stop:
    """Drains once so many answers were given."""

    def __init__(self, clerk: Clerk, after: int) -> None:
        self.clerk, self.after = clerk, after

    def __call__(self) -> bool:
        return len(self.clerk.asked) >= self.after


def test_attempts_are_counted_over_restarts(tmp_path: Path) -> None:
    inputs, out, clerk = write(tmp_path / "in.jsonl", some(6)), tmp_path / "out", Clerk(lambda request: BAD)
    for after in (4, 8, 13):  # each stop leaves some documents with failed attempts behind them
        tally = settle(inputs, out, clerk, Stop(clerk, after), attempts=3)
        assert tally.stopped and output_status(out).documents == 6
    assert not settle(inputs, out, clerk, attempts=3).stopped
    assert Counter(clerk.asked) == {f"d{number}": 3 for number in range(6)}
    assert Counter(row["doc_id"] for row in rows(out, "completions")) == Counter(clerk.asked)
    assert {row["attempts"] for row in rows(out, "quarantine")} == {3}
    assert not len(Attempts(out))


def test_what_this_run_does_not_come_to_goes_on_waiting(tmp_path: Path) -> None:
    documents, out, clerk = some(9), tmp_path / "out", Clerk(lambda request: BAD)
    settle(write(tmp_path / "in.jsonl", documents), out, clerk, Stop(clerk, 4), attempts=5)
    assert len(Attempts(out)) == 4
    other = Clerk()
    settle(write(tmp_path / "in.jsonl", documents[::-1]), out, other, Stop(other, 1), attempts=5)
    assert len(Attempts(out)) >= 4
    settle(tmp_path / "in.jsonl", out, clerk, attempts=5)
    assert max(Counter(clerk.asked).values()) == 5


def test_stopping_before_anything_is_settled_writes_no_part(tmp_path: Path) -> None:
    out, clerk = tmp_path / "out", Clerk(lambda request: BAD)
    settle(write(tmp_path / "in.jsonl", some(6)), out, clerk, Stop(clerk, 4))
    assert Shelf(out).parts() == []
    assert (out / FILE).exists()
    assert output_status(out).pending == 6


def test_a_deadline_that_passes_at_the_very_end_stops_nothing(tmp_path: Path) -> None:
    clerk = Clerk()
    tally = settle(write(tmp_path / "in.jsonl", some(6)), tmp_path / "out", clerk, Stop(clerk, 6))
    assert (tally.settled.total(), tally.pending) == (6, 0)


def interrupted(number: int, error: BaseException) -> Callable[[Request], str]:
    """An answer that raises at the document of this number."""

    def answer(request: Request) -> str:
        if request.document.id == f"d{number}":
            raise error
        return GOOD

    return answer


@pytest.mark.parametrize("error", [KeyboardInterrupt(), EngineError("the engine died"), RuntimeError("a bug")])
@pytest.mark.parametrize("number", [0, 5, 8])
def test_what_ends_a_run_loses_nothing_that_was_finished(tmp_path: Path, error: BaseException, number: int) -> None:
    inputs, out, clerk = write(tmp_path / "in.jsonl", some(9)), tmp_path / "out", Clerk()
    with pytest.raises(type(error)) as raised:
        settle(inputs, out, interrupted(number, error))
    assert raised.value is error
    assert_whole(out, [f"d{n}" for n in range(number)])
    now = output_status(out)
    assert (now.settled, now.pending, now.last_run["state"]) == (number, 9 - number, "stopped")
    settle(inputs, out, clerk)
    assert clerk.asked == [f"d{n}" for n in range(number, 9)]
    assert_whole(out, [f"d{n}" for n in range(9)])


def test_ctrl_c_during_a_commit_waits_for_its_end(tmp_path: Path) -> None:
    inputs, out = write(tmp_path / "in.jsonl", some(200)), tmp_path / "out"

    def interrupt() -> None:
        while not found(out / ".staging", "*.part-*"):  # the first part is being written
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGINT)

    watcher = threading.Thread(target=interrupt)
    watcher.start()
    with pytest.raises(KeyboardInterrupt):
        settle(inputs, out, part_documents=100)
    watcher.join()
    assert_whole(out, [f"d{n}" for n in range(output_status(out).ok)])
    assert output_status(out).ok >= 100
    settle(inputs, out, part_documents=100)
    assert_whole(out, [f"d{n}" for n in range(200)])


def test_signals_wait_and_then_come() -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt), signals_wait():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        reached.append("the end")
    assert reached
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def _die_at_d5(inputs: Path, out: Path) -> None:
    def answer(request: Request) -> str:
        if request.document.id == "d5":
            os.kill(os.getpid(), signal.SIGKILL)
        return GOOD

    settle(inputs, out, answer)


def test_status_knows_what_a_killed_run_left(tmp_path: Path) -> None:
    inputs, out = write(tmp_path / "in.jsonl", some(9)), tmp_path / "out"
    process = multiprocessing.get_context("fork").Process(target=_die_at_d5, args=(inputs, out))
    process.start()
    process.join()
    now = output_status(out)
    assert (now.last_run["state"], now.settled, now.pending, now.documents) == ("running", 4, 5, 9)
    assert settle(inputs, out).skipped == 4  # its lock and its unfinished part are in nobody's way
    assert (output_status(out).last_run["state"], output_status(out).pending) == ("finished", 0)


def test_status_may_be_asked_while_a_run_writes(tmp_path: Path) -> None:
    inputs, out, said = write(tmp_path / "in.jsonl", some(400)), tmp_path / "out", [0]
    settle(write(tmp_path / "one.jsonl", some(1)), out)
    runner = threading.Thread(target=settle, args=(inputs, out))
    runner.start()
    while runner.is_alive():
        said.append(output_status(out).settled)
    assert said == sorted(said) and output_status(out).settled == 400
