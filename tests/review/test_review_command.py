"""`extract review` on the command line: what it says, and what it refuses in a line."""

import pytest
from review_pages import a_run, served
from typer.testing import CliRunner

from extractor.cli.app import app

ANSWER = {"entities": [{"name": "Ada", "type": "person"}], "relations": [], "summary": "s"}


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return a_run(tmp_path_factory.mktemp("run"), {"one": ("Ada ran.", ANSWER)})


def said(*words):
    done = CliRunner().invoke(app, ["review", *words], env={"COLUMNS": "300"})
    return done.exit_code, done.stderr.strip()


@pytest.mark.slow
def test_it_prints_an_address_and_says_at_the_end_how_many_are_reviewed(out):
    with served(out) as review:
        assert review.address.startswith("http://127.0.0.1:") and "token=" in review.address
        assert review.interrupt() == f"0 documents reviewed in {out / 'review.jsonl'}\n"
        assert review.process.returncode == 0


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["nowhere"], "nowhere: no such folder; give the --out of a run"),
        (["OUT", "--with", "nowhere"], "nowhere: no such folder"),
        (["OUT", "--file", "OUT/manifest.json"], "lies among the tables of"),
        (["OUT", "--schema", "nows"], "did you mean 'news'?"),
        (["OUT", "--by", " "], "--by: give a name"),
    ],
)
def test_what_cannot_be_reviewed_is_refused_in_a_line(out, words, why):
    code, line = said(*(word.replace("OUT", str(out)) for word in words), "--no-open")
    assert code == 1 and why in line and len(line.splitlines()) == 1
