"""From reviewed documents to the settings to run with: step by step, each on all documents in turn."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor.errors import UserError
from extractor.evaluation.intervals import ENOUGH
from extractor.evaluation.runs import Run, load_run
from extractor.exits import STOPPED, Ended
from extractor.fingerprint import digest
from extractor.jobs.file import GivenJob
from extractor.jobs.job import Job, make_job
from extractor.jobs.retry import OF_ONE_RUN, stored_job
from extractor.jobs.words import words_of
from extractor.learn.folds import Fold, ReviewedDocuments, folds, reviewed, whole
from extractor.learn.kept import KeptEngine
from extractor.learn.scores import Scores, Tried, counted
from extractor.learn.settings import Grounds, Setting
from extractor.learn.verdict import verdict
from extractor.pipeline.jobs import Providers, run_jobs
from extractor.progress.events import Show
from extractor.tasks.closing import closing
from extractor.tasks.schema import load_schema

REVIEW, FOLDER = "review.jsonl", "learn"
# How the fold's own files are read, whatever the output's documents came from
_READ: dict[str, Any] = {"id_column": "id", "text_column": "text", "mode_column": None, "keep": []}
Shows = Callable[[Sequence[GivenJob]], Callable[[Job], list[Show]]]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What to learn from: an output folder with its review, in how many folds, in which modes, and where to."""

    out: Path
    review: Path
    folder: Path
    folds: int
    arms: tuple[str, ...]  # () = that of the output
    flags: Mapping[str, Any]  # settings of the job that are changed


@dataclass(frozen=True, slots=True)
class Learned:
    """What was tried on how many documents, in words what it says, and the command line to use."""

    documents: int
    folds: int
    tried: list[Tried]
    recommended: Setting
    verdict: str
    command: str
    notes: list[str]
    folder: str


def learn(lesson: Lesson, shows: Shows, providers: Providers, told: Callable[[str], None]) -> Learned:
    """Runs what is not run yet, and says what it comes to; `told` hears beforehand what will be asked.

    UserError where too little is reviewed; Ended where runs were stopped: the same call continues.
    """
    job = _job(lesson)
    known = reviewed(lesson.review, job)
    folder = lesson.folder / _name(job, known, lesson.folds)
    parts = folds(known, lesson.folds, folder)
    grounds = _grounds(lesson, job, parts)
    engine = KeptEngine(providers.engine)
    rounds = _Rounds(known, parts, job, folder)
    told(_announced(grounds, known, parts))
    try:
        for step in grounds.steps():
            best = rounds.scores.best if rounds.scores else grounds.first
            rounds.go(step(best), shows, Providers(providers.prepare, engine))
    finally:
        engine.close()
    return _learned(lesson, job, rounds, folder)


class _Rounds:
    """Settings over all folds, and what they scored."""

    def __init__(self, known: ReviewedDocuments, parts: Sequence[Fold], job: Job, folder: Path) -> None:
        self.known, self.parts, self._job, self._folder = known, parts, job, folder
        self._whole = [whole(known, folder)]
        self.scores = Scores(len(known.ids))

    def go(self, settings: Sequence[Setting], shows: Shows, providers: Providers) -> None:
        """Runs those of the settings that were not run before, all folds of all of them together."""
        new = [one for one in settings if one not in self.scores]
        asked = [self._asked(one, part) for one in new for part in self._parts(one)]
        ready = {one.job.out: providers.prepare(one) for one in asked}
        prepared = Providers(lambda given: ready[given.job.out], providers.engine)
        for wave in _waves(asked, [ready[one.job.out].builder.arm for one in asked]):
            if any(one.code == STOPPED for one in run_jobs(wave, shows(wave), prepared, interleaved=True)):
                raise Ended(STOPPED)
        for one in new:
            self.scores.add(one, counted(self._runs(one), self.known.gold, self.known.ids))

    def _parts(self, setting: Setting) -> Sequence[Fold]:
        return self.parts if setting.shows else self._whole

    def _asked(self, setting: Setting, part: Fold) -> GivenJob:
        given = {
            **_READ,
            **setting.fields(str(part.examples)),
            "inputs": [str(part.inputs)],
            "out": self._place(setting, part),
        }
        return GivenJob(make_job({**self._job.model_dump(), **given}), dict.fromkeys(given, "flag"))

    def _runs(self, setting: Setting) -> dict[str, Run]:
        """For each document the run that it was asked about in."""
        loaded = ((part, load_run(str(self._place(setting, part)))) for part in self._parts(setting))
        return {doc_id: run for part, run in loaded for doc_id in part.ids}

    def _place(self, setting: Setting, part: Fold) -> Path:
        return self._folder / setting.name / f"fold-{part.name}"


