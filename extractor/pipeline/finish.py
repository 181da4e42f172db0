"""How a job ends: its exit code, who is told, and the command of --on-finish."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import ExtractorError
from extractor.exits import OK, QUARANTINED, STOPPED, Ended, verdict
from extractor.jobs.job import Job
from extractor.progress.events import Counts, Progress
from extractor.progress.tally import Tally
from extractor.store.status import OutputStatus, output_status
from extractor.system.streams import silence_if_gone

LONGEST = 10_000  # characters of a message; the kernel takes no more than 128 KiB in one variable


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended; a failure is an Ended instead."""

    job: Job
    code: int
    status: OutputStatus
    drained: bool = False  # it was told to end, and so are the jobs after it


def outcome(job: Job, progress: Progress, tally: Tally, now: OutputStatus) -> Outcome:
    """The job's outcome; whoever looks on is told, and --on-finish is run."""
    for line in tally.faults:
        progress.say("warning", line)
    if (code := _code(tally, now)) == STOPPED:
        left = "some work" if now.pending is None else f"{now.pending:,} documents"
        progress.say("note", f"stopped before the end, {left} left; the same command continues")
    _end(job, progress, code, now)
    return Outcome(job, code, now, code == STOPPED and tally.drained)


@contextmanager
def failures_told(jobs: Sequence[tuple[Job, Progress]]) -> Iterator[None]:
    """A failure within is told, once, and ends the jobs: Ended with its exit code."""
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        line, code = verdict(error)
        _tell(jobs, line, code)
        for job, progress in jobs:
            _end(job, progress, code, _status_or_none(job.place))
        raise Ended(code) from error


def _tell(jobs: Sequence[tuple[Job, Progress]], line: str, code: int) -> None:
    (_, first), *others = jobs
    first.error(line, code)
    for _, progress in others:
        progress.counts.error = line


def _code(tally: Tally, now: OutputStatus) -> int:
    if tally.faults or (tally.stopped and tally.pending != 0):
        return STOPPED
    return QUARANTINED if now.quarantined or now.partial else OK


def _status_or_none(out: Path) -> OutputStatus | None:
    try:
        return output_status(out)
    except (ExtractorError, OSError, ValueError):
        return None


def _end(job: Job, progress: Progress, code: int, now: OutputStatus | None) -> None:
    progress.end(code, now)
    if job.on_finish:
        silence_if_gone(sys.stderr)  # else the command is killed at its first word
        if ended := _called(job.on_finish, on_finish_environment(progress.counts)):
            progress.say("warning", f"--on-finish ended with {ended}: {job.on_finish}")


def _called(command: str, told: dict[str, str]) -> int | str:
    """What the shell command ended with."""
    try:
        return subprocess.run(["/bin/sh", "-c", command], env=os.environ | told, stdout=2, check=False).returncode
    except OSError as error:
        return f"'{error.strerror or error}'"


def on_finish_environment(counts: Counts) -> dict[str, str]:
    """What the command of --on-finish finds; a count that is not known is empty."""
    now = counts.status
    found = {
        "EXIT_CODE": counts.exit_code,
        "OUT": counts.out,
        "MESSAGE": counts.error[:LONGEST],
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
