"""Runs jobs one after the other or interleaved, with one engine for those that agree."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from extractor.engines.base import Engine
from extractor.jobs.engines import make_engine, prepared_for_engine
from extractor.jobs.file import GivenJob
from extractor.jobs.job import Job, seconds
from extractor.jobs.prepare import Prepared
from extractor.jobs.targets import check_job
from extractor.pipeline.engines import EnginePool, MakeEngine, what_it_loads
from extractor.pipeline.finish import Outcome, failures_told, outcome
from extractor.pipeline.session import run_together
from extractor.progress.events import Progress, Show
from extractor.store.status import output_status
from extractor.system.signals import Drain, signals_wait


@dataclass(frozen=True, slots=True)
class Providers:
    """How jobs are made ready, and what answers them."""

    prepare: Callable[[GivenJob], Prepared] = prepared_for_engine
    engine: MakeEngine = make_engine


def run_jobs(
    given: Sequence[GivenJob], shows: Callable[[Job], list[Show]], providers: Providers, interleaved: bool = False
) -> Iterator[Outcome]:
    """Each job's outcome; the first failure is told and ends them all (Ended), and so does draining.

    `interleaved` jobs run all at once; they must load the same engine.
    """
    for one in given:
        check_job(one)  # before anybody writes there
    drain, ready = Drain(), list[tuple[Prepared, Progress]]()
    pool = EnginePool(lambda plan: _loaded(plan, providers.engine, drain))
    with drain.on_signal():
        for one in given:
            progress = Progress(one.job.out, shows(one.job))
            with failures_told([(one.job, progress)]):
                ready.append((providers.prepare(one), progress))
        try:
            for group in [ready] if interleaved else _neighbours(ready):
                outcomes = _run(group, pool, drain)
                yield from outcomes
                if any(one.drained for one in outcomes):
                    return
        finally:
            with signals_wait() as came:
                pool.close()
                came.clear()  # how it ended is told already, and there is nothing left to stop


def _loaded(plan: Prepared, engine: MakeEngine, drain: Drain) -> Engine:
    with drain.breaks_off():
        return engine(plan)


def _neighbours(ready: Sequence[tuple[Prepared, Progress]]) -> list[list[tuple[Prepared, Progress]]]:
    """The jobs in their order, each for itself, but those that share an engine next to the first of them."""
    keys = [what_it_loads(plan) for plan, _ in ready]
    return [[ready[n]] for n in sorted(range(len(ready)), key=lambda n: keys.index(keys[n]))]


def _run(group: Sequence[tuple[Prepared, Progress]], pool: EnginePool, drain: Drain) -> list[Outcome]:
    """How jobs that run together ended."""
    first = group[0][0]
    for plan, progress in group:
        progress.counts.engine_is_there = pool.holds(plan) or plan is not first
        for line in plan.notes:
            progress.say("note", line)
    jobs = [(plan.job, progress) for plan, progress in group]
    with failures_told(jobs):
        limit = seconds(first.job.max_runtime) if first.job.max_runtime else None
        tallies = run_together(group, pool, drain.after(limit))
        statuses = [output_status(job.place) for job, _ in jobs]
    return [outcome(*job, tally, now) for job, tally, now in zip(jobs, tallies, statuses, strict=True)]
