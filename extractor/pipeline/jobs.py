"""Runs jobs one after the other or interleaved, with one engine for those that agree, and tells how each ended."""

import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from extractor.cli.boundary import OK, QUARANTINED, STOPPED, Drain, boundary
from extractor.engines.base import Engine
from extractor.engines.replay import ReplayEngine
from extractor.errors import ExtractorError
from extractor.jobs.file import Asked
from extractor.jobs.job import Job, seconds
from extractor.jobs.prepare import Prepared, load_model, prepare
from extractor.jobs.replay import load_replayed, replayed
from extractor.pipeline.engines import MakeEngine, make_vllm
from extractor.pipeline.session import run_together
from extractor.progress.events import Counts, Progress, Show
from extractor.progress.prometheus import MetricsFile
from extractor.progress.stderr import Bar, Errors, JsonLines, Lines
from extractor.progress.tally import Tally
from extractor.store.status import Standing, standing
from extractor.types import Completion, Request


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended; a failure is a typer.Exit instead."""

    job: Job
    code: int
    standing: Standing


def prepared(asked: Asked) -> Prepared:
    """The job, found and checked."""
    if asked.job.engine == "replay" or asked.job.from_:
        return prepare(replayed(asked.job), frozenset(asked.origins), load_replayed)
    return prepare(asked.job, frozenset(asked.origins), load_model)


def make_engine(ready: Prepared) -> Engine:
    """The engine that this job asks for, loaded."""
    return ReplayEngine(ready.job.from_) if ready.job.from_ else make_vllm(ready)


@dataclass(frozen=True, slots=True)
class Kitchen:
    """How jobs are made ready, and what answers them."""

    prepare: Callable[[Asked], Prepared] = prepared
    make: MakeEngine = make_engine


def run_jobs(
    asked: Sequence[Asked], shows: Callable[[Job], list[Show]], kitchen: Kitchen, interleaved: bool = False
) -> Iterator[Outcome]:
    """Each job's outcome; the first failure is told and ends them all, and so does draining.

    `interleaved` jobs run all at once; they must load the same engine.
    """
    drain, pool, ready = Drain(), Pool(kitchen.make), list[tuple[Prepared, Progress]]()
    with drain.on_signal():
        for one in asked:
            progress = Progress(one.job.out, shows(one.job))
            with _ending([(one.job, progress)]):
                ready.append((kitchen.prepare(one), progress))
        try:
            for group in [ready] if interleaved else _neighbours(ready):
                outcomes = _run(group, pool, drain)
                yield from outcomes
                if any(outcome.code == STOPPED for outcome in outcomes):
                    return
        finally:
            pool.close()


def shows_for(asked: Sequence[Asked], quiet: bool, terminal: bool) -> Callable[[Job], list[Show]]:
    """What shows a job: on stderr as its log format says, and in the metrics file, which several jobs may share."""
    files = {path: MetricsFile(path) for path in {one.job.metrics for one in asked} if path}

    def shows(job: Job) -> list[Show]:
        said: Show = JsonLines(job.out) if job.log_format == "json" else Errors()
        if job.log_format != "json" and not quiet:
            name = job.out.name if len(asked) > 1 else ""
            said = Bar(name) if terminal else Lines(name)
        return [said, files[job.metrics]] if job.metrics else [said]

    return shows


class Pool:
    """Engines by what they load: jobs that agree share one, and no two live at once."""

    def __init__(self, make: MakeEngine) -> None:
        self._make = make
        self._key: Any = None
        self._engine: Engine | None = None

    def lend(self, ready: Prepared) -> Engine:
        """This job's engine, which whoever borrows it cannot close."""
        if self._engine is None or not self.holds(ready):
            self.close()
            self._engine, self._key = self._make(ready), _loads(ready)
        return _Lent(self._engine)

    def holds(self, ready: Prepared) -> bool:
        """Whether this job's engine is loaded."""
        return self._engine is not None and self._key == _loads(ready)

    def close(self) -> None:
        """Frees what is loaded."""
        if self._engine:
            self._engine.close()
        self._engine = None


