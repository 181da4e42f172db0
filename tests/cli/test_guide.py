"""`extract guide`, and that its reference says what the code says."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from extractor.cli.app import app
from extractor.cli.reference import FILE, reference
from extractor.exits import MEANINGS
from extractor.guide import topics
from extractor.jobs.job import Job, flag_of
from extractor.store.tables import SCHEMAS
from extractor.types import ProblemKind

PACKAGE = Path(topics.__file__).parent.parent
README = PACKAGE.parent / "README.md"


def guide(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["guide", *words], env={"COLUMNS": "300"})
    return result.exit_code, result.stdout, result.stderr


def test_the_reference_is_not_stale() -> None:
    assert FILE.read_text("utf-8") == reference(), "make guide"


def test_the_reference_holds_every_code_flag_and_column() -> None:
    page = reference()
    for code, meaning in MEANINGS.items():
        assert f"| {code} | {meaning} |" in page
    for name in Job.model_fields:
        assert f"| `{flag_of(name)}` |" in page
    for table, schema in SCHEMAS.items():
        assert f"### {table}\n" in page
        for field in schema:
            assert f"| `{field.name}` |" in page and field.metadata[b"description"].decode() in page


def test_every_page_is_a_topic_and_the_readme_names_it() -> None:
    assert {path.stem for path in Path(topics.__file__).parent.glob("*.md")} == set(topics.TOPICS)
    assert all(f"extract guide {topic}" in README.read_text("utf-8") for topic in topics.TOPICS)


def test_without_a_topic_it_lists_them() -> None:
    code, out, _ = guide()
    assert code == 0
    for topic in topics.TOPICS:
        assert topic in out and topics.about(topic) in out


@pytest.mark.parametrize("topic", topics.TOPICS)
def test_a_page_goes_into_a_pipe_as_it_is(topic: str) -> None:
    assert guide(topic) == (0, topics.page(topic), "")
    assert topics.page(topic).startswith("# ")


@pytest.mark.slow
def test_on_a_terminal_a_page_is_set() -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, "-c", "from extractor.cli import main; main()", "guide", "changes"]
    subprocess.run(command, stdout=theirs, env=os.environ | {"COLUMNS": "80", "TERM": "xterm"}, check=True)
    os.close(theirs)
    shown = os.read(ours, 1 << 20).decode()
    os.close(ours)
    assert "Changes" in shown and "# Changes" not in shown and "\x1b[" in shown


def test_an_unknown_topic_is_one_line_with_the_nearest() -> None:
    code, out, err = guide("nigths")
    assert (code, out) == (1, "")
    assert err.startswith("extract: nigths: no such topic (one of schemas, ")
    assert err.endswith("; did you mean 'nights'?\n")


@pytest.mark.parametrize("topic", topics.TOPICS)
def test_the_files_that_a_page_names_are_there(topic: str) -> None:
    named = set(re.findall(r"`(?:extractor/)?((?:[a-z_]+/)?[a-z_]+\.py)`", topics.page(topic)))
    assert {name for name in named if not (PACKAGE / name).is_file() and not (PACKAGE.parent / name).is_file()} == set()


def test_every_problem_has_its_cure_told() -> None:
    told = topics.page("quality")
    assert [kind for kind in get_args(ProblemKind) if f"`{kind}`" not in told] == []
