"""One run: lock, recover, settle what is not settled, commit part by part, account for every document."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from itertools import chain
from typing import Any, Protocol

from extractor.answers.cures import Cures
from extractor.answers.judge import Judge
from extractor.documents import count, read
from extractor.engines.base import Engine
from extractor.engines.vllm import VllmEngine, VllmSettings
from extractor.engines.watchdog import Watchdog
from extractor.errors import ExtractorError
from extractor.pipeline import Corridor
from extractor.prepare import Prepared, escalation
from extractor.store.account import verify
from extractor.store.lock import locked
from extractor.store.manifest import Diary, Manifest
from extractor.store.settled import Settled
from extractor.store.shelf import Shelf
from extractor.store.stored import Stored
from extractor.store.waiting import Waiting
from extractor.store.writer import PartSize, Writer
from extractor.types import Completion, Document, Request, Settlement

MakeEngine = Callable[[Prepared], Engine]


class Watch(Protocol):
    """Someone who looks on: the porch shows, a test counts."""

    def begin(self, total: int | None) -> None: ...
    def loading(self, model: str) -> None: ...
    def loaded(self) -> None: ...
    def skipped(self) -> None: ...
    def settled(self, settlement: Settlement) -> None: ...


@dataclass(slots=True)
class Tally:
    """What one run did. Counts are documents; `total` is None where the input cannot be counted beforehand."""

    total: int | None
    skipped: int = 0  # settled by an earlier run
    settled: Counter[str] = field(default_factory=Counter)  # by status
    problems: Counter[str] = field(default_factory=Counter)
    escalated: int = 0
    unsettled: int = 0  # begun, and left behind by draining
    output_tokens: int = 0
    seconds: float = 0.0
    stopped: bool = False  # by a signal, a deadline or an error, before the end of the input

    def add(self, settlement: Settlement) -> None:
        """Counts one settled document."""
        kept = settlement.kept
        self.settled[kept.status] += 1
        self.escalated += bool(settlement.escalated)
        if kept.problem:
            self.problems[kept.problem.kind] += 1
        self.output_tokens += settlement.output_tokens

    def as_json(self) -> dict[str, Any]:
        """The counts by name."""
        counts = {item.name: getattr(self, item.name) for item in fields(self)}
        return counts | {"settled": dict(self.settled), "problems": dict(self.problems), "pending": self.pending}

    @property
    def pending(self) -> int | None:
        """Documents of this input that are not settled; None where it is not known."""
        if not self.stopped:
            return 0
        done = self.skipped + self.settled.total()
        return None if self.total is None else max(self.total - done, self.unsettled)


def make_vllm(prepared: Prepared) -> Engine:
    """The vLLM engine that this job asks for, watched."""
    job, model = prepared.job, prepared.model
    settings = VllmSettings(
        location=model.location,
        revision=model.hub_revision,
        context=prepared.context,
        seed=job.seed,
        log=job.out / "engine.log",
        given=job.engine_arg,
        overrides=prepared.overrides,
        environment=model.env,
    )
    return Watchdog(VllmEngine(settings), job.engine_timeout)


def run(prepared: Prepared, make_engine: MakeEngine, watch: Watch, draining: Callable[[], bool]) -> Tally:
    """Settles every document that is not settled yet; what is finished is committed, however the run ends."""
    job = prepared.job
    with locked(job.out):
        manifest = Manifest.load(job.out)
        manifest.must_be(prepared.desk.identity, job.supersede)
        return _Run(prepared, manifest, watch).go(_Late(make_engine, prepared, watch), draining)


class _Run:
    def __init__(self, prepared: Prepared, manifest: Manifest, watch: Watch) -> None:
        job = prepared.job
        self.prepared, self.watch = prepared, watch
        self.shelf = Shelf(job.out, prepared.kept)
        self.shelf.recover()
        self.old, self.replaced, self.is_retry = Settled(self.shelf, prepared.again), 0, prepared.again is not None
        self.tally = Tally(self.old.again if self.is_retry else _total(prepared))
        self.diary = Diary(manifest, _described(prepared), self.is_retry)
        self.corridor, self.waiting = corridor_of(prepared), Waiting(job.out)
        self.corridor.answered = self.waiting.answered()
        if job.from_:
            self.corridor.stored = Stored(job.from_).answers
        size = PartSize(job.part_documents, job.part_seconds)
        unsettled = self.corridor.unsettled.values
        self.writer = Writer(self.shelf, self.old, self.waiting, unsettled, size, not job.no_reasoning)

    def go(self, engine: Engine, draining: Callable[[], bool]) -> Tally:
        started, self.corridor.draining = time.monotonic(), draining
        self.watch.begin(self.tally.total)
        self.diary.begin(self.tally.total)
        try:
            self._settle(engine)
            self.tally.stopped = draining() and not self.corridor.finished
            self._end(started)
        except BaseException:
            self.tally.stopped = True
            with suppress(OSError, ExtractorError):  # what went wrong first is what a person should read
                self._end(started)
            raise
        finally:
            engine.close()
        self._account()
        return self.tally

    def _settle(self, engine: Engine) -> None:
        for settlement in self.corridor.settle(self._fresh(), engine):
            self.replaced += self.old.part_of(settlement.document.id) is not None
            self.writer.add(settlement)
            self.tally.add(settlement)
            self.watch.settled(settlement)

    def _fresh(self) -> Iterator[Document]:
        for document in read(self.prepared.sources, self.prepared.columns, self.prepared.job.limit):
            if self._is_wanted(document):
                yield document
            elif not self.is_retry:
                self.tally.skipped += 1
                self.watch.skipped()

    def _is_wanted(self, document: Document) -> bool:
        if self.is_retry:
            return self.old.is_again(document.id)
        return not self._is_done(self.old, document)

    def _is_done(self, settled: Settled, document: Document) -> bool:
        return document.id in settled and settled.holds(document.id, self.prepared.desk.fingerprint(document))

    def _end(self, started: float) -> None:
        if not self.tally.stopped and not self.is_retry:
            self.waiting.clear()
        self.writer.commit()
        self.tally.unsettled, self.tally.seconds = len(self.corridor.unsettled), time.monotonic() - started
        state = "stopped" if self.tally.stopped else "finished"
        self.diary.end({"state": state, "documents": self.shelf.count(), **self.tally.as_json()})

    def _account(self) -> None:
        verify(self.shelf, len(self.old) - self.replaced + self.tally.settled.total(), self._missing)

    def _missing(self, settled: Settled) -> Iterator[str]:
        if self.is_retry or self.tally.stopped:  # then what is not there may not have been reached
            return
        for document in read(self.prepared.sources, self.prepared.columns, self.prepared.job.limit):
            if not self._is_done(settled, document):
                yield document.id


class _Late:
    """An engine that is loaded when the first request comes, and not at all where none does."""

    def __init__(self, make: MakeEngine, prepared: Prepared, watch: Watch) -> None:
        self._make, self._prepared, self._watch = make, prepared, watch
        self._engine: Engine | None = None
        self.window = 1

    def generate(self, requests: Iterable[Request | None]) -> Iterator[Completion]:
        source = iter(requests)
        if (first := next(source, None)) is None:
            return
        if self._engine is None:
            self._watch.loading(self._prepared.model.name)
            self._engine = self._make(self._prepared)
            self._watch.loaded()
        yield from self._engine.generate(chain([first], source))

    def close(self) -> None:
        if self._engine:
            self._engine.close()


def corridor_of(prepared: Prepared) -> Corridor:
    """The corridor of this job, without documents and engine."""
    job, desk = prepared.job, prepared.desk
    judge = Judge(prepared.schema.validator(), prepared.fields, desk.neutraliser.restore, job.thinking_budget)
    return Corridor(desk, judge, Cures(desk, job.attempts, escalation(job)))


def _total(prepared: Prepared) -> int | None:
    total, limit = count(prepared.sources), prepared.job.limit
    return total if total is None or limit is None else min(total, limit)


def _described(prepared: Prepared) -> dict[str, Any]:
    ask = prepared.desk.ask
    return {
        "identity": prepared.desk.identity,
        "settings": prepared.job.model_dump(mode="json", by_alias=True),
        "model": {"name": prepared.model.name, "revision": prepared.model.revision, "context": prepared.context},
        "schema": prepared.schema.body,
        "prompt": ask.prompt.text,
        "examples": list(ask.examples),
        "sampling": {mode: asdict(sampling) for mode, sampling in ask.sampling.items()},
    }
