"""From what a model wrote to a record or a problem: never an exception, never for ever."""

import json
import signal
import time
from typing import Any

import pytest
from fakes import a_request
from hypothesis import given
from hypothesis import strategies as st

from extractor.answers.judge import MAX_NESTING, Judge
from extractor.system.limit import TooSlow, time_limit
from extractor.tasks.mapping import table_fields
from extractor.tasks.neutral import Neutraliser
from extractor.tasks.schema import Schema
from extractor.types import Completion, Document, Extraction, Finish, Request, ThinkingEnd

NEWS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "entities": {
            "type": "array",
            "items": {
                "properties": {"name": {"type": "string"}, "confidence": {"type": "number"}},
                "required": ["name"],
            },
        },
        "summary": {"type": "string"},
    },
    "required": ["entities"],
}
TEXT = "Ann met <|im_end|> in Rome."


def request(**given: Any) -> Request:
    return a_request(Document("d", TEXT, "f:1"), max_tokens=100, **given)


def summary(extraction: Extraction) -> str | None:
    return next((row.summary for row in extraction.rows["summaries"]), None)


def judge(body: dict[str, Any], seconds: float = 5.0, budget: int | None = None) -> Judge:
    schema = Schema("mine", body, None)
    return Judge(schema.validator(), table_fields(schema), Neutraliser().restore, budget, seconds)


def kind(text: str, body: dict[str, Any] = NEWS, finish: Finish = "stop") -> tuple[str | None, str]:
    problem = judge(body).judge(Completion(request(), text, finish=finish)).problem
    assert problem is None or "\n" not in problem.detail
    return (problem.kind, problem.detail) if problem else (None, "")


GOOD = '{"entities": [{"name": "Ann"}], "summary": "s"}'


@pytest.mark.parametrize("text", [GOOD, f"  {GOOD}\n", f"```json\n{GOOD}\n```", f"\n```\n{GOOD}\n```\n"])
def test_a_valid_answer(text: str) -> None:
    extraction = judge(NEWS).judge(Completion(request(), text))
    assert extraction.problem is None and extraction.record == json.loads(GOOD) and extraction.status == "ok"
    assert [entity.name for entity in extraction.rows["entities"]] == ["Ann"] and summary(extraction) == "s"


PEOPLE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "people": {"type": "object", "additionalProperties": {"type": "object"}, "x-extract": "entities"},
        "ties": {
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "maxItems": 3,
                "items": {
                    "type": "object",
                    "properties": {
                        "one": {"type": "string", "x-extract": "subject"},
                        "other": {"type": "string", "x-extract": "object"},
                    },
                },
            },
            "x-extract": "relations",
        },
    },
}
ANN, BEA, CAI = ('{"one": "Ann", "other": "Bo"}', '{"one": "Bea", "other": "Bo"}', '{"one": "Cai", "other": "Bo"}')
TWICE: list[tuple[str, list[str], list[str]]] = [
    (f'{{"ties": {{"wins": [{ANN}], "wins": [{BEA}]}}}}', ["Ann", "Bea"], []),
    (f'{{"ties": {{"wins": [{ANN}], "wins": [{ANN}], "wins": []}}}}', ["Ann"], []),
    (f'{{"ties": {{"wins": [{ANN}]}}, "ties": {{"wins": [{BEA}], "sees": [{CAI}]}}}}', ["Ann", "Bea", "Cai"], []),
    ('{"people": {"Ann": {"job": "", "age": 3}, "Ann": {"job": "cook"}}}', [], []),
    (
        '{"people": {"Ann": {"job": "cook"}, "Ann": {"job": "nurse"}}}',
        [],
        ['Ann/job: "nurse": the key stands there twice'],
    ),
]


@pytest.mark.parametrize("text, subjects, dropped", TWICE, ids=[text[:50] for text, _, _ in TWICE])
def test_nothing_under_a_key_that_stands_twice_is_lost(text: str, subjects: list[str], dropped: list[str]) -> None:
    extraction = judge(PEOPLE).judge(Completion(request(), text))
    assert extraction.problem is None and [row.subject for row in extraction.rows["relations"]] == subjects
    assert extraction.dropped == dropped and [row.name for row in extraction.rows["entities"]] == ["Ann"] * (
        not subjects
    )
    assert subjects or extraction.record["people"]["Ann"]["job"] == "cook"


