"""A job whose engines are actors of Ray."""

from functools import partial
from pathlib import Path

from extractor.engines.base import Engine
from extractor.engines.device import device
from extractor.engines.pool.actor import vllm_here
from extractor.engines.pool.cluster import RayEngine, RaySettings, needs_ray
from extractor.engines.pool.machine import devices_each
from extractor.errors import UserError
from extractor.jobs.job import Job
from extractor.jobs.prepare import Prepared
from extractor.jobs.vllm import settings_of


def as_ray(job: Job) -> Job:
    """The job; UserError where Ray is not installed, or cannot be reached in this way."""
    if job.address and "://" in job.address:
        raise UserError(f"--address {job.address}: write host:port, or auto on a node of the cluster")
    needs_ray()
    return job


def make_ray(prepared: Prepared) -> Engine:
    """vLLM in --replicas actors, with as many GPUs each as it spreads over; a build of vLLM for CPUs takes none."""
    job = prepared.job
    gpus = 0 if device() == "cpu" else devices_each(job.engine_arg)
    settings = RaySettings(job.address, job.replicas, gpus, job.engine_timeout)
    return RayEngine(partial(vllm_here, settings_of(prepared, Path())), settings)
