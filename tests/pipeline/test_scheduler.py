"""Whatever the engine does, every document is settled exactly once."""

import json
from collections import Counter
from typing import Any

import pytest
from fakes import fake_prepared, lane_of, settled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor.jobs.prepare import Prepared
from extractor.types import Completion, Document, Problem, Request

pytestmark = pytest.mark.slow

GOOD = '{"entities": [{"name": "Ann", "type": "person"}], "relations": [], "summary": "s"}'
TEXTS = [GOOD, "Hello", "{}", "[]", '{"entities": []}', '{"summary": "s"}', '{"relations": []}', '{"x": 1e999}', "hm"]
FINISHES = ["stop", "stop", "stop", "length", "repetition", "error"]
MODES = [None, None, "think", "no_think", "/think", "/no_think", "maybe"]


class Whimsical:
    """Answers in any order, with any text and any end, as `draw` decides."""

    def __init__(self, data: st.DataObject, window: int) -> None:
        self.data, self.window, self.held = data, window, list[Request]()
        self.asked = self.answered = self.steps = 0

    @property
    def room(self) -> int:
        return self.window - len(self.held)

    def submit(self, request: Request) -> None:
        self.held.append(request)
        self.asked += 1

    def poll(self, seconds: float) -> list[Completion]:
        self.steps += 1
        if not self.held or not self.data.draw(st.integers(0, 3)):
            return []  # busy
        chosen = self.held.pop(self.data.draw(st.integers(0, len(self.held) - 1)))
        self.answered += 1
        return [self._answer(chosen)]

    def _answer(self, request: Request) -> Completion:
        text, finish = self.data.draw(st.sampled_from(TEXTS)), self.data.draw(st.sampled_from(FINISHES))
        closed = request.stop[0] if request.stop and finish == "stop" and self.data.draw(st.booleans()) else None
        return Completion(request, text, [1], finish, closed, output_tokens=len(text), error="e")  # type: ignore[arg-type]

    def close(self) -> None: ...


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Prepared]:
    folder = tmp_path_factory.mktemp("scheduler")
    (folder / "one.jsonl").write_text(json.dumps({"id": "d", "text": "Ann.", "mode": None}))
    made: dict[str, Any] = {
        "no_think": {"attempts": 4},
        "think": {"mode": "think", "attempts": 3},
        "auto": {"mode": "auto", "mode_column": "mode"},
    }
    return {name: fake_prepared(folder / "one.jsonl", folder / name, **given) for name, given in made.items()}


DOCUMENTS = st.lists(
    st.tuples(st.sampled_from(["Ann.", "Ann. " + "x " * 300, "x " * 2600]), st.sampled_from(MODES), st.integers(0, 3)),
    max_size=12,
)


def documents(drawn: list[tuple[str, str | None, int]], moded: bool) -> list[Document]:
    bad = Problem("no_text", "null")
    return [
        Document(f"d{number}", text, "f:1", mode=mode if moded else None, problem=None if fine else bad)
        for number, (text, mode, fine) in enumerate(drawn)
    ]


@pytest.mark.parametrize("name", ["no_think", "think", "auto"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data(), drawn=DOCUMENTS, window=st.integers(1, 5))
def test_every_document_is_settled_once(
    prepared: dict[str, Prepared], name: str, data: st.DataObject, drawn: list[tuple[str, str | None, int]], window: int
) -> None:
    given = documents(drawn, name == "auto")
    lane, engine = lane_of(prepared[name], given), Whimsical(data, window)
    found = [settlement for _, settlement in settled(lane, engine)]
    assert Counter(s.document.id for s in found) == Counter(document.id for document in given)
    assert lane.is_finished and lane.unsettled() == [] and engine.asked == engine.answered
    for settlement in (work for one in found for work in one.passages or [one]):
        attempts = [step.completion.request.attempt for step in settlement.attempts]
        assert attempts == list(range(1, len(attempts) + 1)) and len(attempts) <= prepared[name].job.attempts
        assert settlement.kept in settlement.attempts or not attempts
        assert (settlement.kept.problem is None) or all(step.problem for step in settlement.attempts)
    for long in (one for one in found if one.passages and not one.kept.problem):
        assert long.cut_into == 3 and len(long.failed) < len(long.passages)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data(), drawn=DOCUMENTS, window=st.integers(1, 5), stop=st.integers(0, 20))
def test_draining_leaves_each_document_settled_once_or_not_at_all(
    prepared: dict[str, Prepared], data: st.DataObject, drawn: list[tuple[str, str | None, int]], window: int, stop: int
) -> None:
    engine = Whimsical(data, window)
    lane = lane_of(prepared["think"], documents(drawn, False), draining=lambda: engine.answered >= stop)
    found = Counter(settlement.document.id for _, settlement in settled(lane, engine))
    assert set(found.values()) <= {1} and not set(found) & {work.document.id for work in lane.unsettled()}
    assert engine.asked == engine.answered
