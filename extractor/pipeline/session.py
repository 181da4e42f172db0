"""A run: lock, recover, settle what is not settled, commit part by part, account for every document."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from typing import Any

from extractor.answers.confidence import Confidence
from extractor.answers.cures import Cures
from extractor.answers.judge import Judge
from extractor.documents import count, read
from extractor.engines.replay import StoredPassages
from extractor.errors import ExtractorError
from extractor.jobs.engines import cutter_of
from extractor.jobs.prepare import Prepared
from extractor.pipeline.engines import EnginePool, LazyEngine, MakeEngine
from extractor.pipeline.long import LongProcedure
from extractor.pipeline.place import described, lease_of, place_of
from extractor.pipeline.scheduler import Answered, Lane, Scheduler, settle
from extractor.pipeline.work import Procedure
from extractor.progress.tally import Tally, Watch
from extractor.store.account import verify
from extractor.store.aside import place_aside, set_aside
from extractor.store.attempts import Attempts
from extractor.store.ledger import opened
from extractor.store.lock import Lease
from extractor.store.manifest import Manifest, RunRecord
from extractor.store.phantoms import phantoms
from extractor.store.settled import Settled, passages_again
from extractor.store.shelf import Beside
from extractor.store.writer import Kept, PartSize, Writer
from extractor.system.garbage import seldom_searched
from extractor.system.signals import Drained
from extractor.tasks.labels import listed
from extractor.types import Document, Settlement

Draining = Callable[[], bool]


def run(prepared: Prepared, make_engine: MakeEngine, watch: Watch, draining: Draining) -> Tally:
    """Settles every document that is not settled yet; what is finished is committed, however the run ends."""
    pool = EnginePool(make_engine)
    try:
        return run_together([(prepared, watch)], pool, draining)[0]
    finally:
        pool.close()


def run_together(jobs: Sequence[tuple[Prepared, Watch]], pool: EnginePool, draining: Draining) -> list[Tally]:
    """The same for several jobs at once, whose requests alternate in the engine of the first; one failure ends all.

    The jobs differ in identity and output, and load the same engine, which stays in the pool.
    """
    with ExitStack() as held:
        leases = [held.enter_context(lease_of(prepared.job)) for prepared, _ in jobs]
        runs = [JobRun(*job, draining, lease) for job, lease in zip(jobs, leases, strict=True)]
        return Session(runs, LazyEngine(pool, jobs[0][0], [watch for _, watch in jobs]), draining).go()


class Session:
    """From the first request to the last part: what the jobs share is the engine, and its time."""

    def __init__(self, runs: Sequence["JobRun"], engine: LazyEngine, draining: Draining) -> None:
        self._runs, self._engine, self._draining = runs, engine, draining
        self._scheduler = Scheduler([run.lane for run in runs])
        self._began = time.monotonic()

    def go(self) -> list[Tally]:
        """What each job did."""
        for run in self._runs:
            run.begin()
        try:
            with seldom_searched(), suppress(Drained):  # while the model was being loaded
                for settled in settle(self._scheduler, self._engine):
                    self._add(settled)
            for run in self._runs:
                run.is_over(drained=self._draining() and not run.lane.is_finished)
            self._end()
        except BaseException:
            self._break_off()
            raise
        for run in self._runs:
            run.account()
        return [run.tally for run in self._runs]

    def _add(self, settled: Sequence[tuple[int, Settlement]]) -> None:
        for number, settlement in settled:
            self._runs[number].add(settlement)
        for run in self._runs:
            run.tend()

    def _end(self) -> None:
        for run in self._runs:
            run.commit()
        self._measure()
        for run in self._runs:
            run.note()

    def _break_off(self) -> None:
        self._measure()
        for run in self._runs:
            run.is_over(drained=True)
            for step in (run.commit, run.take_back, run.note):
                with suppress(OSError, ExtractorError):  # what went wrong first is what a person should read
                    step()

    def _measure(self) -> None:
        tallies = [run.tally for run in self._runs]
        whole, seconds = sum(tally.engine_seconds for tally in tallies), time.monotonic() - self._began
        for tally in tallies:
            tally.measure(seconds, self._engine.load_seconds, len(tallies), whole)
            tally.servers = self._engine.facts


class JobRun:
    """One job in a run: its output, its documents, and the count of what is done."""

    def __init__(self, prepared: Prepared, watch: Watch, draining: Draining, lease: Lease) -> None:
        job = prepared.job
        manifest = Manifest.load(job.place)
        manifest.must_be(prepared.builder.identity, job.supersede)
        self._prepared, self._watch, self._lease = prepared, watch, lease
        self._place = place_of(prepared, lease)
        self._shelf = self._place.shelf
        self._before = self._shelf.now()
        self._old, self._replaced = opened(self._before, prepared.again), 0
        self._is_retry = prepared.again is not None
        self.tally = Tally(self._old.again if self._is_retry else _total(prepared))
        self._record = RunRecord(manifest, described(prepared), self._is_retry)
        self._attempts = self._stored_attempts()
        self._reading = read(prepared.sources, prepared.columns, job.limit)
        self.lane = Lane(procedure_of(prepared), self._documents(), self._answered(), draining)
        size = PartSize(job.part_documents, job.part_seconds)
        kept = Kept(self._attempts, self.lane.unsettled, not job.no_reasoning, lambda: self._record.at(self._found()))
        self._writer = Writer(self._shelf, self._old, size, kept)

    def begin(self) -> None:
        """Says that it begins."""
        self._watch.begin(self.tally)
        self._shelf.keep(Beside(manifest=self._record.begin(self._found())))

    def add(self, settlement: Settlement) -> None:
        """One document is done."""
        self._replaced += self._old.part_of(settlement.document.id) is not None
        self.tally.add(settlement)
        self._writer.add(settlement)
        self._watch.settled(settlement)

    def tend(self) -> None:
        """Time passes, whether or not documents come back."""
        self._lease.check()
        self.tally.passages = self.lane.passages
        self._writer.tend(self.tally.passages)
        self._watch.waiting()

    def is_over(self, drained: bool) -> None:
        """No document is begun any more; `drained` says that some that could be read are left."""
        self.tally.end(drained, [f"{fault.source} {fault.detail}" for fault in self._reading.faults])

    def commit(self) -> None:
        """Puts what is done on the disk."""
        if not self.tally.stopped and not self._is_retry:
            self._attempts.clear()
        self._writer.commit()
        self._drop_phantoms()
        self.tally.unsettled = len({work.document.id for work in self.lane.unsettled()})

    def _drop_phantoms(self) -> None:
        """Takes away bad rows that their source, read to its end, does not have any more."""
        if whole := self._reading.whole:
            gone = phantoms(self._shelf.now(), whole, self._reading.gave)
            if gone:
                self._shelf.remove(gone, Beside())
                self._replaced += sum(map(len, gone.values()))

    def take_back(self) -> None:
        """Counts nothing that could not be put on the disk."""
        for row in self._writer.lost():
            self.tally.take_back(row["status"], row["problem"])
            self._replaced -= self._old.part_of(row["doc_id"]) is not None

    def note(self) -> None:
        """Puts what is counted into the manifest."""
        state = "stopped" if self.tally.stopped else "finished"
        self._shelf.keep(Beside(manifest=self._record.end({**self._found(), "state": state})))

    def account(self) -> None:
        """Checks that every document is there, once, and that every row of the input was counted."""
        with self._lease.writing():
            verify(self._before, self._shelf.now(), self._expected, self._missing)
        if not self.tally.stopped and not self._is_retry and (read := self.lane.passed) != self._met:
            raise ExtractorError(f"{read} documents were read, {self._met} are settled: a fault of ours")

    @property
    def _met(self) -> int:
        """Documents of the input that are settled."""
        return self.tally.skipped + self.tally.new

    @property
    def _expected(self) -> int:
        """Documents in the output."""
        return len(self._old) - self._replaced + self.tally.new

    def _found(self) -> dict[str, Any]:
        """What is known of the run and its output."""
        return {"documents": self._expected, **self.tally.as_json(), "pending": self._pending}

    @property
    def _pending(self) -> int | None:
        """Documents left to be done; None where those ahead may be among the settled ones that were not met yet."""
        unmet = len(self._old) - self.tally.skipped - self._replaced
        return self.tally.pending if self._is_retry or not self.tally.stopped or not unmet else None

    def _stored_attempts(self) -> Attempts:
        found = Attempts(self._prepared.job.place)
        if found.torn:
            with self._lease.writing():
                aside = set_aside(found.torn, place_aside(self._prepared.job.place))
            self._watch.warn(
                f"{found.torn} could not be read and lies at {aside} now: what had come back for unsettled documents is"
                " lost, they are asked again"
            )
        return found

    def _answered(self) -> Answered:
        """What earlier runs were answered: of a document that is done again because of some passages, to the others."""
        if not self._is_retry:
            return self._attempts.of
        rows = passages_again(self._before, self._old)
        passages = StoredPassages(rows, self._prepared.job.thinking_budget)
        return lambda doc_id, fingerprint: passages.of(doc_id, fingerprint) or self._attempts.of(doc_id, fingerprint)

    def _missing(self, settled: Settled) -> Iterator[str]:
        if self._is_retry or self.tally.stopped:  # then what is not there may not have been reached
            return
        for document in self._place.documents(
            read(self._prepared.sources, self._prepared.columns, self._prepared.job.limit)
        ):
            if not self._is_done(document, settled):
                yield document.id

    def _documents(self) -> Iterator[Document | None]:
        """Those to be done; None for one that is not."""
        for document in self._place.documents(self._reading):
            if self._is_wanted(document):
                yield document
                continue
            if not self._is_retry:
                self.tally.skipped += 1
                self._watch.skipped()
            yield None

    def _is_wanted(self, document: Document) -> bool:
        if self._is_retry:
            return self._old.is_again(document.id)
        return not self._is_done(document, self._old)

    def _is_done(self, document: Document, settled: Settled) -> bool:
        """Whether this very work is among the settled, or, where this is a shard, anywhere in the output."""
        known = [one for one in (settled, *self._place.others) if document.id in one]
        name = self._prepared.builder.fingerprint(document) if known else ""
        return any(one.holds(document.id, name) for one in known)


def procedure_of(prepared: Prepared) -> LongProcedure:
    """How this job's documents are asked about and judged."""
    job, builder = prepared.job, prepared.builder
    confidence = Confidence(prepared.fields, listed(prepared.schema), prepared.calibration) if job.confidence else None
    judge = Judge(
        prepared.schema.validator(),
        prepared.fields,
        builder.neutraliser.restore,
        job.thinking_budget,
        confidence=confidence,
        wire=builder.wire,
    )
    return LongProcedure(Procedure(builder, judge, Cures(builder, job.attempts)), cutter_of(prepared))


def _total(prepared: Prepared) -> int | None:
    if prepared.job.share:
        return None  # ids are not known before they are read
    total, limit = count(prepared.sources), prepared.job.limit
    return total if total is None or limit is None else min(total, limit)