def test_what_is_joined_obeys_the_schema() -> None:
    text = f'{{"ties": {{"wins": [{ANN}, {BEA}], "wins": [{CAI}, {CAI}]}}}}'
    assert kind(text, PEOPLE)[0] == "invalid"


def test_empty_is_not_failed() -> None:
    extraction = judge(NEWS).judge(Completion(request(), '{"entities": [], "summary": ""}'))
    assert extraction.problem is None and extraction.status == "empty"


@pytest.mark.parametrize("escaped", [True, False])
def test_control_strings_come_back(escaped: bool) -> None:
    tame = Neutraliser().neutralise("<|im_end|>")
    said = json.dumps({"entities": [{"name": tame}]}, ensure_ascii=escaped)
    extraction = judge(NEWS).judge(Completion(request(), said))
    assert [(entity.name, entity.mentions) for entity in extraction.rows["entities"]] == [("<|im_end|>", [(8, 18)])]


WRONG: list[tuple[str, str, str]] = [
    ("", "unparsable", "Expecting value"),
    ("Sure! Here it is", "unparsable", "Expecting value"),
    (GOOD + GOOD, "unparsable", "Extra data"),
    (GOOD[:-1], "unparsable", "Expecting"),
    ("```json\n{}", "unparsable", "Expecting value"),
    ('{"entities": NaN}', "unparsable", "NaN is no JSON value"),
    ('{"entities": -Infinity}', "unparsable", "-Infinity is no JSON value"),
    ('{"entities": [], "n": 1e999}', "unparsable", "Out of range float values are not JSON compliant"),
    ('{"entities": [], "n": ' + "9" * 5000 + "}", "unparsable", "Exceeds the limit"),
    ('{"entities": [], "summary": "\\ud800"}', "unparsable", "a lone surrogate"),
    ('{"entities": [], "\\udfff": 1}', "unparsable", "a lone surrogate"),
    ('{"entities": [], "summary": "\ud800"}', "unparsable", "a lone surrogate"),
    ('{"entities": [], "n": [-1.5e-7, 12E400]}', "unparsable", "Out of range float values are not JSON compliant"),
    ("[" * 100_000, "unparsable", "nested deeper than 100 levels"),
    ("[" * 300 + "]" * 300, "unparsable", "nested deeper than 100 levels"),
    ('{"a":' * 700 + "1" + "}" * 700, "unparsable", "nested deeper than 100 levels"),
    ("[]", "invalid", "at the root: [] is not of type 'object'"),
    ("{}", "invalid", "at the root: 'entities' is a required property"),
    ('{"entities": [{"name": 1}]}', "invalid", "at entities/0/name: 1 is not of type 'string'"),
    ('{"entities": "' + "x" * 100_000 + '"}', "invalid", "at entities: 'xxx"),
]


@pytest.mark.parametrize("text, problem, said", WRONG, ids=[text[:40] for text, _, _ in WRONG])
def test_a_bad_answer(text: str, problem: str, said: str) -> None:
    found, detail = kind(text)
    assert found == problem and said in detail and len(detail) < 400


def test_the_deepest_answer_that_is_taken() -> None:
    deep = '{"entities": [], "x": ' + "[" * (MAX_NESTING - 1) + "]" * (MAX_NESTING - 1) + "}"
    assert kind(deep) == (None, "")
    assert kind(deep.replace("[]]", "[[]]]"))[0] == "unparsable"


@pytest.mark.parametrize("number", ["1" * 4000, "-" + "9" * 400, "1e308"])
def test_huge_numbers_are_no_confidence_and_no_crash(number: str) -> None:
    extraction = judge(NEWS).judge(
        Completion(request(), '{"entities": [{"name": "Ann", "confidence": ' + number + "}]}")
    )
    assert extraction.problem is None
    assert [entity.confidence for entity in extraction.rows["entities"]] == [1e308 if "e" in number else None]


@pytest.mark.parametrize(
    "finish, problem, said",
    [("length", "truncated", "raise --max-answer-tokens"), ("repetition", "repetition", "again and again")],
)
def test_an_answer_that_was_stopped_is_judged_by_its_stop(finish: Finish, problem: str, said: str) -> None:
    found, detail = kind(GOOD[:-1], finish=finish)
    assert found == problem and said in detail


def test_an_error_of_the_engine() -> None:
    completion = Completion(request(), "", finish="error", error="no room")
    problem = judge(NEWS).judge(completion).problem
    assert problem and (problem.kind, problem.detail) == ("engine", "no room")


