"""A whole job on a fake engine, and what a person may do to its output in between, to be killed."""

import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fakes import Silent, answering, fake_model, fake_prepared

from extractor.engines.base import Engine
from extractor.jobs.file import GivenJob
from extractor.jobs.prepare import Prepared, prepare
from extractor.jobs.retry import asked_again, ready_again
from extractor.pipeline.session import run
from extractor.store.compact import compact
from extractor.store.repair import repair
from extractor.types import Request

PART = 25  # documents in a part
GOOD = '{"entities": [{"name": "Alice", "type": "person"}], "relations": [], "summary": "x"}'


@dataclass(frozen=True, slots=True)
class Work:
    """One command on an output; every answer asked for leaves a line in `asked`."""

    inputs: Path
    out: Path
    asked: Path

    def run(self) -> None:
        """The job, from where it is to its end; it takes the rows of another job back."""
        self._run(fake_prepared(self.inputs, self.out, part_documents=PART, supersede=True))

    def supersede(self) -> None:
        """Another job replaces the rows of the first one."""
        self._run(fake_prepared(self.inputs, self.out, part_documents=PART, supersede=True, seed=1))

    def retry(self) -> None:
        """The quarantined documents are done again, and come out as before."""
        self._run(ready_again(asked_again(self.out, {}), (), _ready))

    def compact(self) -> None:
        """Small parts into larger ones."""
        compact(self.out, full=4 * PART)

    def repair(self) -> None:
        """Finds nothing to mend."""
        repair(self.out)

    def _run(self, prepared: Prepared) -> None:
        log = os.open(self.asked, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        run(prepared, lambda _: _engine(log), Silent(), lambda: False)


CHORES: dict[str, Callable[[Work], None]] = {
    "compact": Work.compact,
    "repair": Work.repair,
    "retry": Work.retry,
    "supersede": Work.supersede,
}


def _engine(log: int) -> Engine:
    """Good answers for most; one document in eight fails once, one in sixteen always."""

    def answer(request: Request) -> str:
        os.write(log, f"{request.document.id} {request.attempt}\n".encode())
        kind = zlib.crc32(request.document.text.encode()) % 16
        return "no json" if kind == 0 or (kind in (1, 2) and request.attempt == 1) else GOOD

    return answering(answer)


def _ready(asked: GivenJob) -> Prepared:
    return prepare(asked.job, frozenset(asked.origins), fake_model())
