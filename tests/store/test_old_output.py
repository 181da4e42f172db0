"""An output that version 0.1 wrote, in the middle of its work: still read, continued, compacted and judged again."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from fakes import Silent, answering, fake_prepared
from shop import rows
from typer.testing import CliRunner

from extractor.cli.app import app
from extractor.evaluation.runs import load_run
from extractor.pipeline.session import run
from extractor.store.attempts import OLD_FILE, Attempts
from extractor.store.compact import compact
from extractor.store.manifest import FORMAT, Manifest
from extractor.store.status import output_status
from extractor.types import Request

OLD = Path(__file__).parent / "old_output"
GOOD = '{"entities": [{"name": "Alice", "type": "person"}], "relations": [], "summary": "x"}'


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Path]:
    """The output, in a folder of its own that is the current one: its job names its files from there."""
    shutil.copytree(OLD, tmp_path / "old")
    with chdir(tmp_path / "old"):
        yield Path("stopped")


def gone_on(out: Path, **given: Any) -> list[Request]:
    """What the same job asks of the same documents now."""
    asked: list[Request] = []

    def answer(request: Request) -> str:
        asked.append(request)
        return "who is there" if request.is_thought else GOOD

    words: dict[str, Any] = {
        "schema": "schema.json",
        "prompt": "prompt.md",
        "mode": "think",
        "part_documents": 2,
        "keep": ["lang"],
    }
    run(fake_prepared(Path("in.jsonl"), out, **(words | given)), lambda _: answering(answer), Silent(), bool)
    return asked


def test_it_is_read(old: Path) -> None:
    now = output_status(old)
    assert (now.ok, now.quarantined, now.pending, now.rows["relations"], now.rows["events"]) == (3, 1, 2, 3, 0)
    assert len(load_run(str(old)).entities) == 3


def test_it_is_continued_where_it_stopped(old: Path) -> None:
    assert len(Attempts(old)) == 1 and (old / OLD_FILE).exists()
    asked = gone_on(old)
    by_document = Counter(request.document.id for request in asked if not request.is_thought)
    assert by_document == {"d4": 1, "d5": 1}
    last = next(request for request in asked if request.document.id == "d4")
    assert last.attempt == 3 and last.is_thought and "That answer is wrong" in "".join(map(chr, last.prompt))
    assert {row["doc_id"]: row["attempts"] for row in rows(old)} == {
        "d0": 1,
        "d1": 1,
        "d2": 1,
        "d3": 3,
        "d4": 3,
        "d5": 1,
    }
    assert {row["lang"] for row in rows(old)} == {"en"}
    assert output_status(old).pending == 0 and not (old / OLD_FILE).exists()
    assert Manifest.load(old).content["format"] == FORMAT


def test_it_is_compacted(old: Path) -> None:
    before = sorted(map(repr, rows(old, "completions")))
    assert compact(old).after == 1
    assert sorted(map(repr, rows(old, "completions"))) == before and len(rows(old, "entities")) == 6


def test_it_is_judged_again(old: Path) -> None:
    words = ["run", "in.jsonl", "--schema", "schema.json", "--engine", "replay", "--from", str(old), "--out", "new"]
    done = CliRunner().invoke(app, [*words, "--limit", "3", "--quiet"])
    assert done.exit_code == 0, done.output
    same = ("doc_id", "record", "reasoning", "thinking_end", "total_tokens", "attempts", "mode")
    before = [{name: row[name] for name in same} for row in rows(old) if row["doc_id"] < "d3"]
    assert [{name: row[name] for name in same} for row in rows(Path("new"))] == before


def test_an_output_of_a_later_version_is_left_alone(old: Path) -> None:
    manifest = json.loads((old / "manifest.json").read_text())
    (old / "manifest.json").write_text(json.dumps(manifest | {"format": FORMAT + 1}))
    done = CliRunner().invoke(app, ["status", str(old)])
    assert done.exit_code == 1 and "was written by a later version of extractor" in done.stderr
