"""One text at a time, on an engine that stays loaded between the calls."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from extractor.documents import locate
from extractor.jobs.file import GivenJob
from extractor.jobs.job import make_job
from extractor.jobs.prepare import Prepared
from extractor.pipeline.engines import EnginePool
from extractor.pipeline.jobs import Providers, run_jobs
from extractor.store.output import Output
from extractor.types import Status

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a text gave: its validated record, None if quarantined, and the rows of each table as a run stores them."""

    status: Status
    record: Any
    rows: dict[str, list[Row]]

    @property
    def problem(self) -> str | None:
        """Why it is quarantined, in one line."""
        return next((f"{row['problem']}: {row['detail']}" for row in self.rows["quarantine"]), None)


class SingleTexts:
    """Answers texts one by one as a run would, cures and all; jobs that agree on model and engine load it once."""

    def __init__(self, providers: Providers) -> None:
        self._providers, self._pool = providers, EnginePool(providers.engine)
        self._ready: dict[str, Prepared] = {}
        self._folder = TemporaryDirectory(prefix="extract-")

    def answer(self, text: str, given: dict[str, Any]) -> Answer:
        """What this text gives; `given` are the fields of a job, without inputs and out. Ended where the run fails."""
        with TemporaryDirectory(dir=self._folder.name) as place:
            source, out = Path(place) / "text.jsonl", Path(place) / "out"
            source.write_text(json.dumps({"id": "text", "text": text}))
            job = make_job({**given, "inputs": [str(source)], "out": out})
            self._run(GivenJob(job, dict.fromkeys(given, "argument")))
            return _answer(Output(out))

    def close(self) -> None:
        """Frees the engine; the next text loads it again."""
        self._pool.close()

    def _run(self, given: GivenJob) -> None:
        try:
            list(run_jobs([given], lambda job: [], Providers(self._prepare, self._engine)))
        except BaseException:
            self.close()
            raise

    def _prepare(self, given: GivenJob) -> Prepared:
        """The job made ready, but once for all that differ in their text alone."""
        key = given.job.model_dump_json(exclude={"inputs", "out"})
        if key not in self._ready:
            self._ready[key] = self._providers.prepare(given)
        return replace(self._ready[key], job=given.job, sources=locate(given.job.inputs))

    def _engine(self, ready: Prepared) -> Any:
        lasting = ready.job.model_copy(update={"out": Path(self._folder.name)})  # its log outlives the call
        return self._pool.lend(replace(ready, job=lasting))


def _answer(output: Output) -> Answer:
    rows = {name: table.to_pylist() for name, table in output.items()}
    (document,) = rows.pop("documents")
    record = None if document["record"] is None else json.loads(document["record"])
    return Answer(document["status"], record, rows)