class _Lent:
    def __init__(self, engine: Engine) -> None:
        self._engine, self.window = engine, engine.window

    def generate(self, requests: Iterable[Request | None]) -> Iterator[Completion]:
        return self._engine.generate(requests)

    def close(self) -> None:
        """The pool closes it."""


def _loads(ready: Prepared) -> tuple[Any, ...]:
    """What decides whether two jobs can share an engine."""
    job = ready.job
    return (job.engine, job.from_, ready.model, ready.context, ready.overrides, job.seed, job.engine_arg)


def _neighbours(ready: Sequence[tuple[Prepared, Progress]]) -> list[list[tuple[Prepared, Progress]]]:
    """The jobs in their order, each for itself, but those that share an engine next to the first of them."""
    keys = [_loads(plan) for plan, _ in ready]
    return [[ready[n]] for n in sorted(range(len(ready)), key=lambda n: keys.index(keys[n]))]


def _run(group: Sequence[tuple[Prepared, Progress]], pool: Pool, drain: Drain) -> list[Outcome]:
    """How jobs that run together ended."""
    first = group[0][0]
    for plan, progress in group:
        progress.counts.engine_is_there = pool.holds(plan) or plan is not first
    jobs = [(plan.job, progress) for plan, progress in group]
    with _ending(jobs):
        limit = seconds(first.job.max_runtime) if first.job.max_runtime else None
        tallies = run_together(group, pool.lend, drain.after(limit))
        stands = [standing(job.out) for job, _ in jobs]
    return [_outcome(*job, tally, now) for job, tally, now in zip(jobs, tallies, stands, strict=True)]


def _outcome(job: Job, progress: Progress, tally: Tally, now: Standing) -> Outcome:
    if (code := _code(tally, now)) == STOPPED:
        left = "some work" if now.pending is None else f"{now.pending:,} documents"
        progress.say("note", f"stopped before the end, {left} left; the same command continues")
    _end(job, progress, code, now)
    return Outcome(job, code, now)


def _code(tally: Tally, now: Standing) -> int:
    if tally.stopped and tally.pending != 0:
        return STOPPED
    return QUARANTINED if now.quarantined else OK


@contextmanager
def _ending(jobs: Sequence[tuple[Job, Progress]]) -> Iterator[None]:
    """A failure within is told, once, and ends the jobs."""
    (_, first), *others = jobs

    def tell(line: str, code: int) -> None:
        first.error(line, code)
        for _, progress in others:
            progress.counts.error = line

    try:
        with boundary(tell):
            yield
    except typer.Exit as error:
        for job, progress in jobs:
            _end(job, progress, error.exit_code, _standing_or_none(job.out))
        raise


def _standing_or_none(out: Path) -> Standing | None:
    try:
        return standing(out)
    except (ExtractorError, OSError, ValueError):
        return None


def _end(job: Job, progress: Progress, code: int, now: Standing | None) -> None:
    progress.end(code, now)
    if job.on_finish:
        command = ["/bin/sh", "-c", job.on_finish]
        done = subprocess.run(command, env=os.environ | on_finish_environment(progress.counts), stdout=2, check=False)
        if done.returncode:
            progress.say("warning", f"--on-finish ended with {done.returncode}: {job.on_finish}")


def on_finish_environment(counts: Counts) -> dict[str, str]:
    """What the command of --on-finish finds; a count that is not known is empty."""
    now = counts.standing
    found = {
        "EXIT_CODE": counts.exit_code,
        "OUT": counts.out,
        "MESSAGE": counts.error,
        "DOCUMENTS": now and now.documents,
        "OK": now and now.ok,
        "EMPTY": now and now.empty,
        "QUARANTINED": now and now.quarantined,
        "PENDING": now and now.pending,
        "NEW": counts.tally.new,
        "SETTLED_BEFORE": counts.tally.skipped,
        "SECONDS": round(counts.seconds, 1),
    }
    return {f"EXTRACT_{name}": "" if value is None else str(value) for name, value in found.items()}
