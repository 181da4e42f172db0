"""The engines that a job can name, and which of a job's fields are whose: the one place that knows them by name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from extractor.engines.base import Engine
from extractor.errors import UserError
from extractor.jobs.endpoint import as_endpoint, load_served, make_endpoint
from extractor.jobs.file import GivenJob
from extractor.jobs.job import Job, flag_of
from extractor.jobs.prepare import Load, Prepared, load_model, prepare
from extractor.jobs.ray import as_ray, make_ray
from extractor.jobs.replay import as_replay, load_replayed, make_replay, planned
from extractor.jobs.vllm import make_vllm
from extractor.tasks.cutting import Cutter


@dataclass(frozen=True, slots=True)
class EngineKind:
    """One kind of engine: the fields of a job that mean something to it alone, and how a job gets one.

    What of its fields names the work is in the task and the model, which `load` finds: see tasks/task.identity.
    """

    fields: frozenset[str]  # those of other kinds have no effect on a job of this kind, or are refused
    suits: Callable[[Job], Job]  # the job as this kind takes it; UserError where it cannot
    load: Load  # its model and tokenizer
    make: Callable[[Prepared], Engine]  # the engine itself, loaded
    cutter: Callable[[Prepared], Cutter] = Prepared.cutter  # what cuts long documents


_MODEL = (
    "model",
    "hub",
    "engine_timeout",
    "context",
    "sampling",
    "seed",
    "max_answer_tokens",
    "trust_remote_code",
)
_ASKING = ("attempts", "mode", "thinking", "thinking_budget", "escalate", "force_greedy")
_SERVERS = ("url", "server", "served_model", "window", "key_env", "key_file")
_LOADING = ("engine_arg", "replicas")
ENGINES = {
    "vllm": EngineKind(frozenset(_MODEL + _ASKING + _LOADING), lambda job: job, load_model, make_vllm),
    "ray": EngineKind(frozenset((*_MODEL, *_ASKING, *_LOADING, "address")), as_ray, load_model, make_ray),
    "endpoint": EngineKind(frozenset(_MODEL + _ASKING + _SERVERS), as_endpoint, load_served, make_endpoint),
    "replay": EngineKind(frozenset({"from_"}), as_replay, load_replayed, make_replay, planned),
}
_TELLING = {"from_": "replay", "address": "ray"} | dict.fromkeys(_LOADING, "vllm") | dict.fromkeys(_SERVERS, "endpoint")


def prepared_for_engine(given: GivenJob) -> Prepared:
    """The job, found and checked, as its engine takes it. UserError for a word that belongs to another engine."""
    kind = ENGINES[given.job.engine]
    _refuse_others(given, kind)
    return prepare(kind.suits(_without_others(given.job, kind)), frozenset(given.origins), kind.load)


def make_engine(prepared: Prepared) -> Engine:
    """The engine that this job asks for, loaded."""
    return ENGINES[prepared.job.engine].make(prepared)


def cutter_of(prepared: Prepared) -> Cutter:
    """What cuts this job's long documents."""
    return ENGINES[prepared.job.engine].cutter(prepared)


def _refuse_others(given: GivenJob, kind: EngineKind) -> None:
    """UserError for a word by which another engine must have been meant; a replay takes those of the run it judges."""
    for name, engine in _TELLING.items() if given.job.engine != "replay" else ():
        if name not in kind.fields and getattr(given.job, name) != Job.model_fields[name].get_default():
            flag, value = flag_of(name), given.job.model_dump()[name]
            shown = f" {value}" if isinstance(value, str | Path | int) else ""
            raise UserError(f"{flag}{shown} belongs to --engine {engine}: add it, or leave {flag} out")


def _without_others(job: Job, kind: EngineKind) -> Job:
    """The job with the fields that are another engine's as nobody had set them."""
    others = {name for other in ENGINES.values() for name in other.fields} - kind.fields
    return job.model_copy(update={name: Job.model_fields[name].get_default() for name in others})
