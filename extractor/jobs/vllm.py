"""vLLM's engine for a job: in this process, or in several of its own."""

import os
from functools import partial
from pathlib import Path

from extractor.engines.base import Engine
from extractor.engines.pool.engine import PoolEngine
from extractor.engines.pool.machine import core_shares, devices_each, shares
from extractor.engines.pool.process import ProcessWorker, Replica
from extractor.engines.startup import VllmSettings
from extractor.engines.vllm import VllmEngine
from extractor.engines.watchdog import Watchdog
from extractor.jobs.prepare import Prepared


def settings_of(prepared: Prepared, log: Path) -> VllmSettings:
    """What vLLM is to load for this job, and where its own output goes."""
    job, model = prepared.job, prepared.model
    return VllmSettings(
        location=model.location,
        revision=model.hub_revision,
        context=prepared.context,
        seed=job.seed,
        log=log,
        given=job.engine_arg,
        overrides=prepared.overrides,
        environment=model.env,
        trusted=model.trusted,
    )


def make_vllm(prepared: Prepared) -> Engine:
    """vLLM with the job's model, watched; with --replicas, so many of it, each with devices of its own."""
    job = prepared.job
    if job.replicas > 1:
        return PoolEngine([partial(ProcessWorker, replica) for replica in _replicas(prepared)], job.engine_timeout)
    return watched(prepared, bare_vllm(prepared))


def watched(prepared: Prepared, engine: Engine) -> Engine:
    """The engine, that may not be silent for longer than the job says."""
    return Watchdog(engine, prepared.job.engine_timeout)


def bare_vllm(prepared: Prepared) -> VllmEngine:
    """vLLM in this process with the job's model, loaded; nobody watches over it."""
    return VllmEngine(settings_of(prepared, prepared.job.place / "engine.log"))


def _replicas(prepared: Prepared) -> list[Replica]:
    """UserError where there are too few devices."""
    count, logs = prepared.job.replicas, prepared.job.place
    environments = shares(count, devices_each(prepared.job.engine_arg))
    cores = core_shares(os.sched_getaffinity(0), count)
    settings = [settings_of(prepared, logs / f"engine-{number}.log") for number in range(1, count + 1)]
    return [
        Replica(f"replica {number}", partial(VllmEngine, its), its.log, environment, own)
        for number, (its, environment, own) in enumerate(zip(settings, environments, cores, strict=True), 1)
    ]
