"""A person's mistakes are one line and 1, an interrupt 130: never a fault of ours."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from programs import PLAIN, documents, ran
from test_cli_words import said

from extractor.errors import UserError
from extractor.exits import verdict

pytestmark = pytest.mark.slow

EXTRACT = [sys.executable, "-c", "from extractor.cli import main; main()"]


def extract(*words: str | bytes, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run([*EXTRACT, *words], capture_output=True, timeout=60, env=os.environ | environment)


BEYOND = [
    *(("limit", 10**30), ("part-documents", 10**30), ("max-answer-tokens", 10**30), ("thinking-budget", 10**30)),
    *(("context", 10**30), ("seed", 10**30), ("seed", -1), ("attempts", 10**30), ("examples-per-document", 10**30)),
    *(("engine-timeout", "inf"), ("engine-timeout", "nan"), ("engine-timeout", 1e300), ("part-seconds", "inf")),
]


@pytest.mark.parametrize(("word", "value"), BEYOND)
def test_a_number_beyond_all_reason(tmp_path: Path, word: str, value: object) -> None:
    source, job = documents(tmp_path / "d.jsonl", 1), tmp_path / "job.toml"
    words = ["--schema", "news", "--out", tmp_path / "o", *(PLAIN if word != "context" else PLAIN[:2])]
    code, _, err = ran("run", source, *words, f"--{word}", value)
    assert (code, err.count("\n")) == (1, 1) and f"--{word} {value}" in err
    job.write_text(f'inputs = "d.jsonl"\nschema = "news"\nout = "o"\nexamples = "none"\n{word} = {value}\n')
    code, _, err = ran("job", job)
    assert (code, err.count("\n")) == (1, 1) and f"job.toml: {word.replace('-', '_')} {value}" in err


OF_ANOTHER_KIND = ["limit = true", "seed = false", "part-seconds = true", "sampling = {temperature = true}"]
OF_ANOTHER_KIND += ["supersede = 1", 'no-reasoning = "yes"', "context = true", "attempts = true"]


@pytest.mark.parametrize("line", OF_ANOTHER_KIND)
def test_true_is_no_number_and_1_is_not_true(tmp_path: Path, line: str) -> None:
    documents(tmp_path / "d.jsonl", 2)
    job = tmp_path / "job.toml"
    job.write_text(f'inputs = "d.jsonl"\nschema = "news"\nout = "o"\nexamples = "none"\n{line}\n')
    code, _, err = ran("job", job)
    assert code == 1 and ": write " in err and err.count("\n") == 1


FILES = ["limit = " + "9" * 5000, "a = " + "[" * 5000, 'metrics = "."', 'metrics = ""', 'out = ""', 'from = ""']


@pytest.mark.parametrize("line", FILES, ids=lambda line: line[:12])
def test_a_job_file_that_is_odd(tmp_path: Path, line: str) -> None:
    documents(tmp_path / "d.jsonl", 1)
    job = tmp_path / "job.toml"
    rest = "" if line.startswith("out") else 'out = "o"\n'
    job.write_text(f'inputs = "d.jsonl"\nschema = "news"\nexamples = "none"\ncontext = 100000\n{rest}{line}\n')
    code, _, err = ran("job", job)
    assert (code, err.count("\n")) == (1, 1)


MODULES = {
    "broken": "def f(:\n",
    "leaver": "import sys\nsys.exit(7)\n",
    "zero": "1 / 0\n",
    "lost": "raise AttributeError('x')\n",
    "unwritable": "from pydantic import BaseModel\nclass A(BaseModel):\n    x: type\n",
}


@pytest.mark.parametrize("name", MODULES)
def test_a_schema_whose_code_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    documents(tmp_path / "d.jsonl", 1)
    Path(f"{name}.py").write_text(MODULES[name])
    heard = tmp_path / "heard"
    hook = f'echo "$EXTRACT_EXIT_CODE" > {heard}'
    code, _, err = ran("run", "d.jsonl", "--schema", f"{name}:A", "--out", "o", *PLAIN, "--on-finish", hook)
    assert (code, err.count("\n")) == (1, 1) and err.startswith(f"extract: --schema {name}:A: ")
    assert heard.read_text() == "1\n"


@pytest.mark.parametrize("place", ["word", "folder"])
def test_a_name_that_is_not_utf8(tmp_path: Path, place: str) -> None:
    (tmp_path / "in").mkdir()
    name = os.fsencode(tmp_path / "in") + b"/caf\xe9.jsonl"
    Path(os.fsdecode(name)).write_text('{"id": "1", "text": "a"}\n')
    given = name if place == "word" else os.fsencode(tmp_path / "in")
    done = extract("run", given, "--schema", "news", "--out", os.fsencode(tmp_path / "o"), "--model", "none")
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
    assert b"caf\\udce9.jsonl: " in done.stderr and b"not UTF-8" in done.stderr


@pytest.mark.parametrize("words", [["schemas"], ["schemas", "news"], ["schemas", "--json"], ["job", "check"]], ids=str)
def test_a_terminal_that_knows_ascii_only(tmp_path: Path, words: list[str]) -> None:
    source = documents(tmp_path / "d.jsonl", 2, "Ada \u738b \U0001f600")
    assert ran("run", source, "--schema", "news", "--out", tmp_path / "old", *PLAIN, "--quiet")[0] == 0
    (tmp_path / "job.toml").write_text(
        'inputs = "d.jsonl"\nschema = "news"\nengine = "replay"\nfrom = "old"\nout = "\u738b"\n'
    )
    more = [str(tmp_path / "job.toml")] if words[0] == "job" else []
    done = extract(*words, *more, PYTHONIOENCODING="ascii", LANG="C", LC_ALL="C")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()
    if "--json" in words:
        assert json.loads(done.stdout)
    if more:
        assert b"\\u738b" in done.stdout


@pytest.mark.parametrize("moment", [0.05, 0.1, 0.2, 0.4, 0.8, 1.6])
def test_an_interrupt_at_any_moment_is_130_without_a_traceback(tmp_path: Path, moment: float) -> None:
    source = documents(tmp_path / "d.jsonl", 1)
    ready = "from extractor.cli import main; print('READY', flush=True); main()"
    words = ["run", str(source), "--schema", "news", "--out", str(tmp_path / "o"), "--model", "nobody/none"]
    started = subprocess.Popen(
        [sys.executable, "-c", ready, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert started.stdout and started.stdout.readline() == "READY\n"
    time.sleep(moment)
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=60)
    assert "Traceback" not in err
    assert started.returncode == 130 or "nobody/none" in err  # it was over before


def test_what_runs_before_ctrl_c_has_its_line_is_next_to_nothing() -> None:
    asked = "import sys; before = set(sys.modules); import extractor.cli; print(len(set(sys.modules) - before))"
    assert int(subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True).stdout) < 20


def test_the_log_of_a_surprise_is_private_and_cannot_be_foreseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for _ in range(2):
        line, code = verdict(ZeroDivisionError("division by zero"))
        assert code == 3 and "(details: " in line
    first, second = sorted(tmp_path.glob("extract-*.log"))
    assert first.name != second.name
    assert {stat.S_IMODE(path.stat().st_mode) for path in (first, second)} == {0o600}
    assert "ZeroDivisionError: division by zero" in first.read_text()


def test_a_log_that_cannot_be_written_hides_nothing_and_the_hook_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    assert verdict(ZeroDivisionError("by zero")) == (
        "by zero; what is finished is kept, the same command continues",
        3,
    )

    class Wordless(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert verdict(Wordless())[0].startswith("Wordless; ")
    assert verdict(UserError("a\x1b[31m\n\tb\u202e"))[0] == "a\\x1b[31m b\\u202e"


@pytest.mark.parametrize("words", [["run", "--help"], ["nonsense"]], ids=" ".join)
def test_words_still_work(words: list[str]) -> None:
    assert said(*words)[0] == (0 if "--help" in words else 2)
