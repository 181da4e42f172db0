"""A model as judge, at a server: the same things, blind; told apart from people, and put right by them."""

import json
from typing import Any

import pytest
from judged_runs import is_right, made
from servers import FakeServer
from typer.testing import CliRunner

from extractor.cli.app import app
from extractor.judging.file import Voice
from extractor.judging.model import claimed, said_in, trial
from extractor.judging.session import ToJudge, loaded
from extractor.system.appended import lines


@pytest.fixture(scope="module")
def outs(tmp_path_factory):
    return made(tmp_path_factory.mktemp("judged"), "a", "b")


@pytest.fixture
def server():
    started = FakeServer("openai", says=says)
    yield started
    started.end()


def says(body: Any) -> str:
    """As somebody who knows, but that it calls each relation right."""
    claim = body["messages"][-1]["content"].partition("\n")[0]
    return json.dumps({"verdict": "right" if "→" in claim or is_right(claim) else "wrong"})


def command(*words: str) -> Any:
    return CliRunner().invoke(app, ["judge", *words])


def test_a_model_alone_has_an_opinion_and_gives_no_verdict(outs, server, tmp_path):
    file = tmp_path / "j.jsonl"
    done = command(*outs, "--file", str(file), "--judge", "endpoint", server.url, "--judge-model", "m")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(
        "No person has judged anything. By the opinion of a model, uncorrected, b − a is +50.0 points in entities and"
        " +33.3 points in relations, however often it errs; 8 by m, a model.\n"
    )
    assert "better" not in done.stdout
    assert {line["judge"] for line in lines(file)[1:]} == {"model m"}


def test_it_is_shown_what_a_person_is_and_nothing_of_the_runs(outs, server, tmp_path):
    file = tmp_path / "j.jsonl"
    assert command(*outs, "--file", str(file), "--judge", "endpoint", server.url, "--judge-model", "m").exit_code == 0
    asked = [body["messages"][-1]["content"] for body in server.bodies if "Claim" in body["messages"][-1]["content"]]
    assert any('"温以宁" → leads → "𠮷祥书店"' in text for text in asked)
    names = [*outs, "no_think", *loaded(ToJudge(outs, str(file))).held.about.ids]
    assert not [name for name in names for body in server.bodies if name in json.dumps(body)]
    schemas = {json.dumps(body["response_format"]["json_schema"]["schema"]) for body in server.bodies[1:]}
    assert schemas == {trial().schema}


def test_it_goes_on_where_it_stopped_and_asks_nothing_twice(outs, server, tmp_path):
    words = [*outs, "--file", str(tmp_path / "j.jsonl"), "--judge", "endpoint", server.url, "--judge-model", "m"]
    assert command(*words, "--judge-limit", "3").exit_code == 0
    first = len(server.bodies)
    assert command(*words).exit_code == 0
    asked = [body["messages"][-1]["content"] for body in (*server.bodies[1:first], *server.bodies[first + 1 :])]
    assert len(asked) == len(set(asked)) == 8


def test_a_person_puts_the_model_right_and_both_are_told(outs, server, tmp_path):
    file = str(tmp_path / "j.jsonl")
    command(*outs, "--file", file, "--judge", "endpoint", server.url, "--judge-model", "m")
    judged = loaded(ToJudge(outs, file))
    for number, item in enumerate(judged.held.pool.items):
        judged.held.add(number, "right" if is_right(" ".join(item.key)) else "wrong", Voice("anna"), 0)
    told = json.loads(command(*outs, "--file", file, "--verdict", "--json").stdout)
    assert (told["people"], told["models"]) == ({"anna": 8}, {"m": 8})
    assert [(one["table"], one["state"], one["points"]["value"]) for one in told["tables"]] == [
        ("entities", "better", 0.5),
        ("relations", "better", 1.0),
    ]
    assert "anna and m say the same of 88 % of the 8 things that both judged (kappa 0.71)" in told["verdict"]
    assert "8 by anna, a person, 8 by m, a model" in told["verdict"]


def test_an_answer_that_is_no_verdict_is_asked_for_again_and_then_counts_as_cannot_tell(outs, tmp_path):
    server = FakeServer(
        "openai", says=lambda body: "well …" if "→ leads" in body["messages"][-1]["content"] else says(body)
    )
    file = tmp_path / "j.jsonl"
    try:
        assert (
            command(*outs, "--file", str(file), "--judge", "endpoint", server.url, "--judge-model", "m").exit_code == 0
        )
    finally:
        server.end()
    assert sum("→ leads" in body["messages"][-1]["content"] for body in server.bodies) == 2
    assert [line["item"][0] for line in lines(file)[1:] if line["said"] == "unknown"] == ["leads"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--judge", "server", "http://x"), "the first word is endpoint"),
        (("--judge", "endpoint", "http://127.0.0.1:9", "--key-env", "NO_SUCH"), "--key-env: no such variable is set"),
    ],
)
def test_what_is_wrong_is_one_line(outs, words, line):
    done = command(*outs, *words)
    assert done.exit_code == 1 and line in done.stderr and done.stderr.count("\n") == 1


def test_what_counts_as_a_verdict():
    assert said_in('Sure: {"verdict": "wrong"}') == "wrong"
    assert [said_in(text) for text in ("", "{}", '{"verdict": "maybe"}', "[1]", '{"verdict": ["right"]}')] == [None] * 5


def test_a_claim_in_words():
    assert claimed(loaded_claim("relations")) == 'Claim (subject → predicate → object): "A" → met → "B"'
    assert claimed(loaded_claim("entities")) == 'Claim: "A" is named in the text, and it is of the type met.'
    assert claimed(loaded_claim("events")) == 'Claim: this happened: met (name: "A", participants: "B")'


def loaded_claim(table: str) -> Any:
    from extractor.judging.ask import Claim

    return Claim(table, "met", (("name", "A"), ("participants", "B")), ((), ()))
