"""The commands that tell what was judged: extract judge --verdict, and compare beside gold."""

import json
from typing import Any

import pytest
from judged_runs import is_right, made
from typer.testing import CliRunner

from extractor import api
from extractor.cli.app import app
from extractor.judging.file import Voice
from extractor.judging.session import ToJudge, loaded


@pytest.fixture(scope="module")
def outs(tmp_path_factory):
    return made(tmp_path_factory.mktemp("judged"), "a", "b", "c")


def said(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def judge(outs, file, most: int = 99) -> None:
    held = loaded(ToJudge(outs, str(file))).held
    for number, item in enumerate(held.pool.items[:most]):
        held.add(number, "right" if is_right(" ".join(item.key)) else "wrong", Voice("anna"), 0)


def test_compare_tells_it_beside_gold(outs, tmp_path):
    file, page, gold = tmp_path / "j.jsonl", tmp_path / "report.html", tmp_path / "gold.jsonl"
    gold.write_text(json.dumps({"doc_id": "d4", "entities": [{"name": "Zürich", "type": "location"}]}) + "\n")
    judge(outs[:2], file)
    words = ("compare", *outs[:2], "--gold", str(gold), "--judgements", str(file), "--report", str(page))
    done = said(*words)
    assert done.exit_code == 0, done.stderr
    verdict = "After 8 judgements, of all that is disputed, b is better than a in entities by 50.0 points and relations"
    assert verdict in done.stdout and f"Judged blind: {verdict}" in page.read_text("utf-8")
    assert "arm&#39;s own right" in page.read_text("utf-8")
    told = json.loads(said(*words, "--json").stdout)
    assert told["judged"]["people"] == {"anna": 8}
    assert told["verdict"].startswith("1 document cannot tell")


def test_a_program_is_told_the_same(outs, tmp_path):
    judge(outs[:2], tmp_path / "j.jsonl")
    told = api.judged(outs[:2], tmp_path / "j.jsonl")
    assert said("judge", *outs[:2], "--file", str(tmp_path / "j.jsonl"), "--verdict").stdout.startswith(told.verdict)
    assert {one.table: one.state for one in told.tables} == {"entities": "better", "relations": "better"}


def test_without_the_flag_nothing_of_it_is_told(outs, tmp_path):
    judge(outs[:2], f"{outs[0]}/judgements.jsonl", 2)
    assert "judgement" not in said("compare", *outs[:2]).stdout


def test_the_verdict_alone(outs, tmp_path):
    file = str(tmp_path / "j.jsonl")
    assert said("judge", *outs[:2], "--file", file, "--verdict").stdout == "Nothing is judged yet.\n"
    judge(outs[:2], file, 2)
    told = said("judge", *outs[:2], "--file", file, "--verdict").stdout
    assert told.startswith(
        "After 2 judgements b cannot be told from a in entities (95 % −30.0 to +50.0) and relations ("
    )
    judge(outs[:2], file, 4)
    told = said("judge", *outs[:2], "--file", file, "--verdict").stdout
    assert told.startswith(
        "After 4 judgements b is better than a in entities by 10.0 to 50.0 points, cannot be told from"
    )
    assert said("judge", outs[0], outs[2], "--file", file, "--verdict").exit_code == 1


def test_runs_that_find_the_same_need_no_judge(outs, tmp_path):
    same = made(tmp_path, "a")
    done = said("judge", outs[0], *same, "--file", str(tmp_path / "j.jsonl"))
    assert done.stderr == ""
    assert done.stdout == "The runs find the same things: there is nothing to judge.\n"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ("compare", "{a}", "{b}", "--judgements", "no.jsonl"),
            "--judgements no.jsonl: no such file; extract judge makes one",
        ),
        (("judge", "{a}", "nowhere"), "nowhere: no such folder"),
        (("judge", "{a}", "{b}", "--by", " "), "--by: give a name"),
        (("judge", "{a}", "{b}", "--file", "/"), "--file /: "),
    ],
)
def test_a_mistake_is_one_line(outs, words, line):
    done = said(*(word.format(a=outs[0], b=outs[1]) for word in words))
    assert done.exit_code == 1 and line in done.stderr and done.stderr.count("\n") == 1
