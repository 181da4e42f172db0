"""Words on the command line → exit code and the exact line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from programs import PLAIN, documents, ran
from typer.testing import CliRunner

from extractor.cli.app import app


def said(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stdout, result.stderr


def commands(group: Any = None, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words that lead to each command."""
    top: Any = group or typer.main.get_command(app)
    for name, found in top.commands.items():
        yield from commands(found, (*before, name)) if hasattr(found, "commands") else [(*before, name)]


@pytest.mark.parametrize("words", sorted(commands()), ids=" ".join)
def test_each_command_says_its_exit_codes(words: tuple[str, ...]) -> None:
    code, out, _ = said(*words, "--help")
    assert code == 0
    assert "Exit codes: 0 " in out


NAMED = ["--schema", "news", "--out", "o"]
TABLE = [
    (["run", "absent", *NAMED], 1, "nothing is at 'absent'"),
    (["run", "d.jsonl", "--out", "o"], 1, "--schema is missing"),
    (["run", "d.jsonl", "--schema", "news"], 1, "--out is missing"),
    (["run", *NAMED], 1, "no input: name a file"),
    (["run", "d.jsonl", *NAMED, "--limit", "0"], 1, "--limit 0: Input should be greater than or equal to 1"),
    (["run", "d.jsonl", *NAMED, "--max-runtime", "2x"], 1, "--max-runtime 2x: write it as a number with its unit"),
    (["run", "d.jsonl", *NAMED, "--engine", "replay"], 1, "--engine replay needs --from DIR"),
    (["run", "d.jsonl", *NAMED, "--sampling", "hot"], 1, "--sampling hot: write it as KEY=VALUE"),
    (["job", "run", "absent.toml"], 1, "job file absent.toml: No such file or directory"),
    (["job", "check", "absent.toml"], 1, "job file absent.toml: No such file or directory"),
    (["status", "."], 1, ". holds no manifest.json: not an output folder of extract run"),
]


@pytest.mark.parametrize(("words", "code", "line"), TABLE)
def test_a_mistake_is_one_line_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    documents(tmp_path / "d.jsonl", 1)
    found, out, err = said(*words)
    assert (found, out) == (code, "")
    assert err.splitlines()[0].startswith(f"extract: {line}")


@pytest.mark.parametrize("words", [["run", "d", *NAMED, "--no-such-flag"], ["run", "d", *NAMED, "--log-format", "xml"]])
def test_what_is_no_word_of_ours_is_two(words: list[str]) -> None:
    assert said(*words)[0] == 2


def test_quarantined_documents_are_four_and_status_accounts_for_them(tmp_path: Path) -> None:
    source, out = documents(tmp_path / "d.jsonl", 3), tmp_path / "out"
    code, _, _ = ran("run", source, "--schema", "news", "--out", out, *PLAIN, "--quiet", SLOW_ANSWER="{}")
    assert code == 4
    code, shown, _ = said("status", out, "--json")
    now = json.loads(shown)
    assert code == 0
    assert {name: now[name] for name in ("documents", "ok", "empty", "quarantined", "pending", "problems")} == {
        "documents": 3,
        "ok": 0,
        "empty": 0,
        "quarantined": 3,
        "pending": 0,
        "problems": {"invalid": 3},
    }


def test_check_says_where_each_value_came_from(tmp_path: Path) -> None:
    source, old = documents(tmp_path / "d.jsonl", 2), tmp_path / "old"
    assert ran("run", source, "--schema", "news", "--out", old, *PLAIN, "--quiet")[0] == 0
    job = tmp_path / "night.toml"
    job.write_text('inputs = "d.jsonl"\nschema = "news"\nengine = "replay"\nfrom = "old"\nout = "new"\n')
    code, out, err = said("job", "check", job, "--limit", "1", "--json", "--estimate")
    checked = json.loads(out)
    origin = {name: came for name, _, came in checked["settings"]}
    assert (code, err) == (0, "")
    assert (origin["INPUT"], origin["--from"], origin["--limit"]) == ("night.toml", "night.toml", "flag")
    assert (origin["--prompt"], origin["--part-documents"]) == ("found", "default")
    assert checked["estimate"]["documents"] == 1
    assert not (tmp_path / "new").exists()
