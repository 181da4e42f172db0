"""`extract compact` and `extract retry` as a person types them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from shop import settle, some, write

pytestmark = pytest.mark.slow


def extract(*words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the command line in a process of its own."""
    done = subprocess.run([Path(sys.executable).with_name("extract"), *words], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def test_compact(tmp_path: Path) -> None:
    settle(write(tmp_path / "in.jsonl", some(9)), tmp_path / "out")
    assert extract("compact", str(tmp_path / "out")) == (0, "9 documents in 1 parts (3 before)\n", "")
    code, said, _ = extract("compact", str(tmp_path / "out"), "--json")
    assert (code, json.loads(said)) == (0, {"before": 1, "after": 1, "documents": 9})


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["compact", "nowhere"], 1, "not an output folder of extract run"),
        (["retry", "nowhere"], 1, "not an output folder of extract run"),
        (["retry", "nowhere", "--modle", "x"], 2, "No such option"),
    ],
)
def test_a_mistake_is_one_line(words: list[str], code: int, said: str) -> None:
    found, out, error = extract(*words)
    assert (found, out) == (code, "")
    assert said in error


def test_an_unknown_problem_is_one_line(tmp_path: Path) -> None:
    settle(write(tmp_path / "in.jsonl", some(1)), tmp_path / "out")
    code, _, error = extract("retry", str(tmp_path / "out"), "--problem", "unparsible")
    assert (code, error.count("\n")) == (1, 1)
    assert "--problem unparsible: no such problem" in error
