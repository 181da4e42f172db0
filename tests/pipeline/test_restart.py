"""A run that is broken off anywhere and started again asks, token for token, what an unbroken one would have asked."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import Silent, answering, fake_prepared
from shop import rows

from extractor.errors import EngineError
from extractor.pipeline.session import run
from extractor.store.attempts import Attempts
from extractor.types import Completion, Finish, Request

pytestmark = pytest.mark.slow

GOOD = {"entities": [{"name": "Ann", "type": "person"}], "relations": [], "summary": "s"}
GOOD_TEXT = json.dumps(GOOD)
BO = {"name": "Bo", "type": "person"}
LOOP = '{"entities": [{"name": "Ann", "type": "person"}' + f", {json.dumps(BO)}" * 4
PIECES = [json.dumps({key: value}) for key, value in GOOD.items()]
UNGROUNDED = GOOD_TEXT.replace("Ann", "Zoe")
LIVES = {"subject": "Ann", "object": "here", "predicate": "lives_in"}
Step = tuple[str, Finish]

CUT: Step = ("{", "length")
WRONG: Step = ("Hello", "stop")
RIGHT: Step = (GOOD_TEXT, "stop")
DROPPED: Step = ("", "error")
SAID_PIECES: list[Step] = [(piece, "stop") for piece in PIECES]
LOOPING: Step = ("la la", "repetition")
THOUGHT: Step = ("hm hm", "stop")

SCRIPTS: dict[str, tuple[dict[str, Any], list[Step]]] = {
    "asked again": ({}, [WRONG, WRONG, RIGHT]),
    "more room, then pieces": ({}, [CUT, CUT, *SAID_PIECES]),
    "a loop cut out": ({}, [(LOOP, "repetition"), *SAID_PIECES[1:]]),
    "a loop drawn anew": ({}, [('{"entities": [{"name": "a a a', "repetition"), RIGHT]),
    "without grammar": ({}, [DROPPED, WRONG, RIGHT]),
    "thought and asked again": ({"mode": "think"}, [THOUGHT, WRONG, THOUGHT, WRONG, THOUGHT, RIGHT]),
    "thought, more room, pieces": ({"mode": "think"}, [THOUGHT, CUT, CUT, *SAID_PIECES]),
    "thought refused": ({"mode": "think"}, [DROPPED, THOUGHT, RIGHT]),
    "thought, then refused": ({"mode": "think"}, [THOUGHT, DROPPED, RIGHT]),
    "thought in a loop": (
        {"mode": "think"},
        [*[LOOPING] * 4, RIGHT],
    ),
    "thought out of budget": ({"mode": "think", "thinking_budget": 64}, [("hm", "length"), CUT, RIGHT]),
    "prompted": ({"mode": "think", "thinking": "prompted"}, [THOUGHT, WRONG, THOUGHT, RIGHT]),
    "escalated": ({"mode": "auto"}, [(UNGROUNDED, "stop"), THOUGHT, WRONG, THOUGHT, RIGHT]),
    "escalated after a failure": ({"mode": "auto"}, [WRONG, THOUGHT, CUT, CUT, *SAID_PIECES]),
    "its own mode": ({"mode": "auto", "mode_column": "mode"}, [THOUGHT, WRONG, THOUGHT, RIGHT]),
}


TWO = {"entities": [GOOD["entities"][0], {"name": "here", "type": "location"}], "summary": "s"}
FIRST: Step = (json.dumps(TWO), "stop")
CLOSED_LOOP: Step = ('{"relations": [' + f"{json.dumps(LIVES)}, " * 4, "repetition")
THEN: Step = (json.dumps({"relations": [LIVES]}), "stop")
CLOSED: dict[str, tuple[dict[str, Any], list[Step]]] = {
    "closed": ({}, [FIRST, THEN]),
    "closed, nothing to join": ({}, [(json.dumps({"entities": [], "summary": "s"}), "stop")]),
    "closed, each asked again": ({}, [WRONG, FIRST, WRONG, THEN]),
    "closed, more room, then pieces": (
        {},
        [CUT, CUT, (json.dumps({"entities": TWO["entities"]}), "stop"), SAID_PIECES[2], THEN],
    ),
    "closed, a loop cut out of each": ({}, [(LOOP, "repetition"), SAID_PIECES[2], CLOSED_LOOP]),
    "closed, a loop drawn anew": ({}, [FIRST, ('{"relations": [{', "repetition"), THEN]),
    "closed, each without grammar": ({}, [DROPPED, FIRST, DROPPED, THEN]),
    "closed after a thought, and asked again": (
        {"mode": "think"},
        [THOUGHT, FIRST, WRONG, THOUGHT, FIRST, CUT, THEN],
    ),
    "closed, prompted": ({"mode": "think", "thinking": "prompted"}, [THOUGHT, FIRST, THEN]),
    "closed, escalated": (
        {"mode": "auto"},
        [(FIRST[0].replace("here", "Rome"), "stop"), THEN, THOUGHT, FIRST, WRONG, THOUGHT, FIRST, THEN],
    ),
}
SCRIPTS |= {name: ({"relations": "closed"} | words, steps) for name, (words, steps) in CLOSED.items()}


class Played:
    """Answers by a script, from some step on; dies when it has given so many answers."""

    def __init__(self, steps: list[Step], dies_after: int | None = None) -> None:
        self.steps, self.dies_after = list(steps), dies_after
        self.answered: list[Request] = []

    def __call__(self, request: Request) -> Completion:
        if self.dies_after == len(self.answered):
            raise EngineError("the engine died: as the test wants it")
        text, finish = self.steps[len(self.answered)]
        self.answered.append(replace(request, document=replace(request.document, source="")))
        closed = request.stop[0] if request.is_thought and finish == "stop" else None
        # Token ids that the tokenizer would not have chosen: they come back as they were only if they are kept.
        tokens = [ord(c) + (0x100 if c == " " else 0) for c in text]
        error = "no room" if finish == "error" else ""
        return Completion(request, text, tokens, finish, closed, output_tokens=len(tokens), error=error)


def ran(folder: Path, engine: Callable[[Request], Completion], words: dict[str, Any]) -> None:
    source = folder / "in.jsonl"
    kind = "never" if words.get("thinking") == "prompted" else "hybrid"
    source.write_text(
        json.dumps({"id": "d", "text": "Ann is here.", "mode": "/think" if "mode_column" in words else None})
    )
    prepared = fake_prepared(source, folder / "out", kind, max_answer_tokens=100, attempts=4, **words)
    run(prepared, lambda _: answering(engine), Silent(), bool)


def told(folder: Path, table: str) -> list[dict[str, Any]]:
    """The rows of a table, but for where the document was read."""
    return [{**row, "source": ""} for row in rows(folder / "out", table)]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_restart_asks_what_an_unbroken_run_asks(tmp_path: Path, name: str) -> None:
    words, steps = SCRIPTS[name]
    whole = Played(steps)
    (tmp_path / "whole").mkdir()
    ran(tmp_path / "whole", whole, words)
    assert len(whole.answered) == len(steps) and {row["status"] for row in rows(tmp_path / "whole" / "out")} == {"ok"}
    for broken_at in range(len(steps)):
        folder = tmp_path / str(broken_at)
        folder.mkdir()
        before, after = Played(steps, broken_at), Played(steps[broken_at:])
        with pytest.raises(EngineError):
            ran(folder, before, words)
        ran(folder, after, words)
        assert before.answered + after.answered == whole.answered, f"broken at {broken_at}"
        same = (
            "status",
            "record",
            "attempts",
            "mode",
            "thinking_end",
            "total_tokens",
            "reasoning",
            "escalated",
            "finish",
        )
        (one,), (other,) = rows(folder / "out"), rows(tmp_path / "whole" / "out")
        assert {key: one[key] for key in same} == {key: other[key] for key in same}
        assert len(rows(folder / "out", "completions")) == len(rows(tmp_path / "whole" / "out", "completions"))
        assert not len(Attempts(folder / "out"))


def test_it_may_be_broken_off_at_each_step(tmp_path: Path) -> None:
    words, steps = SCRIPTS["thought, more room, pieces"]
    whole = Played(steps)
    (tmp_path / "whole").mkdir()
    ran(tmp_path / "whole", whole, words)
    answered = list[Request]()
    for number in range(len(steps)):
        engine = Played(steps[number:], 1)
        try:
            ran(tmp_path, engine, words)
        except EngineError:
            assert number < len(steps) - 1
        answered += engine.answered
    assert answered == whole.answered


def test_two_documents_of_one_text_are_two_works(tmp_path: Path) -> None:
    source, out, asked = tmp_path / "in.jsonl", tmp_path / "out", list[tuple[str, int]]()
    source.write_text("".join(json.dumps({"id": f"d{n}", "text": "Ann is here."}) + "\n" for n in range(2)))

    def answer(request: Request) -> str:
        if len(asked) == 3:
            raise EngineError("the engine died")
        asked.append((request.document.id, request.attempt))
        return "Hello"

    with pytest.raises(EngineError):
        run(fake_prepared(source, out, attempts=3), lambda _: answering(answer, window=2), Silent(), bool)
    asked.append(("", 0))
    run(fake_prepared(source, out, attempts=3), lambda _: answering(answer, window=2), Silent(), bool)
    assert sorted(asked[:3] + asked[4:]) == [(f"d{n}", attempt) for n in range(2) for attempt in (1, 2, 3)]


def test_a_dropped_request_is_asked_again_and_costs_no_attempt(tmp_path: Path) -> None:
    asked: list[Request] = []

    def answer(request: Request) -> Completion:
        asked.append(request)
        return Completion(request, "" if len(asked) < 3 else GOOD_TEXT, finish="aborted" if len(asked) < 3 else "stop")

    ran(tmp_path, answer, {})
    assert asked[0] == asked[1] == asked[2] and len(asked) == 3
    assert [row["attempts"] for row in rows(tmp_path / "out")] == [1]


def test_an_engine_that_drops_everything_is_broken(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="dropped one request 3 times"):
        ran(tmp_path, lambda request: Completion(request, "", finish="aborted"), {})
    assert rows(tmp_path / "out") == []
    ran(tmp_path, lambda request: replace(Completion(request, GOOD_TEXT)), {})
    assert [row["attempts"] for row in rows(tmp_path / "out")] == [1]
