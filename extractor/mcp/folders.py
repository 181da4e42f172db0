"""Which folders an agent may read and write: those that a person named, and nothing beside them."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from extractor.documents import locate
from extractor.errors import UserError
from extractor.jobs.file import GivenJob
from extractor.jobs.job import flag_of
from extractor.jobs.retry import risks_of


class Folders:
    """The folders that a person named."""

    def __init__(self, named: Sequence[Path]) -> None:
        """UserError for one that is not there."""
        if missing := [folder for folder in named if not folder.is_dir()]:
            raise UserError(f"--folder {missing[0]} is no folder; make it first")
        self._named = [folder.resolve() for folder in named]

    def inside(self, place: str | Path) -> Path:
        """The place, whose links are followed, in one of the folders; UserError where it is outside.

        What is relative is so to the first folder.
        """
        if not self._named:
            raise UserError("no folder is open to agents: start extract mcp with --folder DIR")
        path = (self._named[0] / place).resolve()
        if not any(path.is_relative_to(folder) for folder in self._named):
            raise UserError(f"{place} is outside of what is open to agents: {', '.join(map(str, self._named))}")
        return path

    def check(self, asked: Iterable[GivenJob]) -> None:
        """UserError where a job reads or writes anything outside, runs code that it names, or sends to servers."""
        for given in asked:
            settings = given.job.model_dump()
            risky = [word for words in risks_of(settings, given.job.out).values() for word in words]
            risky += [flag_of(name) for name in ("on_finish", "trust_remote_code") if settings[name]]
            if risky:
                raise UserError(f"{given.file} runs code or sends to servers ({' '.join(risky)}): start it yourself")
            for place in _places(given):
                self.inside(place)


def _places(given: GivenJob) -> Iterator[Path]:
    """Where a job reads and writes, but for what ships and models that are no folders."""
    job = given.job
    yield job.out
    if addresses := [name for name in job.inputs if "://" in name]:
        raise UserError(f"{addresses[0]} is an address, and agents read folders: start the job yourself")
    yield from (Path(source.place) for source in locate(job.inputs))  # where globs, links and ~ lead
    for place in (job.metrics, job.calibration, job.from_):
        if place:
            yield place
    named = (job.schema_, job.prompt, job.examples, job.model)
    yield from (path for path in map(Path, filter(None, named)) if path.exists() or path.is_absolute())