def _waves(asked: Sequence[GivenJob], arms: Sequence[str]) -> list[list[GivenJob]]:
    """Those that may run together: of jobs that ask the same, as folds do that are shown the same, one in each."""
    waves: list[dict[str, GivenJob]] = []
    for one, arm in zip(asked, arms, strict=True):
        free = next((wave for wave in waves if arm not in wave), None)
        if free is None:
            waves.append(free := {})
        free[arm] = one
    return [list(wave.values()) for wave in waves]


def _job(lesson: Lesson) -> Job:
    job = stored_job(lesson.out, {**lesson.flags, "out": lesson.out}, "learn")
    if job.engine == "replay":
        raise UserError(f"{lesson.out} was judged from stored answers; say what answers here, as in --engine vllm")
    return job


def _name(job: Job, known: ReviewedDocuments, count: int) -> str:
    """Of the folder for these documents, reviewed so, and this job: another review begins anew."""
    texts = [[doc_id, known.gold.documents[doc_id].text, known.examples.get(doc_id)] for doc_id in known.ids]
    said = job.model_dump(mode="json", exclude={"out", "inputs", *OF_ONE_RUN})
    return digest([texts, said, count])[:8]


def _grounds(lesson: Lesson, job: Job, parts: Sequence[Fold]) -> Grounds:
    usual = f"budget={job.thinking_budget}" if job.mode == "think" and job.thinking_budget else job.mode
    fewest = min(part.shown for part in parts)
    if not fewest:
        raise UserError(f"{lesson.review}: no answers to show as examples; review documents whose answers are whole")
    return Grounds(lesson.arms or (usual,), bool(closing(load_schema(job.schema_)).places), fewest)


def _announced(grounds: Grounds, known: ReviewedDocuments, parts: Sequence[Fold]) -> str:
    settings, documents = grounds.most, len(known.ids)
    return (
        f"{documents:,} reviewed documents in {len(parts)} folds: at most {settings} settings, {settings * len(parts)}"
        f" runs, {settings * documents:,} documents to ask"
    )


def _learned(lesson: Lesson, job: Job, rounds: _Rounds, folder: Path) -> Learned:
    documents, tried = len(rounds.known.ids), rounds.scores.tried()
    return Learned(
        documents=documents,
        folds=len(rounds.parts),
        tried=tried,
        recommended=rounds.scores.recommended,
        verdict=verdict(rounds.scores, tried),
        command=shlex.join(["extract", "run", *words_of(_advised(lesson, job, rounds.scores.recommended))]),
        notes=[f"with {documents} documents the true 95 % intervals are wider than these"]
        if documents < ENOUGH
        else [],
        folder=str(folder),
    )


def _advised(lesson: Lesson, job: Job, setting: Setting) -> Job:
    """The job of the output over all its documents, with the settings that are recommended, into a new folder."""
    lasting = {name: value for name, value in job.model_dump().items() if name not in OF_ONE_RUN}
    out = lesson.out.with_name(f"{lesson.out.resolve().name}-learned")
    return make_job({**lasting, **setting.fields(str(lesson.review)), "out": out})
