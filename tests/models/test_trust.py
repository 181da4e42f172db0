"""Code that lies in a model's folder runs when a person says so, and at no other time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import TEMPLATE, _tokenizer

from extractor.jobs.retry import asked_again

pytestmark = pytest.mark.slow

CODE = """
from pathlib import Path
from transformers import PreTrainedTokenizerFast
Path({marker!r}).touch()
class MineTokenizerFast(PreTrainedTokenizerFast):
    pass
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model whose tokenizer is code of its own, which leaves a mark where it ran."""
    path = tmp_path / "model"
    path.mkdir()
    _tokenizer(path, TEMPLATE)
    settings = json.loads((path / "tokenizer_config.json").read_text())
    settings |= {"tokenizer_class": "MineTokenizer", "auto_map": {"AutoTokenizer": [None, "mine.MineTokenizerFast"]}}
    (path / "tokenizer_config.json").write_text(json.dumps(settings))
    (path / "mine.py").write_text(CODE.format(marker=str(tmp_path / "ran")))
    (path / "config.json").write_text(json.dumps({"model_type": "llama", "max_position_embeddings": 8192}))
    (tmp_path / "in.jsonl").write_text('{"id": "1", "text": "Ada wrote to Charles."}\n')
    return path


def check(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    words = ["check", str(folder.parent / "in.jsonl"), "--schema", "news", "--examples", "none", "--context", "8192"]
    words += ["--model", str(folder), "--out", str(folder.parent / "out"), *more]
    command = [sys.executable, "-c", "from extractor.cli import main; main()", *words]
    return subprocess.run(command, input="y\n" * 9, capture_output=True, text=True, timeout=120)


def test_without_the_word_nothing_runs_and_nobody_is_asked(folder: Path) -> None:
    done = check(folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1 and "add --trust-remote-code" in done.stderr
    assert not (folder.parent / "ran").exists()


def test_with_the_word_it_runs(folder: Path) -> None:
    done = check(folder, "--trust-remote-code")
    assert done.returncode == 0, done.stderr
    assert (folder.parent / "ran").exists()


def test_vllm_is_told_of_it_by_its_own_flag_alone(folder: Path) -> None:
    done = check(folder, "--engine-arg", "trust_remote_code=true")
    assert (done.returncode, done.stdout) == (1, "") and "write --trust-remote-code" in done.stderr
    assert not (folder.parent / "ran").exists()


def test_whom_a_person_trusts_is_not_for_an_output_folder_to_say(tmp_path: Path) -> None:
    settings = {"inputs": ["in.jsonl"], "schema": "news", "out": str(tmp_path), "trust_remote_code": True}
    (tmp_path / "manifest.json").write_text(json.dumps({"identity": {}, "settings": settings}))
    assert asked_again(tmp_path, {}).job.trust_remote_code is False
    assert asked_again(tmp_path, {"trust_remote_code": True}).job.trust_remote_code is True
