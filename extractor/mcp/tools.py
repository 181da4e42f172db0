"""What an agent can ask for: words in, text out. What is wrong is a UserError, in one line with its cure."""

import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from extractor.errors import Locked, UserError
from extractor.fingerprint import digest
from extractor.jobs.file import load_jobs
from extractor.mcp.folders import Folders
from extractor.pipeline.single import SingleTexts
from extractor.store.lock import is_held
from extractor.store.parts import MANIFEST
from extractor.store.query import query
from extractor.store.status import output_status
from extractor.tasks import shipped
from extractor.tasks.schema import load_schema

MOST_CHARACTERS = 50_000  # of an answer: what is more is of no use to a model
ROWS_CUT = "the rows are cut: ask for fewer, or for counts"
BEGINS, LOOKS = 60.0, 0.05  # seconds that a job has to take its output, and between two looks at whether it has


class Tools:
    """The tools behind one server: texts are answered by one model, which stays loaded."""

    def __init__(self, texts: SingleTexts, fields: dict[str, Any], folders: Folders) -> None:
        """`fields` are those of a job by which texts are answered."""
        self._texts, self._fields, self._folders = texts, fields, folders
        self._written = TemporaryDirectory(prefix="extract-")
        self._started: list[subprocess.Popen[bytes]] = []

    def list_schemas(self) -> str:
        """A line for each schema that ships: its name, and what it extracts."""
        return "\n".join(f"{name}: {load_schema(name).description}" for name in shipped.names())

    def extract(self, text: str, schema: str, mode: str) -> str:
        """JSON: {"status", "record", "problem"} of this text; `schema` is a shipped one's name, or JSON Schema text."""
        if not text.strip():
            raise UserError("text is empty")
        found = self._texts.answer(text, {**self._fields, "schema_": self._schema(schema), "mode": mode})
        problem = asdict(found.problem) if found.problem else None
        return _json({"status": found.status, "record": found.record, "problem": problem})

    def start(self, job: str) -> str:
        """Starts the jobs of a job file, which go on whatever becomes of the agent; JSON: {"outputs", "log"}.

        It comes back when the first of them has its output, or is over.
        """
        file = self._folders.inside(job)
        asked = load_jobs(file, {})
        self._folders.check(asked)
        if held := [given.job.place for given in asked if is_held(given.job.place)]:
            raise Locked(f"a run holds {held[0]} already; ask for its status")
        log = self._folders.inside(file.with_suffix(".log"))
        command = [sys.executable, "-c", "from extractor.cli import main; main()", "job", "run", str(file)]
        with log.open("ab") as sink:
            begun = subprocess.Popen(
                [*command, "--log-format", "json"], stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
                start_new_session=True,
            )  # fmt: skip
        self._started = [*(one for one in self._started if one.poll() is None), begun]
        ends = time.monotonic() + BEGINS
        while begun.poll() is None and not is_held(asked[0].job.place) and time.monotonic() < ends:
            time.sleep(LOOKS)  # who asks for the status next should find something
        return _json({"outputs": [str(given.job.out) for given in asked], "log": str(log)})

    def status(self, out: str) -> str:
        """JSON: how many documents of an output are ok, empty, quarantined and pending, and whether a run is on."""
        folder = self._folders.inside(out)
        for one in self._started:
            one.poll()  # or it stays a zombie
        if not (folder / MANIFEST).exists() and is_held(folder):
            return _json({"running": True, "settled": 0})
        now = output_status(folder)
        return _json({"running": is_held(folder), **now.as_json()})

    def query(self, out: str, sql: str) -> str:
        """JSON: {"columns", "rows"} of one SELECT over the tables of an output; "more" where some were left out."""
        found = query(self._folders.inside(out), sql)
        rows = found.rows
        while len(said := _json({"columns": found.columns, "rows": rows})) > MOST_CHARACTERS and rows:
            rows = rows[: len(rows) // 2]
        is_all = found.is_all and len(rows) == len(found.rows)
        return said if is_all else _json({"columns": found.columns, "rows": rows, "more": ROWS_CUT})

    def close(self) -> None:
        """Frees the model; jobs that were started go on."""
        self._texts.close()
        self._written.cleanup()

    def _schema(self, given: str) -> str:
        """What names the schema to a job: a shipped name, or a file that holds what was given as text."""
        if not given.lstrip().startswith("{"):
            if given not in shipped.names():
                raise UserError(
                    f"there is no schema {given!r} (one of {', '.join(shipped.names())}, or JSON Schema text)"
                )
            return given
        try:
            json.loads(given)
        except ValueError as error:
            raise UserError(f"schema is no JSON: {error}") from None
        path = Path(self._written.name) / f"{digest(given)}.json"
        if not path.exists():
            path.write_text(given, encoding="utf-8")
        return str(path)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
