"""Quarantined documents, done again as their job did them, or with changed settings."""

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from extractor.errors import UserError
from extractor.jobs.file import GivenJob
from extractor.jobs.job import Job, flag_of, make_job
from extractor.jobs.prepare import Prepared
from extractor.models.given import may_run_code
from extractor.store.manifest import Manifest
from extractor.store.parts import MANIFEST
from extractor.store.settled import Redo
from extractor.types import ProblemKind

# What can run code of whoever wrote the manifest, unless it is harmless, or sends them documents and keys; a folder is
# data until a person says the word.
_SENDS = ("url", "key_env", "key_file", "address")
_RISKS: dict[str, Callable[[Any, Path], bool]] = {
    "schema_": lambda value, folder: ":" in str(value),
    "engine_arg": lambda value, folder: any(may_run_code(word, held) for word, held in value.items()),
    "model": lambda value, folder: _is_code(Path(str(value)), folder),
    **dict.fromkeys(_SENDS, lambda value, folder: bool(value)),
}
_HOLD_CODE = ("*.py", "*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")  # pickles run what they say
# No matter of the job's; and whom a person trusts, an output folder cannot say
OF_ONE_RUN = ("max_runtime", "log_format", "metrics", "on_finish", "limit", "shard", "supersede", "trust_remote_code")


def asked_again(folder: Path, changed: Mapping[str, Any]) -> GivenJob:
    """The job of this output folder, with changed settings; UserError where its manifest names code to run."""
    if changed.get("shard"):
        raise UserError("--shard is for extract run; a retry takes all that is quarantined in the output")
    if changed.get("wire"):
        raise UserError("--wire is for extract run: the answers of one output are written in one form")
    again = stored_job(folder, {**changed, "out": folder}, "retry")
    if again.inputs == ["-"]:
        raise UserError(f"{folder} was made from standard input, which cannot be read again; run it from files")
    return GivenJob(again, dict.fromkeys(changed, "flag"))


def stored_job(folder: Path, changed: Mapping[str, Any], command: str) -> Job:
    """What ran there, less what was of that run alone, with changed settings; UserError where its manifest names code
    to run, or servers: these a person must say again, to `command`."""
    job = make_job(Manifest.of_output(folder).settings, f"{folder / MANIFEST}: ")
    stored = {name: value for name, value in job.model_dump().items() if name not in OF_ONE_RUN}
    risks = risks_of({name: value for name, value in stored.items() if name not in changed}, folder)
    if words := [word for said in risks.values() for word in said]:
        what = "code to run" if {*risks}.difference(_SENDS) else "servers to send to"
        raise UserError(
            f"{folder / MANIFEST} names {what}, and a folder is data; if you mean it, say it again: extract"
            f" {command} {folder} {' '.join(words)}"
        )
    return make_job({**stored, **changed})


def risks_of(settings: Mapping[str, Any], folder: Path) -> dict[str, list[str]]:
    """By setting, the words that run code of whoever wrote them, or send to servers; `folder` is where they lay."""
    found = {name: _risky_words(name, settings.get(name), folder) for name in _RISKS}
    return {name: words for name, words in found.items() if words}


def _risky_words(name: str, value: Any, folder: Path) -> list[str]:
    """The words to type for a setting that is a risk; none where it is harmless."""
    if value is None or not _RISKS[name](value, folder):
        return []
    if isinstance(value, dict):
        return [f"{flag_of(name)} {shlex.quote(f'{key}={_word(held)}')}" for key, held in value.items()]
    return [f"{flag_of(name)} {shlex.quote(str(one))}" for one in (value if isinstance(value, list) else [value])]


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _is_code(model: Path, folder: Path) -> bool:
    """Whether a model is a folder that came with the output, or that holds more than weights."""
    if not model.is_dir():
        return False
    came_along = model.resolve().is_relative_to(folder.resolve())
    return came_along or any(found for pattern in _HOLD_CODE for found in model.glob(pattern))


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
