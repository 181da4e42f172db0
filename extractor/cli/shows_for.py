"""What shows a job: a bar, lines or JSON on stderr, and the metrics file."""

from collections.abc import Callable, Sequence

from extractor.jobs.file import GivenJob
from extractor.jobs.job import Job
from extractor.progress.events import Show
from extractor.progress.prometheus import MetricsFile
from extractor.progress.stderr import Bar, Errors, JsonLines, Lines


def shows_for(given: Sequence[GivenJob], quiet: bool, terminal: bool) -> Callable[[Job], list[Show]]:
    """What shows a job: on stderr as its log format says, and in the metrics file, which several jobs may share."""
    files = {path: MetricsFile(path) for path in {one.job.metrics for one in given} if path}

    def shows(job: Job) -> list[Show]:
        said: Show = JsonLines(job.out) if job.log_format == "json" else Errors()
        if job.log_format != "json" and not quiet:
            name = job.out.name if len(given) > 1 else ""
            said = Bar(name) if terminal else Lines(name)
        return [said, files[job.metrics]] if job.metrics else [said]

    return shows
