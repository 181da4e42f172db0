"""Nobody listens any more: the run goes on, ends by its own truth, and tells those who still do."""

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest
from programs import PLAIN, SLOW, documents

from extractor.store.status import output_status

pytestmark = pytest.mark.slow

PROGRAM = [sys.executable, str(SLOW), "run"]
COUNT = 12


def job(tmp_path: Path, *more: str) -> tuple[list[str], Path]:
    """Its words, and what its hook will have written; the hook speaks before it writes."""
    source, heard = documents(tmp_path / "d.jsonl", COUNT), tmp_path / "heard"
    hook = f'echo the run is over; echo "$EXTRACT_EXIT_CODE $EXTRACT_SETTLED_BEFORE $EXTRACT_NEW" > {heard}'
    words = [str(source), "--schema", "news", "--out", str(tmp_path / "out"), *PLAIN, "--on-finish", hook]
    return [*words, "--metrics", str(tmp_path / "m.prom"), *more], heard


def told_and_done(tmp_path: Path, heard: Path, code: int = 0) -> None:
    assert heard.read_text() == f"{code} 0 {COUNT}\n"
    assert output_status(tmp_path / "out").settled == COUNT
    assert f'extractor_run_exit_code{{out="{tmp_path / "out"}"}} {code}\n' in (tmp_path / "m.prom").read_text()


JSON = ["--log-format", "json"]
QUARANTINED = 4
GONE = ["2>&1 | head -n 1", "2>&1 | true", "2>&-", "2>/dev/full", ">&- 2>&- <&-"]
CASES = [(gone, more, 0) for gone in GONE for more in ([], JSON)]
CASES += [("2>&1 | true", [], QUARANTINED), ("2>/dev/full", ["--quiet"], QUARANTINED)]


@pytest.mark.parametrize(("redirected", "more", "code"), CASES)
def test_without_stderr_a_run_is_done_and_told(tmp_path: Path, redirected: str, more: list[str], code: int) -> None:
    words, heard = job(tmp_path, *more)
    shell = f'set -o pipefail; "$@" {redirected}'
    env = os.environ | {"SLOW_SECONDS": "0.02"} | ({"SLOW_ANSWER": "{}"} if code else {})
    done = subprocess.run(["bash", "-c", shell, "bash", *PROGRAM, *words], env=env, timeout=60, capture_output=True)
    assert done.returncode == code
    told_and_done(tmp_path, heard, code)


def test_a_terminal_that_goes_away(tmp_path: Path) -> None:
    words, heard = job(tmp_path)
    ours, theirs = pty.openpty()
    env = os.environ | {"SLOW_SECONDS": "0.1"}
    run = subprocess.Popen([*PROGRAM, *words], env=env, stdout=theirs, stderr=theirs, stdin=theirs)
    os.close(theirs)
    while b"doc" not in os.read(ours, 1000):
        pass
    time.sleep(0.3)
    os.close(ours)
    assert run.wait(timeout=60) == 0
    told_and_done(tmp_path, heard)


@pytest.mark.parametrize("redirected", ["| true", ">/dev/full", ">&-"])
def test_json_that_nobody_reads_is_not_how_the_run_ended(tmp_path: Path, redirected: str) -> None:
    words, heard = job(tmp_path, "--json")
    env = os.environ | {"SLOW_ANSWER": "{}"}
    shell = f'set -o pipefail; "$@" {redirected}'
    done = subprocess.run(["bash", "-c", shell, "bash", *PROGRAM, *words], env=env, timeout=60, capture_output=True)
    assert done.returncode == QUARANTINED
    told_and_done(tmp_path, heard, QUARANTINED)


EXTRACT = [sys.executable, "-c", "from extractor.cli import main; main()"]


@pytest.mark.parametrize(
    "words", [["schemas"], ["schemas", "--json"], ["schemas", "news"], ["models"], ["guide", "schemas"]], ids=" ".join
)
def test_a_command_that_prints_is_done_when_its_reader_goes(words: list[str]) -> None:
    shell = 'set -o pipefail; "$@" | true'
    done = subprocess.run(["bash", "-c", shell, "bash", *EXTRACT, *words], timeout=60, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", [["schemas"], ["schemas", "--json"]], ids=" ".join)
def test_a_full_disk_under_standard_output_is_a_line_with_the_cure(words: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([*EXTRACT, *words], stdout=full, stderr=subprocess.PIPE, timeout=60, text=True)
    line = "extract: standard output: No space left on device; make room, or send it elsewhere\n"
    assert (done.returncode, done.stderr) == (1, line)
