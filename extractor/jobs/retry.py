"""Quarantined documents, done again as their job did them, or with changed settings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from extractor.errors import UserError
from extractor.jobs.file import GivenJob
from extractor.jobs.job import make_job
from extractor.jobs.prepare import Prepared
from extractor.store.manifest import Manifest
from extractor.store.settled import Redo
from extractor.types import ProblemKind

# No matter of the job's; and whom a person trusts, an output folder cannot say
OF_ONE_RUN = ("max_runtime", "log_format", "metrics", "on_finish", "limit", "supersede", "trust_remote_code")


def asked_again(folder: Path, changed: Mapping[str, Any]) -> GivenJob:
    """The job of this output folder, with changed settings."""
    job = make_job(Manifest.of_output(folder).settings)
    stored = {name: value for name, value in job.model_dump().items() if name not in OF_ONE_RUN}
    again = make_job({**stored, **changed, "out": folder})
    if again.inputs == ["-"]:
        raise UserError(f"{folder} was made from standard input, which cannot be read again; run it from files")
    return GivenJob(again, dict.fromkeys(changed, "flag"))


def ready_again(asked: GivenJob, problems: Sequence[str], ready: Callable[[GivenJob], Prepared]) -> Prepared:
    """The job, made `ready`, for its quarantined documents with one of these problems (none = all), and for no others.

    What it settles goes by the name of the folder's own job: so a later `extract run` with the original settings
    leaves it alone. The manifest's `retries` remember what was changed.
    """
    again = quarantined(problems)
    prepared = ready(asked)
    identity = Manifest.of_output(asked.job.out).identity or {}
    return replace(prepared, again=again, builder=prepared.builder.as_job(identity))


def quarantined(problems: Sequence[str]) -> Redo:
    """Picks the quarantined documents, all or those with one of these problems; UserError for an unknown one."""
    known = get_args(ProblemKind)
    if unknown := [kind for kind in problems if kind not in known]:
        raise UserError(f"--problem {unknown[0]}: no such problem (one of {', '.join(known)})")
    return lambda status, problem: status == "quarantined" and (not problems or problem in problems)