CATASTROPHES: dict[str, tuple[dict[str, Any], str]] = {
    "pattern": ({"items": {"pattern": "^(a+)+$"}}, json.dumps(["a" * 40 + "b"])),
    "patternProperties": ({"patternProperties": {"(x+x+)+y": {}}}, json.dumps({"x" * 60: 1})),
    "anyOf of anyOf": (
        {
            "$defs": {f"d{i}": {"anyOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(40)} | {"d40": False},
            "$ref": "#/$defs/d0",
        },
        "{}",
    ),
}


@pytest.mark.parametrize("name", CATASTROPHES)
def test_checking_an_answer_ends(name: str) -> None:
    body, text = CATASTROPHES[name]
    started = time.process_time()
    problem = judge(body, seconds=0.2).judge(Completion(request(), text)).problem
    assert problem and problem.kind == "invalid"
    assert problem.detail == "the schema takes over 0.2 s to check this answer"
    assert time.process_time() - started < 20


def test_a_limit_that_was_swallowed_comes_again() -> None:
    with pytest.raises(TooSlow), time_limit(0.05):
        try:
            while True:
                pass
        except TooSlow:
            pass
        while True:
            pass


def test_a_limit_that_was_not_reached_leaves_nothing_behind() -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    with time_limit(5.0):
        pass
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0) and signal.getsignal(signal.SIGVTALRM) is before


def test_a_schema_that_goes_round_in_circles() -> None:
    found, detail = kind("{}", {"$ref": "#"})
    assert found == "invalid" and "cannot be checked" in detail


ENDS: list[tuple[ThinkingEnd, dict[str, Any], int | None]] = [
    ("closed", {"stopped_by": 7}, None),
    ("closed", {"stopped_by": "</think>"}, None),
    ("ended_inside", {}, None),
    ("budget", {"finish": "length"}, 100),
    ("truncated", {"finish": "length"}, 300),
    ("truncated", {"finish": "length"}, None),
    ("repetition", {"finish": "repetition"}, None),
]


@pytest.mark.parametrize("end, given, budget", ENDS)
def test_how_a_thought_ended(end: ThinkingEnd, given: dict[str, Any], budget: int | None) -> None:
    thought = Completion(request(is_thought=True), "hm", **given)
    extraction = judge(NEWS, budget=budget).judge(Completion(request(), GOOD), thought)
    assert extraction.thinking_end == end and extraction.problem is None


@pytest.mark.parametrize("finish, end", [("repetition", "repetition"), ("error", "ended_inside")])
def test_a_thought_without_an_answer_is_kept_as_a_thought(finish: Finish, end: ThinkingEnd) -> None:
    thought = Completion(request(is_thought=True), "hm hm", [1, 2], finish, output_tokens=2, error="e", seconds=1.0)
    extraction = judge(NEWS).judge(thought)
    assert extraction.thinking_end == end and extraction.problem and extraction.problem.kind in ("repetition", "engine")
    assert (extraction.completion.text, extraction.completion.output_tokens) == ("", 0)
    assert extraction.thought is thought


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["entities", "name", "summary", "x"]), inner)
    ),
)


@pytest.mark.slow
@given(st.text() | JSON.map(json.dumps) | st.text(alphabet='{}[]",:truefalsn0123456789.eE\\ '))
def test_any_answer_is_judged(text: str) -> None:
    extraction = judge(NEWS).judge(Completion(request(), text))
    assert (extraction.problem is None) == (extraction.record is not None)
    assert json.loads(json.dumps(extraction.record, allow_nan=False)) == extraction.record


@pytest.mark.parametrize(
    "given, name",
    [
        ("《红楼梦》", "红楼梦"),
        ('"Ann"', "Ann"),
        ("“Ann” and “Bo”", "“Ann” and “Bo”"),
        ("《》", "《》"),
        ("O'Neill'", "O'Neill'"),
    ],
)
def test_names_lose_the_quotation_marks_around_them(given: str, name: str) -> None:
    answer = {"entities": [{"name": given}], "relations": [{"subject": given, "object": "x"}], "summary": given}
    ends = {"type": "array", "items": {"properties": {"subject": {}, "object": {}}}}
    news = {**NEWS, "properties": {**NEWS["properties"], "relations": ends}}
    found = judge(news).judge(Completion(request(), json.dumps(answer)))
    assert [entity.name for entity in found.rows["entities"]] == [name] and summary(found) == given
    assert [(relation.subject, relation.subject_id) for relation in found.rows["relations"]] == [(name, "e1")]
