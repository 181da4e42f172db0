"""The arms on engines whose time is scripted: what counts, and what does not."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fakes import a_request, fake_prepared
from shop import GOOD, some, write

from extractor.bench.batches import Stopwatch, in_batches
from extractor.bench.memory import Peak
from extractor.bench.metered import Metered
from extractor.bench.sample import sample
from extractor.documents import read
from extractor.engines.fake import FakeEngine
from extractor.engines.raw import Timed
from extractor.errors import UserError
from extractor.types import Completion, Document, Request


class Clock:
    """Seconds that pass where a script says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Waiting:
    """An engine that takes as long as it is told for each batch."""

    def __init__(self, clock: Clock, took: float, said: str = GOOD) -> None:
        self.batches: list[list[str]] = []
        self._clock, self._took, self._said = clock, took, said

    def __call__(self, wave: Sequence[Request]) -> list[Timed]:
        self.batches.append([request.document.id for request in wave])
        began, self._clock.now = self._clock.now, self._clock.now + self._took
        return [Timed(self._completion(request), began, began + self._took) for request in wave]

    def _completion(self, request: Request) -> Completion:
        closed = request.stop[0] if request.is_thought else None
        return Completion(request, "hm" if request.is_thought else self._said, stopped_by=closed, output_tokens=2)


def documents(count: int) -> list[Document]:
    return [Document(id, text, "in:1") for id, text in some(count)]


def test_batches_hold_all_that_is_asked_now_and_time_is_that_of_the_batches(tmp_path: Path) -> None:
    prepared = fake_prepared(write(tmp_path / "in.jsonl", some(1)), tmp_path / "out")
    clock, told = Clock(), list[int]()
    engine = Waiting(clock, 2.0)
    ask = Stopwatch(engine, clock)

    def tell(count: int) -> None:
        told.append(count)
        clock.now += 7  # between two batches

    done = in_batches(prepared, documents(5), 2, ask, tell)
    assert engine.batches == [["d0", "d1"], ["d2", "d3"], ["d4"]]
    assert (done.seconds, done.documents, done.quarantined) == (6.0, 5, 0)
    assert ask.counted.stays == [(0, 2), (0, 2), (2, 4), (2, 4), (4, 6)] and sum(told) == 5


def test_thoughts_come_first_and_answers_after_them_in_one_batch_each(tmp_path: Path) -> None:
    prepared = fake_prepared(write(tmp_path / "in.jsonl", some(1)), tmp_path / "out", mode="think")
    clock = Clock()
    engine = Waiting(clock, 1.0)
    done = in_batches(prepared, documents(3), 3, Stopwatch(engine, clock))
    assert engine.batches == [["d0", "d1", "d2"]] * 2 and done.seconds == 2.0


def test_cures_are_further_batches_and_failures_are_counted(tmp_path: Path) -> None:
    prepared = fake_prepared(write(tmp_path / "in.jsonl", some(1)), tmp_path / "out", attempts=1)
    clock = Clock()
    engine = Waiting(clock, 1.0, "no json")
    done = in_batches(prepared, documents(2), 2, Stopwatch(engine, clock))
    assert (done.documents, done.quarantined) == (2, 2)


@pytest.mark.parametrize(("in_process", "still"), [(True, [(0, 3), (4, 6)]), (False, [])])
def test_a_run_s_engine_is_timed_between_the_polls_too(in_process: bool, still: list[tuple[float, float]]) -> None:
    clock = Clock()

    def answer(request: Request) -> Completion:
        clock.now += 1
        return Completion(request, GOOD, prompt_tokens=4, output_tokens=2)

    engine = Metered(FakeEngine(answer, window=8), in_process, clock)
    clock.now += 3
    for document in documents(2):
        engine.submit(a_request(document))
    engine.poll(0.5)
    clock.now += 2  # of ours
    engine.poll(0.5)
    clock.now += 5
    assert engine.poll(0.5) == [] and engine.steps == 3 and engine.room == 8
    assert engine.counted.stays == [(3, 4), (3, 7)] and engine.counted.still == still
    assert engine.counted.requests == 2 and engine.counted.prompt_tokens == 8 and engine.seconds == 12


def test_the_sample_is_the_first_good_documents_as_parquet(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "text": "Ada."},
        {"id": "b", "text": None},
        {"id": "c", "text": "Bo."},
        {"id": "d", "text": "Cy."},
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    prepared = fake_prepared(tmp_path / "in.jsonl", tmp_path / "out")
    chosen = sample(prepared, 2, tmp_path)
    assert [one.id for one in chosen.documents] == ["a", "c"]
    assert chosen.prepared.job.inputs == [str(tmp_path / "in.parquet")]
    again = list(read(chosen.prepared.sources, chosen.prepared.columns))
    assert [(one.id, one.text, one.mode) for one in again] == [("a", "Ada.", None), ("c", "Bo.", None)]
    assert len(sample(prepared, 99, tmp_path).documents) == 3


def test_the_sample_keeps_ids_made_of_texts_and_modes_and_drops_other_columns(tmp_path: Path) -> None:
    rows = [{"body": "Ada.", "how": "think", "lang": "en"}, {"body": "Bo.", "how": None, "lang": "de"}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words: dict[str, Any] = {"text_column": "body", "mode_column": "how", "keep": ["lang"]}
    prepared = fake_prepared(tmp_path / "in.jsonl", tmp_path / "out", **words)
    found = sample(prepared, 5, tmp_path).documents
    before = list(read(prepared.sources, prepared.columns))
    assert [(one.id, one.text, one.mode) for one in found] == [(one.id, one.text, one.mode) for one in before]
    assert found[0].kept == {}


def test_nothing_to_measure_is_said(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"id": "a", "text": null}\n')
    with pytest.raises(UserError, match="no document that can be asked about"):
        sample(fake_prepared(tmp_path / "in.jsonl", tmp_path / "out"), 5, tmp_path)


def test_peak_memory_is_that_since_the_measurement_began() -> None:
    before = bytearray(64 << 20)
    before[::4096] = b"x" * len(before[::4096])
    del before
    peak = Peak()
    first = peak.bytes()
    assert first is not None
    block = bytearray(64 << 20)
    block[::4096] = b"x" * len(block[::4096])
    del block
    second = peak.bytes()
    assert second is not None and second - first > 32 << 20
    third = Peak().bytes()
    assert third is not None and second - third > 32 << 20


def test_peak_memory_is_unknown_where_the_kernel_does_not_say(tmp_path: Path) -> None:
    assert Peak(tmp_path).bytes() is None
