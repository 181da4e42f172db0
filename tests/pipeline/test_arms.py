"""Several schedulers in one engine: every document is settled once in each, at about the same time."""

from collections import Counter
from collections.abc import Iterable, Iterator

import pytest
from fakes import fake_prepared
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_scheduler import DOCUMENTS, GOOD, Whimsical, documents

from extractor.jobs.prepare import Prepared
from extractor.pipeline.scheduler import Scheduler, settle
from extractor.pipeline.session import scheduler_of
from extractor.types import Completion, Document, Request

MODES = ("no_think", "think", "auto")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> list[Prepared]:
    folder = tmp_path_factory.mktemp("schedulers")
    (folder / "one.jsonl").write_text('{"id": "d", "text": "Ann."}')
    return [fake_prepared(folder / "one.jsonl", folder / mode, mode=mode, attempts=3) for mode in MODES]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data(), drawn=DOCUMENTS, window=st.integers(1, 9), stop=st.integers(0, 60))
def test_every_document_is_settled_once_in_each(
    prepared: list[Prepared], data: st.DataObject, drawn: list[tuple[str, str | None, int]], window: int, stop: int
) -> None:
    schedulers, engine = [scheduler_of(one) for one in prepared], Whimsical(data, window)
    for scheduler in schedulers:
        scheduler.documents = iter(documents(drawn, False))
        scheduler.draining = lambda: engine.answered >= stop
    found = list(settle(schedulers, engine))
    assert engine.asked == engine.answered
    for number, scheduler in enumerate(schedulers):
        ids = Counter(settlement.document.id for n, settlement in found if n == number)
        assert set(ids.values()) <= {1} and not set(ids) & set(scheduler.unsettled)
        assert len(ids) == len(drawn) or not scheduler.finished
        assert scheduler.finished or engine.answered >= stop
        asked = [s.kept.completion.request for n, s in found if n == number]
        assert all(scheduler.asked(request) for request in asked)


class Uneven:
    """Holds a batch; a thought takes ten steps, an answer one. Remembers what it was asked, and its fullest batch."""

    def __init__(self, window: int) -> None:
        self.window = window
        self.asked: list[Request] = []
        self.batches: list[set[str]] = []

    def generate(self, requests: Iterable[Request | None]) -> Iterator[Completion]:
        source, held = iter(requests), dict[int, Request]()
        left = Counter[int]()
        while True:
            while len(held) < self.window and (request := next(source, None)) is not None:
                self.asked.append(request)
                held[id(request)], left[id(request)] = request, 10 if request.is_thought else 1
            if not held:
                return
            self.batches.append({request.mode for request in held.values()})
            left.subtract(list(held))
            for name in [name for name in held if not left[name]]:
                request = held.pop(name)
                yield Completion(request, GOOD, [1], stopped_by=request.stop[0] if request.stop else None)

    def close(self) -> None: ...


def counted(scheduler: Scheduler, count: int, skipped: int = 0) -> Iterator[Document]:
    """Documents as a run feeds them: those that an earlier one settled are passed by."""
    for number in range(count):
        scheduler.passed += 1
        if number >= skipped:
            yield Document(f"d{number}", f"Ann {number}.", "f:1")


def begun(engine: Uneven) -> list[tuple[str, int]]:
    """Which scheduler began which document, in order."""
    first = [request for request in engine.asked if not request.thought]
    return [(request.mode, int(request.document.id[1:])) for request in first]


@pytest.mark.parametrize("window", [2, 5, 16])
def test_the_quick_one_waits_for_the_slow_one(prepared: list[Prepared], window: int) -> None:
    schedulers, engine = [scheduler_of(one) for one in prepared[:2]], Uneven(window)
    for scheduler in schedulers:
        scheduler.documents = counted(scheduler, 40)
    assert len(list(settle(schedulers, engine))) == 80
    order = begun(engine)
    assert [number for _, number in order] == [number for number in range(40) for _ in MODES[:2]]
    first_of_each = Counter(mode for mode, _ in order[::2])
    assert first_of_each == {"no_think": 20, "think": 20}  # who is first pays for the prefix


def test_one_that_is_behind_catches_up_first(prepared: list[Prepared]) -> None:
    schedulers, engine = [scheduler_of(one) for one in prepared[:2]], Uneven(4)
    schedulers[0].documents, schedulers[1].documents = counted(schedulers[0], 20, skipped=8), counted(schedulers[1], 20)
    list(settle(schedulers, engine))
    order = begun(engine)
    assert sorted(order) == sorted([("no_think", n) for n in range(8, 20)] + [("think", n) for n in range(20)])
    assert [mode for mode, number in order if number < 8] == ["think"] * 8
    together = [number for _, number in order if number > 8]
    assert together == [number for number in range(9, 20) for _ in range(2)]
