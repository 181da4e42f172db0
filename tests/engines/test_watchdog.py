"""An engine that dies or hangs: one clear line, what is finished is kept, and the next run finishes the job."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes import Silent, answering, engine_alone, fake_prepared
from shop import GOOD, Clerk, assert_whole, settle, some, write

from extractor.engines.fake import FakeEngine
from extractor.engines.watchdog import Watchdog
from extractor.errors import EngineError
from extractor.pipeline.session import run
from extractor.store.status import output_status
from extractor.types import Completion, Request

pytestmark = pytest.mark.slow


class Working(FakeEngine):
    """Silent for a while before each answer, but at work: it counts its steps."""

    def poll(self, seconds: float) -> list[Completion]:
        for _ in range(20):
            time.sleep(0.02)
            self.steps += 1
        return super().poll(seconds)


def slow_at(id: str, seconds: float) -> Callable[[Request], str]:
    """Answers at once, but for this document."""

    def answer(request: Request) -> str:
        if request.document.id == id:
            time.sleep(seconds)
        return GOOD

    return answer


def test_an_engine_that_hangs_ends_the_run_and_the_next_finishes(tmp_path: Path) -> None:
    inputs, out, clerk = write(tmp_path / "in.jsonl", some(9)), tmp_path / "out", Clerk()
    prepared = fake_prepared(inputs, out, part_documents=4)
    began = time.monotonic()
    with pytest.raises(EngineError, match=r"the engine hangs: nothing came of it for 0.3 s \(--engine-timeout\)"):
        run(prepared, lambda _: Watchdog(answering(slow_at("d6", 60)), 0.3), Silent(), bool)
    assert time.monotonic() - began < 20
    assert_whole(out, [f"d{number}" for number in range(6)])
    assert output_status(out).pending == 3
    settle(inputs, out, clerk)
    assert clerk.asked == ["d6", "d7", "d8"]
    assert_whole(out, [f"d{number}" for number in range(9)])


def requests_of(tmp_path: Path, count: int) -> list[Request]:
    asked: list[Request] = []

    def answer(request: Request) -> str:
        asked.append(request)
        return GOOD

    settle(write(tmp_path / "in.jsonl", some(count)), tmp_path / "out", answer)
    return asked


def test_only_the_engines_own_time_counts(tmp_path: Path) -> None:
    requests = requests_of(tmp_path, 3)

    def slowly() -> Iterator[Request]:
        for request in requests:
            time.sleep(0.4)  # a reader that takes its time
            yield request

    engine = Watchdog(answering(lambda request: GOOD, window=1), 0.2)
    for completion in engine_alone(engine, slowly()):
        time.sleep(0.4)  # a disk that takes its time
        assert completion.finish == "stop"
    engine.close()


def test_an_engine_that_counts_its_steps_is_alive(tmp_path: Path) -> None:
    requests = requests_of(tmp_path, 2)
    working = Working(lambda request: Completion(request, GOOD))
    assert len(list(engine_alone(Watchdog(working, 0.2), requests))) == 2


class Mute(FakeEngine):
    """Gives nothing back, and no sign of life."""

    def poll(self, seconds: float) -> list[Completion]:
        time.sleep(seconds)
        return []


def test_many_silent_polls_are_a_hang_too(tmp_path: Path) -> None:
    engine = Watchdog(Mute(lambda request: Completion(request, GOOD)), 0.3)
    with pytest.raises(EngineError, match="the engine hangs"):
        list(engine_alone(engine, requests_of(tmp_path, 1)))


def test_beside_the_main_thread_a_poll_is_not_broken_off(tmp_path: Path) -> None:
    requests, found = requests_of(tmp_path, 2), list[Completion]()
    engine = Watchdog(answering(slow_at("d1", 0.4)), 0.1)
    thread = threading.Thread(target=lambda: found.extend(engine_alone(engine, requests)))
    thread.start()
    thread.join()
    assert len(found) == 2


@pytest.mark.parametrize("number", [0, 3, 4, 8])
def test_an_engine_that_dies_in_the_middle(tmp_path: Path, number: int) -> None:
    inputs, out = write(tmp_path / "in.jsonl", some(9)), tmp_path / "out"

    def dying(request: Request) -> str:
        if request.document.id == f"d{number}":
            raise EngineError("the engine died: out of memory")
        return GOOD

    with pytest.raises(EngineError, match="out of memory"):
        settle(inputs, out, dying)
    assert output_status(out).last_run["state"] == "stopped"
    assert settle(inputs, out).skipped == number
    assert_whole(out, [f"d{n}" for n in range(9)])
