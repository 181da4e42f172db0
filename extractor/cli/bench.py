"""`extract bench`: is this machine well used?"""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from tqdm import tqdm

from extractor.bench.measured import ARMS
from extractor.cli import files, say
from extractor.cli.boundary import boundary
from extractor.cli.options import flag_words
from extractor.errors import EngineError
from extractor.escape import in_line
from extractor.jobs.file import GivenJob
from extractor.jobs.job import make_job
from extractor.system.streams import audience

if TYPE_CHECKING:
    from extractor.bench.bench import Benched
    from extractor.bench.measured import Measured

_SERVERS = ("url", "server", "served_model", "window", "key_env", "key_file")
_OF_A_LONG_RUN = (
    "keep",
    "limit",
    "shard",
    "replicas",
    "address",
    "supersede",
    "max_runtime",
    "log_format",
    "metrics",
    "on_finish",
)
NOT_MEASURED = ("engine", "from_", *_SERVERS, *_OF_A_LONG_RUN)
Inputs = Annotated[
    list[str], typer.Argument(help="documents, as for extract run", metavar="INPUT...", show_default=False)
]
Documents = Annotated[int, typer.Option("--documents", help="take the first so many", min=1, max=10**6)]
Rounds = Annotated[int, typer.Option("--rounds", help="measure each way so often, in turn", min=1, max=100)]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object on stdout")]
Quiet = Annotated[bool, typer.Option("--quiet", help="no progress bar")]
Report = Annotated[str | None, typer.Option("--report", help="write a page to look at, one HTML file", metavar="FILE")]


@flag_words(*NOT_MEASURED)
def bench_command(
    flags: dict[str, Any],
    inputs: Inputs,
    documents: Documents = 64,
    rounds: Rounds = 3,
    as_json: AsJson = False,
    report: Report = None,
    quiet: Quiet = False,
) -> None:
    """Say how well a run uses this machine: against vLLM fed with all at once, and vLLM as most scripts use it.

    extract bench news.jsonl --schema news --model Qwen/Qwen3-8B --documents 2000
    """
    with boundary(), _folder() as folder, _shown(1 + len(ARMS) * rounds, quiet) as watching:
        from extractor.bench.bench import bench

        files.check_written([], {"--report": report}, {}, inputs)
        given = {**flags, "inputs": inputs, "out": folder}
        asked = GivenJob(make_job(given), dict.fromkeys(given, "flag"))
        found = bench(asked, documents, rounds, folder, watching)
        watching.close()
        if report:
            from extractor.bench.page import bench_page

            files.write("--report", Path(report), bench_page(found))
        if as_json:
            say.value(asdict(found))
            return
        say.text(found.verdict.sentence)
        _print(found)
        for note in found.verdict.notes:
            say.note(note)


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that is gone afterwards, but where the engine fails: then its log lies there."""
    folder = Path(tempfile.mkdtemp(prefix="extract-bench-"))
    kept = False
    try:
        yield folder
    except EngineError:
        kept = True
        raise
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)


def _print(found: "Benched") -> None:
    from extractor.bench.table import tables
    from extractor.cli.tables import table

    for header, *rows in tables(found):
        table(header, rows)


class _Silent:
    """Shows nothing."""

    def loading(self, model: str) -> None: ...
    def begin(self, arm: str, number: int) -> None: ...
    def done(self, documents: int) -> None: ...
    def end(self, found: "Measured") -> None: ...
    def close(self) -> None: ...


class _Lines(_Silent):
    """A line for each arm that is measured."""

    def loading(self, model: str) -> None:
        say.note(f"extract: loading {model}")

    def end(self, found: "Measured") -> None:
        which = f"round {found.round}" if found.round else "warming up"
        say.note(f"extract: {which}, {found.arm}: {found.documents_per_second:,.2f} documents/s")


class _Bar(_Silent):
    """A bar over all arms of all rounds."""

    def __init__(self, arms: int) -> None:
        self._arms, self._bar = arms, tqdm(unit="doc", dynamic_ncols=True, file=sys.stderr)

    def loading(self, model: str) -> None:
        self._describe(f"loading {model}")

    def begin(self, arm: str, number: int) -> None:
        self._describe(f"round {number}, {arm}" if number else "warming up")

    def done(self, documents: int) -> None:
        with audience():
            self._bar.update(documents)

    def end(self, found: "Measured") -> None:
        self._bar.total = found.documents * self._arms

    def close(self) -> None:
        with audience():
            self._bar.close()

    def _describe(self, what: str) -> None:
        with audience():
            self._bar.set_description_str(in_line(what))


@contextmanager
def _shown(arms: int, quiet: bool) -> Iterator[_Silent]:
    shown = _Silent() if quiet else _Bar(arms) if sys.stderr.isatty() else _Lines()
    try:
        yield shown
    finally:
        shown.close()
