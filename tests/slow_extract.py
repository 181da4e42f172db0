"""`extract run`, `job run` and `compare --run` with a model that takes its time, for tests to start and to signal.

SLOW_SECONDS: how long each answer takes. SLOW_ANSWER: the answer. SLOW_DIES_AT: at which request the engine dies.
SLOW_LOAD, SLOW_CLOSE: how long the engine takes for that.
"""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

sys.path.insert(0, str(Path(__file__).parent))
from fakes import answering, fake_model

from extractor.cli.app import AsJson, Quiet, settle
from extractor.cli.boundary import boundary
from extractor.cli.evaluate import make_runs
from extractor.cli.options import file_words, flag_words, job_words
from extractor.engines.base import Engine
from extractor.engines.fake import FakeEngine
from extractor.errors import EngineError
from extractor.jobs.file import GivenJob
from extractor.jobs.prepare import Prepared, prepare
from extractor.pipeline.jobs import Providers
from extractor.system.streams import open_streams
from extractor.types import Request

ANSWER = '{"entities": [], "relations": [], "summary": "It happened."}'
app = typer.Typer(pretty_exceptions_enable=False)
asked_for = 0


def tell(what: str) -> None:
    with suppress(OSError):  # nobody may be there
        print(what, flush=True) if sys.stdout is not sys.__stdout__ else os.write(1, f"{what}\n".encode())


class SlowToClose(FakeEngine):
    """Takes SLOW_CLOSE seconds for it."""

    def close(self) -> None:
        if seconds := float(os.environ.get("SLOW_CLOSE", "0")):
            tell("CLOSING")
            time.sleep(seconds)


def load(prepared: Prepared) -> Engine:
    global asked_for
    asked_for = 0
    if loading := float(os.environ.get("SLOW_LOAD", "0")):
        tell("LOADING")
        time.sleep(loading)
    tell("LOADED")
    seconds, dies_at = float(os.environ.get("SLOW_SECONDS", "0")), int(os.environ.get("SLOW_DIES_AT", "0"))

    def answer(request: Request) -> str:
        global asked_for
        asked_for += 1
        if asked_for == dies_at:
            raise EngineError("the engine died: as the test wants it")
        time.sleep(seconds)
        return os.environ.get("SLOW_ANSWER", ANSWER)

    return answering(answer, window=2, kind=SlowToClose)


PROVIDERS = Providers(lambda asked: prepare(asked.job, frozenset(asked.origins), fake_model()), load)


@app.command()
@job_words
def run(asked: GivenJob, as_json: AsJson = False, quiet: Quiet = False) -> None:
    settle([asked], as_json, quiet, PROVIDERS)


@app.command()
@file_words
def job(asked: list[GivenJob], as_json: AsJson = False, quiet: Quiet = False) -> None:
    settle(asked, as_json, quiet, PROVIDERS)


@app.command()
@flag_words("mode")
def compare(
    flags: dict[str, Any],
    inputs: list[str],
    arms: Annotated[str, typer.Option("--run")],
    out: Annotated[Path, typer.Option()],
    quiet: Quiet = False,
) -> None:
    with boundary():
        folders, code = make_runs(arms, inputs, out, flags, quiet, PROVIDERS)
        print(*folders)
        raise typer.Exit(code)


if __name__ == "__main__":
    open_streams()
    app()
