"""What would be sent, by exact value."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeTokenizer, fake_prepared

from extractor.answers.signals import USUAL
from extractor.errors import UserError
from extractor.tasks.chat import CLOSING, EARLY_STOP, Chat
from extractor.tasks.prompt import load_prompt
from extractor.tasks.requests import MIN_THOUGHT, RequestBuilder
from extractor.tasks.schema import Schema
from extractor.tasks.task import Task
from extractor.types import Completion, Document, Problem, Request, Sampling, ThinkingMode

BODY = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
GRAMMAR = (
    '{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false,'
    ' "x-guidance": {"whitespace_flexible": false, "item_separator": ", ", "key_separator": ": ",'
    ' "coerce_one_of": true}}'
)
DOCUMENT = Document("d1", "A <|im_end|> text.", "f:1")
NO_THINK, THINK = Sampling(0.7), Sampling(0.6)
OPENED = (
    "<|im_start|>system\nFind a.<|im_end|>\n<|im_start|>user\nThis: A <\u2060|im_end|> text.<|im_end|>\n"
    "<|im_start|>assistant\n"
)
SHUT = "<think>\n\n</think>\n\n"


@pytest.fixture
def prompt_path(tmp_path: Path) -> str:
    (tmp_path / "p.md").write_text("--- system ---\nFind a.\n--- user ---\nThis: {{ document }}\n")
    return str(tmp_path / "p.md")


@pytest.fixture
def task(prompt_path: str) -> Task:
    schema = Schema("mine", BODY, None)
    both: dict[ThinkingMode, Sampling] = {"no_think": NO_THINK, "think": THINK}
    return Task(schema, load_prompt(prompt_path, schema), (), "no_think", False, None, both, 100, 0)


def builder(task: Task, kind: str = "hybrid", context: int = 2000, **changes: Any) -> RequestBuilder:
    return RequestBuilder(replace(task, **changes), Chat(FakeTokenizer(kind)), context, "fake@1")


def text_of(request: Request | Problem) -> str:
    assert isinstance(request, Request), request
    return "".join(map(chr, request.prompt))


MESSAGES = ({"role": "system", "content": "Find a."}, {"role": "user", "content": "This: A <\u2060|im_end|> text."})


def test_golden_request_without_thought(task: Task) -> None:
    made = builder(task)
    assert made.first(DOCUMENT) == Request(
        document=DOCUMENT,
        arm=made.arm,
        fingerprint=made.fingerprint(DOCUMENT),
        messages=MESSAGES,
        prompt=list(map(ord, OPENED + SHUT)),
        sampling=NO_THINK,
        max_tokens=100,
        mode="no_think",
        schema=GRAMMAR,
    )


def test_golden_request_of_a_thought(task: Task) -> None:
    made = builder(task, mode="think", budget=300)
    assert made.first(DOCUMENT) == Request(
        document=DOCUMENT,
        arm=made.arm,
        fingerprint=made.fingerprint(DOCUMENT),
        messages=MESSAGES,
        prompt=list(map(ord, OPENED + "<think>\n")),
        sampling=THINK,
        max_tokens=300,
        mode="think",
        schema=None,
        stop=(0x10FFF1,),
        is_thought=True,
    )


def test_messages_and_examples_in_their_order(task: Task) -> None:
    shot = {"text": "An example </think>.", "answer": {"a": "例"}}
    made = builder(task, examples=(shot,))
    assert made.messages(DOCUMENT, "no_think") == [
        {"role": "system", "content": "Find a."},
        {"role": "user", "content": "This: An example </think>."},
        {"role": "assistant", "content": '{"a": "例"}'},
        {"role": "user", "content": "This: A <\u2060|im_end|> text."},
    ]
    assert text_of(made.first(DOCUMENT)) == made.chat.render(made.messages(DOCUMENT, "no_think"), "no_think")


KINDS = [
    ("hybrid", "no_think", False, SHUT),
    ("hybrid", "think", False, "<think>\n"),
    ("always", "think", False, "<think>\n"),
    ("never", "no_think", False, ""),
    ("never", "think", True, "<think>\n"),
]


@pytest.mark.parametrize("kind, mode, prompted, end", KINDS)
def test_how_each_kind_of_model_is_opened(task: Task, kind: str, mode: str, prompted: bool, end: str) -> None:
    made = builder(task, kind, mode=mode, prompted=prompted)
    text = text_of(made.first(DOCUMENT))
    assert made.chat.kind == kind and text.endswith("<|im_start|>assistant\n" + end)
    assert ("think inside <think> and </think>" in text) == prompted


def test_a_model_without_such_a_token_stops_at_the_text(task: Task) -> None:
    request = builder(task, "never", mode="think", prompted=True).first(DOCUMENT)
    assert isinstance(request, Request) and request.stop == ("</think>",)


ENDS: list[tuple[str, dict[str, Any], str]] = [
    ("closed by its token", {"text": "hm", "tokens": [104, 109], "stopped_by": 0x10FFF1}, "hm" + CLOSING),
    (
        "closed by its text",
        {"text": "hm", "tokens": list(map(ord, "hm</think>")), "stopped_by": "</think>"},
        "hm" + CLOSING,
    ),
    ("the budget", {"text": "hm", "tokens": [104, 109], "finish": "length"}, "hm" + EARLY_STOP + CLOSING),
    ("its own end", {"text": "hm", "tokens": [104, 109, 7]}, "hm" + EARLY_STOP + CLOSING),
    ("a loop", {"text": "hm", "tokens": [104, 109], "finish": "repetition"}, "hm" + EARLY_STOP + CLOSING),
]


@pytest.mark.parametrize("ended, end", [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
def test_the_answer_after_a_thought(task: Task, ended: dict[str, Any], end: str) -> None:
    made = builder(task, mode="think", budget=300)
    thought = made.first(DOCUMENT)
    assert isinstance(thought, Request)
    completion = Completion(thought, **ended)
    assert made.answer_after(completion) == replace(
        thought,
        prompt=[*thought.prompt, *map(ord, end)],
        max_tokens=100,
        schema=GRAMMAR,
        stop=(),
        is_thought=False,
        begun=end,
    )


SWITCHES = [("think", "<think>\n", ""), ("no_think", SHUT, ""), ("/think", "<think>\n", " /think"), (None, SHUT, "")]


@pytest.mark.parametrize("mode, end, said", [*SWITCHES, ("/no_think", "<think>\n", " /no_think")])
def test_the_mode_of_a_row(task: Task, mode: str | None, end: str, said: str) -> None:
    document = replace(DOCUMENT, text="Text /no_think", mode=mode)
    text = text_of(builder(task).first(document))
    assert text.endswith(f"This: Text /\u2060no_think{said}<|im_end|>\n<|im_start|>assistant\n{end}")


@pytest.mark.parametrize(
    "kind, mode, prompted, said",
    [
        ("hybrid", "Think", False, "'Think' is no mode (one of think, no_think, /think, /no_think, or null)"),
        ("hybrid", "", False, "'' is no mode"),
        ("hybrid", "x" * 500, False, "is no mode"),
        ("always", "no_think", False, "this model always thinks; write think, or null"),
        ("always", "/no_think", False, "/no_think needs a model with both modes; write no_think, or null"),
        ("never", "/think", True, "/think needs a model with both modes; write think, or null"),
        ("never", "think", False, "this model has no thinking of its own; add --thinking prompted"),
    ],
)
def test_modes_of_rows_that_cannot_be(task: Task, kind: str, mode: str, prompted: bool, said: str) -> None:
    made = builder(task, kind, prompted=prompted, mode="think" if kind == "always" else "no_think")
    problem = made.first(replace(DOCUMENT, mode=mode))
    assert isinstance(problem, Problem) and problem.kind == "bad_mode" and said in problem.detail
    assert len(problem.detail) < 200


def test_the_longest_document_that_fits(task: Task) -> None:
    made = builder(task, context=500)
    room = 500 - 100 - len(text_of(made.first(replace(DOCUMENT, text="x")))) + 1
    assert isinstance(made.first(replace(DOCUMENT, text="x" * room)), Request)
    assert made.first(replace(DOCUMENT, text="x" * (room + 1))) == Problem(
        "too_long", "401 prompt tokens, 400 fit (context 500)"
    )


def test_a_thought_gets_the_budget_or_the_room_that_is_left(task: Task) -> None:
    closing = len(EARLY_STOP + CLOSING)
    thinking = builder(task, mode="think", context=1000)
    request = thinking.first(DOCUMENT)
    assert isinstance(request, Request)
    assert request.max_tokens == 1000 - 100 - closing - len(request.prompt)
    assert thinking.answer_after(Completion(request, "", finish="length")).max_tokens == 100
    room = request.max_tokens - MIN_THOUGHT
    assert isinstance(thinking.first(replace(DOCUMENT, text=DOCUMENT.text + "x" * room)), Request)
    assert isinstance(thinking.first(replace(DOCUMENT, text=DOCUMENT.text + "x" * (room + 1))), Problem)
    small = builder(task, mode="think", context=1000, budget=80).first(DOCUMENT)
    assert isinstance(small, Request) and small.max_tokens == 80


@pytest.mark.parametrize("mode, context", [("no_think", 150), ("think", 300)])
def test_no_document_would_fit(task: Task, mode: str, context: int) -> None:
    with pytest.raises(UserError, match=r"no document fits: without any there are \d+ prompt tokens, -?\d+ fit"):
        builder(task, mode=mode, context=context)


def test_pieces_are_the_root_properties(task: Task) -> None:
    body = {
        "anyOf": [{"required": ["a"]}],
        "properties": {"a": {"$ref": "#/$defs/t"}, "b": {"type": "integer"}},
        "required": ["b", "a"],
        "$defs": {"t": {"type": "string"}},
    }
    made = builder(task, schema=Schema("mine", body, None))
    assert made.pieces == ("a", "b")
    assert made.piece("b").startswith(
        '{"type": "object", "properties": {"b": {"type": "integer"}}, "required": ["b"], "additionalProperties": false'
    )


def changed(folder: Path, name: str, **changes: Any) -> str:
    job = fake_prepared(Path("data/sample.jsonl"), folder / name, **changes)
    return job.builder.fingerprint(DOCUMENT)


SAME: list[dict[str, Any]] = [
    {"attempts": 9},
    {"part_documents": 1},
    {"limit": 1},
    {"no_reasoning": True},
    {"confidence": True},
    {"keep": ["lang"]},
    {"escalate": ["empty"]},  # only mode auto heeds it
]
OTHER: list[dict[str, Any]] = [
    {"schema": "science"},
    {"prompt": "default"},
    {"examples": "schemas/news.examples.jsonl"},
    {"mode": "think"},
    {"mode": "auto"},
    {"thinking_budget": 99},
    {"sampling": {"temperature": 0.9}},
    {"max_answer_tokens": 99},
    {"seed": 1},
]


@pytest.mark.parametrize("change", SAME, ids=str)
def test_what_the_fingerprint_does_not_depend_on(tmp_path: Path, change: dict[str, Any]) -> None:
    assert changed(tmp_path, "a") == changed(tmp_path, "b", **change)


@pytest.mark.parametrize("change", OTHER, ids=str)
def test_what_the_fingerprint_depends_on(tmp_path: Path, change: dict[str, Any]) -> None:
    assert changed(tmp_path, "a") != changed(tmp_path, "b", **change)


def test_in_mode_auto_the_signals_that_escalate_are_part_of_the_job(tmp_path: Path) -> None:
    def auto(name: str, *signals: str) -> str:
        return changed(tmp_path, name, mode="auto", escalate=list(signals))

    assert auto("a", "empty", "failed") == auto("b", "failed", "empty") != auto("c", "empty")
    assert auto("d") == auto("e", *USUAL)


def test_a_signal_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--escalate loud: no such signal"):
        changed(tmp_path, "a", escalate=["loud"])


def test_the_fingerprint_of_a_document(task: Task) -> None:
    made = builder(task)
    same = replace(DOCUMENT, id="d2", source="g:9", kept={"lang": "en"})
    assert made.fingerprint(same) == made.fingerprint(DOCUMENT) and len(made.fingerprint(DOCUMENT)) == 32
    others = [replace(DOCUMENT, text="A"), replace(DOCUMENT, mode="think"), replace(DOCUMENT, text="lone \ud800")]
    assert len({made.fingerprint(other) for other in (DOCUMENT, *others)}) == 4
    assert made.fingerprint(DOCUMENT) != RequestBuilder(task, made.chat, 2000, "fake@2").fingerprint(DOCUMENT)
    assert made.fingerprint(DOCUMENT) == RequestBuilder(task, made.chat, 3000, "fake@1").fingerprint(DOCUMENT)
