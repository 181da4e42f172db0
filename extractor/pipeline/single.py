"""One text at a time, on an engine that stays loaded between the calls."""

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

import pyarrow as pa

from extractor.documents import read
from extractor.jobs.file import GivenJob
from extractor.jobs.job import Job, make_job
from extractor.jobs.prepare import Prepared
from extractor.pipeline.engines import EnginePool, LazyEngine
from extractor.pipeline.jobs import Providers
from extractor.pipeline.scheduler import Lane, Scheduler, settle
from extractor.pipeline.session import procedure_of
from extractor.store.tables import SCHEMAS, Row, rows_of
from extractor.types import Document, Problem, Settlement, Status


@dataclass(frozen=True, slots=True)
class Answer:
    """What a text gave: its validated record, and the rows of each table as a run stores them."""

    status: Status
    record: Any  # None if quarantined
    problem: Problem | None  # why it is quarantined
    rows: dict[str, list[Row]]


class SingleTexts:
    """Answers texts one by one as a run would, cures and all; those that agree on model and engine load it once."""

    def __init__(self, providers: Providers) -> None:
        self._providers, self._pool, self._turn = providers, EnginePool(providers.engine), Lock()
        self._prepared: dict[str, Prepared] = {}
        self._folder = TemporaryDirectory(prefix="extract-")

    def answer(self, text: str, given: dict[str, Any]) -> Answer:
        """What this text gives; `given` are the fields of a job, without inputs and out. Raises what a run raises."""
        with self._turn:
            source = Path(self._folder.name) / "text.jsonl"
            source.write_text(json.dumps({"id": "text", "text": text}))
            job = make_job({**given, "inputs": [str(source)], "out": self._folder.name})
            prepared = self._prepare(GivenJob(job, dict.fromkeys(given, "argument")))
            (document,) = read(prepared.sources, prepared.columns)
            return _answer(self._settle(document, prepared))

    def close(self) -> None:
        """Frees the engine; the next text loads it again."""
        self._pool.close()

    def _prepare(self, given: GivenJob) -> Prepared:
        """The job made ready, once for all texts until a file that it names changes."""
        key = given.job.model_dump_json() + _stamps(given.job)
        if key not in self._prepared:
            self._prepared[key] = self._providers.prepare(given)
        return self._prepared[key]

    def _settle(self, document: Document, prepared: Prepared) -> Settlement:
        scheduler = Scheduler([Lane(procedure_of(prepared), iter([document]))])
        try:
            turns = settle(scheduler, LazyEngine(self._pool, prepared, ()))
            ((_, settlement),) = [settled for turn in turns for settled in turn]
        except BaseException:
            self.close()  # what is still under way must not come back as the next text's
            raise
        return settlement


def _stamps(job: Job) -> str:
    files = [Path(name) for name in (job.schema_, job.prompt, job.examples) if name]
    return str([(file.stat().st_mtime_ns, file.stat().st_size) for file in files if file.is_file()])


def _answer(settlement: Settlement) -> Answer:
    kept = settlement.kept
    stored = {name: pa.Table.from_pylist(rows, SCHEMAS[name]) for name, rows in rows_of(settlement).items()}
    rows = {name: table.to_pylist() for name, table in stored.items()}
    return Answer(kept.status, None if kept.problem else kept.record, kept.problem, rows)
