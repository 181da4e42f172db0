"""A run: lock, recover, settle what is not settled, commit part by part, account for every document."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from typing import Any

from extractor.answers.cures import Cures
from extractor.answers.judge import Judge
from extractor.documents import count, read
from extractor.errors import ExtractorError
from extractor.jobs.prepare import Prepared
from extractor.pipeline.engines import LazyEngine, MakeEngine
from extractor.pipeline.scheduler import Scheduler, settle
from extractor.progress.tally import Tally, Watch
from extractor.store.account import verify
from extractor.store.lock import locked
from extractor.store.manifest import Manifest, RunRecord
from extractor.store.settled import Settled
from extractor.store.shelf import Shelf
from extractor.store.stored import Stored
from extractor.store.waiting import Waiting
from extractor.store.writer import PartSize, Writer
from extractor.types import Document, Settlement


def run(prepared: Prepared, make_engine: MakeEngine, watch: Watch, draining: Callable[[], bool]) -> Tally:
    """Settles every document that is not settled yet; what is finished is committed, however the run ends."""
    return run_together([(prepared, watch)], make_engine, draining)[0]


def run_together(
    jobs: Sequence[tuple[Prepared, Watch]], make_engine: MakeEngine, draining: Callable[[], bool]
) -> list[Tally]:
    """The same for several jobs at once, whose requests alternate in the engine of the first; one failure ends all.

    The jobs differ in identity and output, and load the same engine.
    """
    with ExitStack() as held:
        for prepared, _ in jobs:
            held.enter_context(locked(prepared.job.out))
        arms = [_Arm(prepared, watch) for prepared, watch in jobs]
        return _Session(arms, LazyEngine(make_engine, jobs[0][0], [watch for _, watch in jobs])).go(draining)


class _Session:
    """From the first request to the last part: what the arms share is the engine, and its time."""

    def __init__(self, arms: Sequence["_Arm"], engine: LazyEngine) -> None:
        self._arms, self._engine = arms, engine
        self._began = time.monotonic()

    def go(self, draining: Callable[[], bool]) -> list[Tally]:
        """What each arm did."""
        for arm in self._arms:
            arm.begin(draining)
        try:
            for number, settlement in settle([arm.scheduler for arm in self._arms], self._engine):
                self._arms[number].add(settlement)
            for arm in self._arms:
                arm.tally.stopped = draining() and not arm.scheduler.finished
            self._end()
        except BaseException:
            self._break_off()
            raise
        finally:
            self._engine.close()
        for arm in self._arms:
            arm.account()
        return [arm.tally for arm in self._arms]

    def _end(self) -> None:
        for arm in self._arms:
            arm.commit()
        self._measure()
        for arm in self._arms:
            arm.note()

    def _break_off(self) -> None:
        self._measure()
        for arm in self._arms:
            arm.tally.stopped = True
            with suppress(OSError, ExtractorError):  # what went wrong first is what a person should read
                arm.commit()
                arm.note()

    def _measure(self) -> None:
        tallies = [arm.tally for arm in self._arms]
        whole, seconds = sum(tally.engine_seconds for tally in tallies), time.monotonic() - self._began
        for tally in tallies:
            tally.seconds, tally.load_seconds = seconds, self._engine.load_seconds
            tally.interleaved = len(tallies) > 1
            tally.engine_share = tally.engine_seconds / whole if whole else 1 / len(tallies)


class _Arm:
    """One job: its output, its documents, and the count of what is done."""

    def __init__(self, prepared: Prepared, watch: Watch) -> None:
        job = prepared.job
        manifest = Manifest.load(job.out)
        manifest.must_be(prepared.builder.identity, job.supersede)
        self.prepared, self.watch = prepared, watch
        self.shelf = Shelf(job.out, prepared.kept)
        self.shelf.recover()
        self.old, self.replaced, self.is_retry = Settled(self.shelf, prepared.again), 0, prepared.again is not None
        self.tally = Tally(self.old.again if self.is_retry else _total(prepared))
        self.run_record = RunRecord(manifest, _described(prepared), self.is_retry)
        self.scheduler, self.waiting = scheduler_of(prepared), Waiting(job.out)
        self.scheduler.documents, self.scheduler.answered = self._fresh(), self.waiting.answered()
        if job.from_:
            self.scheduler.stored = Stored(job.from_).answers
        size = PartSize(job.part_documents, job.part_seconds)
        unsettled = self.scheduler.unsettled.values
        self.writer = Writer(self.shelf, self.old, self.waiting, unsettled, size, not job.no_reasoning)
        self.scheduler.beat = self.beat

    def begin(self, draining: Callable[[], bool]) -> None:
        """Says that it begins; `draining` will say when it is to end."""
        self.scheduler.draining = draining
        self.watch.begin(self.tally)
        self.run_record.begin(self.tally.total)

    def add(self, settlement: Settlement) -> None:
        """One document is done."""
        self.replaced += self.old.part_of(settlement.document.id) is not None
        self.writer.add(settlement)
        self.tally.add(settlement)
        self.watch.settled(settlement)

    def beat(self) -> None:
        """Time passes, whether or not documents come back."""
        self.writer.tend()
        self.watch.waiting()

    def commit(self) -> None:
        """Puts what is done on the disk."""
        if not self.tally.stopped and not self.is_retry:
            self.waiting.clear()
        self.writer.commit()
        self.tally.unsettled = len(self.scheduler.unsettled)

    def note(self) -> None:
        """Puts what is counted into the manifest."""
        state = "stopped" if self.tally.stopped else "finished"
        self.run_record.end({"state": state, "documents": self.shelf.count(), **self.tally.as_json()})

    def account(self) -> None:
        """Checks that every document is there, once."""
        verify(self.shelf, len(self.old) - self.replaced + self.tally.new, self._missing)

    def _missing(self, settled: Settled) -> Iterator[str]:
        if self.is_retry or self.tally.stopped:  # then what is not there may not have been reached
            return
        for document in read(self.prepared.sources, self.prepared.columns, self.prepared.job.limit):
            if not self._is_done(settled, document):
                yield document.id

    def _fresh(self) -> Iterator[Document]:
        for document in read(self.prepared.sources, self.prepared.columns, self.prepared.job.limit):
            self.scheduler.passed += 1
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
        return document.id in settled and settled.holds(document.id, self.prepared.builder.fingerprint(document))


def scheduler_of(prepared: Prepared) -> Scheduler:
    """The scheduler of this job, without documents and engine."""
    job, builder = prepared.job, prepared.builder
    judge = Judge(prepared.schema.validator(), prepared.fields, builder.neutraliser.restore, job.thinking_budget)
    return Scheduler(builder, judge, Cures(builder, job.attempts))


def _total(prepared: Prepared) -> int | None:
    total, limit = count(prepared.sources), prepared.job.limit
    return total if total is None or limit is None else min(total, limit)


def _described(prepared: Prepared) -> dict[str, Any]:
    task = prepared.builder.task
    return {
        "identity": prepared.builder.identity,
        "settings": prepared.job.model_dump(mode="json", by_alias=True),
        "model": {"name": prepared.model.name, "revision": prepared.model.revision, "context": prepared.context},
        "schema": prepared.schema.body,
        "prompt": task.prompt.text,
        "examples": list(task.examples),
        "sampling": {mode: asdict(sampling) for mode, sampling in task.sampling.items()},
    }
