"""Quarantined documents, done again as their job did them, or with changed settings."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from extractor.config import Job, make_job
from extractor.errors import UserError
from extractor.models.resolve import Model
from extractor.prepare import Prepared, load_model, prepare
from extractor.store.manifest import Manifest
from extractor.store.settled import Redo
from extractor.tasks.chat import Chat
from extractor.types import ProblemKind


def prepare_retry(
    folder: Path, changed: Mapping[str, Any], load: Callable[[Job], tuple[Model, Chat]] = load_model
) -> Prepared:
    """The job of this output folder with `changed` settings, prepared; what it settles counts as that job's own work.

    So a later `extract run` with the original settings leaves alone what a retry has settled; the manifest's
    `retries` remember what was changed.
    """
    content = Manifest.load(folder).content
    if not content:
        raise UserError(f"{folder} holds no manifest.json: not an output folder of extract run")
    settings = {**content["settings"], **changed, "out": folder, "supersede": False}
    if settings["inputs"] == ["-"]:
        raise UserError(f"{folder} was made from standard input, which cannot be read again; retry needs files")
    prepared = prepare(make_job(settings), frozenset(changed), load)
    prepared.desk.work_as(content["identity"])
    return prepared


def quarantined(problems: Sequence[str]) -> Redo:
    """Picks the quarantined documents, all or those with one of these problems; UserError for an unknown one."""
    known = get_args(ProblemKind)
    if unknown := [kind for kind in problems if kind not in known]:
        raise UserError(f"--problem {unknown[0]}: no such problem (one of {', '.join(known)})")
    return lambda status, problem: status == "quarantined" and (not problems or problem in problems)
