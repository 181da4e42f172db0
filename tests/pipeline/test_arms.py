"""Several jobs in one engine: every document is settled once in each, at about the same time."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fakes import fake_prepared, lane_of, settled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_scheduler import DOCUMENTS, GOOD, Whimsical, documents

from extractor.errors import ExtractorError
from extractor.jobs.prepare import Prepared
from extractor.pipeline.scheduler import Scheduler
from extractor.types import Completion, Document, Request

pytestmark = pytest.mark.slow

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
    engine = Whimsical(data, window)
    lanes = [lane_of(one, documents(drawn, False), draining=lambda: engine.answered >= stop) for one in prepared]
    found = list(settled(lanes, engine))
    assert engine.asked == engine.answered
    for number, lane in enumerate(lanes):
        ids = Counter(settlement.document.id for n, settlement in found if n == number)
        assert set(ids.values()) <= {1} and not set(ids) & {work.document.id for work in lane.unsettled()}
        assert len(ids) == len(drawn) or not lane.is_finished
        assert lane.is_finished or engine.answered >= stop
        asked = [s.kept.completion.request for n, s in found if n == number]
        assert all(lane.arm == request.arm for request in asked)


def test_an_answer_to_nobodys_question_is_an_error(prepared: list[Prepared]) -> None:
    scheduler = Scheduler([lane_of(prepared[0], documents([("Ann.", None, 1)], False))])
    request = scheduler.next()
    assert request
    with pytest.raises(ExtractorError, match="nobody's question"):
        scheduler.take(Completion(replace(request, arm="another"), GOOD))


class Uneven:
    """Holds a batch; a thought takes ten steps, an answer one. Remembers what it was asked, and its fullest batch."""

    def __init__(self, window: int) -> None:
        self.window, self.steps = window, 0
        self.asked: list[Request] = []
        self.batches: list[set[str]] = []
        self.held, self.left = dict[int, Request](), Counter[int]()

    @property
    def room(self) -> int:
        return self.window - len(self.held)

    def submit(self, request: Request) -> None:
        self.asked.append(request)
        self.held[id(request)], self.left[id(request)] = request, 10 if request.is_thought else 1

    def poll(self, seconds: float) -> list[Completion]:
        self.steps += 1
        self.batches.append({request.mode for request in self.held.values()})
        self.left.subtract(list(self.held))
        done = [self.held.pop(name) for name in [name for name in self.held if not self.left[name]]]
        return [Completion(r, GOOD, [1], stopped_by=r.stop[0] if r.stop else None) for r in done]

    def close(self) -> None: ...


def counted(count: int, skipped: int = 0) -> Iterator[Document | None]:
    """Documents as a run feeds them: those that an earlier one settled are passed by."""
    for number in range(count):
        yield Document(f"d{number}", f"Ann {number}.", "f:1") if number >= skipped else None


def begun(engine: Uneven) -> list[tuple[str, int]]:
    """Which lane began which document, in order."""
    first = [request for request in engine.asked if not request.begun]
    return [(request.mode, int(request.document.id[1:])) for request in first]


@pytest.mark.parametrize("window", [2, 5, 16])
def test_the_quick_one_waits_for_the_slow_one(prepared: list[Prepared], window: int) -> None:
    engine = Uneven(window)
    assert len(list(settled([lane_of(one, counted(40)) for one in prepared[:2]], engine))) == 80
    order = begun(engine)
    assert [number for _, number in order] == [number for number in range(40) for _ in MODES[:2]]
    first_of_each = Counter(mode for mode, _ in order[::2])
    assert first_of_each == {"no_think": 20, "think": 20}  # who is first pays for the prefix


def test_one_that_is_behind_catches_up_first(prepared: list[Prepared]) -> None:
    engine = Uneven(4)
    list(settled([lane_of(prepared[0], counted(20, skipped=8)), lane_of(prepared[1], counted(20))], engine))
    order = begun(engine)
    assert sorted(order) == sorted([("no_think", n) for n in range(8, 20)] + [("think", n) for n in range(20)])
    assert [mode for mode, number in order if number < 8] == ["think"] * 8
    together = [number for _, number in order if number > 8]
    assert together == [number for number in range(9, 20) for _ in range(2)]
