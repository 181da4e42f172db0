"""Each kind of failure and its own remedy, by an engine that fails on demand."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import answering, fake_prepared, lane_of, settled

from extractor.answers.cures import HOT
from extractor.jobs.prepare import Prepared
from extractor.pipeline.ahead import BATCH
from extractor.pipeline.scheduler import FLUSH
from extractor.store.tables import rows_of
from extractor.tasks.chat import CLOSING, EARLY_STOP
from extractor.types import HOTTEST, Completion, Document, Finish, Problem, Request, Settlement

GOOD = {"entities": [{"name": "Ann", "type": "person"}], "relations": [], "summary": "s"}
GOOD_TEXT = json.dumps(GOOD)
TEXT = "Ann is here."
Answer = Callable[[Request], str | Completion]


def prepared(folder: Path, kind: str = "hybrid", **job: Any) -> Prepared:
    source = folder / "one.jsonl"
    source.write_text(json.dumps({"id": "d", "text": TEXT, "mode": None}))
    return fake_prepared(source, folder / "out", kind, max_answer_tokens=100, **job)


def documents(count: int = 1, **given: Any) -> list[Document]:
    return [Document(f"d{number}", TEXT, f"f:{number}", **given) for number in range(count)]


def settle(made: Prepared, answer: Answer, given: Iterable[Document] | None = None) -> list[Settlement]:
    lane = lane_of(made, documents() if given is None else given)
    return [settlement for _, settlement in settled(lane, answering(answer))]


def ended(request: Request, text: str, finish: Finish = "stop", **given: Any) -> Completion:
    tokens = [ord(character) for character in text]
    return Completion(request, text, tokens, finish, output_tokens=len(text), **given)


class Script:
    """Answers in the order given, the last one for ever, and remembers what was asked."""

    def __init__(self, *steps: Answer | str) -> None:
        self.steps, self.asked = list(steps), list[Request]()

    def __call__(self, request: Request) -> str | Completion:
        self.asked.append(request)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        return step if isinstance(step, str) else step(request)


def text_of(request: Request) -> str:
    return "".join(map(chr, request.prompt))


def asked_for(request: Request) -> list[str]:
    """The properties that its grammar lets the answer have."""
    return list(json.loads(request.schema or "")["properties"])


def length(text: str) -> Answer:
    return lambda request: ended(request, text, "length")


def loop(text: str) -> Answer:
    return lambda request: ended(request, text, "repetition")


def failing(request: Request) -> Completion:
    return ended(request, "", "error", error="no room")


THOUGHTS: list[tuple[Answer, str, str, dict[str, Any]]] = [
    (lambda request: "hm", "closed", "hm" + CLOSING, {}),
    (length("hm"), "truncated", "hm" + EARLY_STOP + CLOSING, {}),
    (length("hm"), "budget", "hm" + EARLY_STOP + CLOSING, {"thinking_budget": 64}),
    (lambda request: ended(request, "hm"), "ended_inside", "hm" + EARLY_STOP + CLOSING, {}),
    (loop("hm"), "repetition", "hm" + EARLY_STOP + CLOSING, {"attempts": 1}),
]


@pytest.mark.parametrize("thought, end, closed, job", THOUGHTS, ids=[row[1] for row in THOUGHTS])
def test_however_a_thought_ends_it_is_closed_and_answered_under_the_grammar(
    tmp_path: Path, thought: Answer, end: str, closed: str, job: dict[str, Any]
) -> None:
    script = Script(thought, GOOD_TEXT)
    made = prepared(tmp_path, mode="think", **job)
    [settlement] = settle(made, script)
    first, second = script.asked
    assert first.is_thought and first.schema is None
    assert (
        not second.is_thought and second.schema == made.builder.grammar and text_of(second) == text_of(first) + closed
    )
    assert settlement.kept.thinking_end == end and settlement.kept.record == GOOD and len(settlement.attempts) == 1


def test_no_thought(tmp_path: Path) -> None:
    [settlement] = settle(prepared(tmp_path), Script(GOOD_TEXT))
    assert settlement.kept.thinking_end == "none" and settlement.kept.status == "ok"


@pytest.mark.parametrize("given, hotter", [({}, HOT), ({"temperature": 1.0}, 1.2), ({"temperature": 1.9}, HOTTEST)])
def test_a_thought_in_a_loop_is_drawn_anew_hotter(tmp_path: Path, given: dict[str, float], hotter: float) -> None:
    script = Script(loop("la la"), "hm", GOOD_TEXT)
    [settlement] = settle(prepared(tmp_path, mode="think", sampling=given), script)
    first, again, _ = script.asked
    assert again.is_thought and again.prompt == first.prompt and again.attempt == 2
    assert again.sampling.temperature == hotter > first.sampling.temperature
    failed, kept = settlement.attempts
    assert (failed.thinking_end, failed.problem and failed.problem.kind) == ("repetition", "repetition")
    assert failed.thought and failed.thought.text == "la la"
    assert failed.completion.text == "" and kept.thinking_end == "closed" and kept is settlement.kept


def test_a_thought_that_only_loops_is_answered_as_the_last_resort(tmp_path: Path) -> None:
    script = Script(loop("la"), loop("la"), GOOD_TEXT)
    [settlement] = settle(prepared(tmp_path, mode="think", attempts=2), script)
    assert settlement.kept.record == GOOD and settlement.kept.thinking_end == "repetition"
    assert [step.completion.request.attempt for step in settlement.attempts] == [1, 2]


def test_a_truncated_answer_gets_twice_the_tokens(tmp_path: Path) -> None:
    script = Script(length("{"), GOOD_TEXT)
    [settlement] = settle(prepared(tmp_path), script)
    first, second = script.asked
    assert (first.max_tokens, second.max_tokens) == (100, 200) and second.prompt == first.prompt
    assert settlement.kept.record == GOOD and second.attempt == 2


def test_an_answer_truncated_again_is_asked_for_in_pieces(tmp_path: Path) -> None:
    pieces = [json.dumps({key: value}) for key, value in GOOD.items()]
    script = Script(length("{"), length("{"), *pieces)
    [settlement] = settle(prepared(tmp_path), script)
    asked = script.asked[2:]
    assert [list(json.loads(request.schema or "")["properties"]) for request in asked] == [[key] for key in GOOD]
    assert {request.attempt for request in asked} == {3}
    assert settlement.kept.record == GOOD and settlement.kept.status == "ok" and len(settlement.attempts) == 3
    assert settlement.kept.completion.output_tokens == sum(map(len, pieces))


def test_the_merged_answer_is_judged_as_a_whole(tmp_path: Path) -> None:
    script = Script(length("{"), length("{"), '{"entities": [{"name": 1}]}', '{"relations": []}', '{"summary": ""}')
    [settlement] = settle(prepared(tmp_path), script)
    assert settlement.kept.problem and settlement.kept.problem.kind == "invalid"
    assert settlement.kept.problem.detail.startswith("at entities/0")


@pytest.mark.parametrize("piece", ["{}", "[]", "no JSON", "[" * 100_000])
def test_pieces_that_are_useless_end(tmp_path: Path, piece: str) -> None:
    [settlement] = settle(prepared(tmp_path, attempts=4), Script(length("{"), length("{"), piece))
    assert settlement.kept.problem and settlement.kept.problem.kind in ("invalid", "unparsable")
    assert len(settlement.attempts) == 4


def test_a_truncated_piece_is_the_end(tmp_path: Path) -> None:
    script = Script(length("{"))
    [settlement] = settle(prepared(tmp_path, attempts=9), script)
    assert settlement.kept.problem and settlement.kept.problem.kind == "truncated"
    assert [request.max_tokens for request in script.asked] == [100, 200, 200]


LOOP = '{"entities": [{"name": "Ann", "type": "person"}' + ', {"name": "Bo", "type": "person"}' * 4


@pytest.mark.parametrize("ending", [loop, length])
def test_a_loop_is_cut_out_and_the_model_goes_on_behind_it(tmp_path: Path, ending: Callable[[str], Answer]) -> None:
    script = Script(ending(LOOP), '{"relations": []}', '{"summary": "s"}')
    [settlement] = settle(prepared(tmp_path), script)
    assert [asked_for(request) for request in script.asked] == [list(GOOD), ["relations"], ["summary"]]
    before = text_of(script.asked[0])
    assert text_of(script.asked[1]).startswith(before + '{"entities": [{"name": "Ann"')
    assert text_of(script.asked[2]).endswith('{"relations": []}\n')
    kept = settlement.kept
    assert [entity.name for entity in kept.rows["entities"]] == ["Ann", "Bo"]
    assert [row.summary for row in kept.rows["summaries"]] == ["s"]
    assert kept.completion.finish == "repetition" and len(settlement.attempts) == 1
    assert settlement.output_tokens == sum(map(len, [LOOP, '{"relations": []}', '{"summary": "s"}']))
    assert rows_of(settlement)["documents"][0]["finish"] == "repetition"


def test_a_loop_in_a_piece_is_cut_out_too(tmp_path: Path) -> None:
    again = '{"subject": "Bo", "object": "Ann", "predicate": "family_of"}'
    script = Script(loop(LOOP), loop('{"relations": [' + f"{again}, " * 4), '{"summary": "s"}')
    [settlement] = settle(prepared(tmp_path), script)
    assert [relation.subject for relation in settlement.kept.rows["relations"]] == ["Bo"]
    assert [row.summary for row in settlement.kept.rows["summaries"]] == ["s"]


def test_a_long_answer_that_breaks_off_is_no_loop(tmp_path: Path) -> None:
    script = Script(length(LOOP.replace(', {"name": "Bo", "type": "person"}' * 3, "")), GOOD_TEXT)
    [settlement] = settle(prepared(tmp_path), script)
    assert settlement.kept.record == GOOD and len(settlement.attempts) == 2


def test_a_loop_in_which_nothing_stands_is_drawn_anew(tmp_path: Path) -> None:
    script = Script(loop('{"entities": [{"name": "a a a a a a'), GOOD_TEXT)
    [settlement] = settle(prepared(tmp_path), script)
    first, second = script.asked
    assert second.prompt == first.prompt and second.sampling.temperature >= HOT > first.sampling.temperature
    assert settlement.kept.record == GOOD


@pytest.mark.parametrize(
    "wrong, said",
    [("Hello", "Expecting value"), ('{"entities": []}', "at the root: 'relations' is a required property")],
)
def test_a_wrong_answer_goes_back_with_its_fault(tmp_path: Path, wrong: str, said: str) -> None:
    script = Script(wrong, GOOD_TEXT)
    [settlement] = settle(prepared(tmp_path), script)
    prompt = text_of(script.asked[1])
    assert f"<|im_start|>assistant\n{wrong}<|im_end|>\n<|im_start|>user\nThat answer is wrong: {said}" in prompt
    assert settlement.kept.record == GOOD and [s.problem and s.problem.kind for s in settlement.attempts][1] is None


def test_what_goes_back_holds_no_control_string(tmp_path: Path) -> None:
    script = Script('{"entities": "</think><\u2060|im_end|>"}', GOOD_TEXT)
    settle(prepared(tmp_path), script)
    prompt = text_of(script.asked[1])
    assert '{"entities": "<\u2060/\u2060think><\u2060|im_end|>"}' in prompt
    assert prompt.count("</think>") == 1  # the template's own


def test_a_wrong_answer_with_thought_is_thought_over_again(tmp_path: Path) -> None:
    script = Script("hm", "Hello", "hm again", GOOD_TEXT)
    [settlement] = settle(prepared(tmp_path, mode="think"), script)
    assert [request.is_thought for request in script.asked] == [True, False, True, False]
    assert "That answer is wrong" in text_of(script.asked[2]) and settlement.kept.record == GOOD


def test_an_error_is_tried_once_more_without_grammar(tmp_path: Path) -> None:
    script = Script(failing, GOOD_TEXT)
    [settlement] = settle(prepared(tmp_path), script)
    assert script.asked[1] == replace(script.asked[0], schema=None, attempt=2)
    assert settlement.kept.record == GOOD


def test_an_error_without_grammar_is_the_end(tmp_path: Path) -> None:
    [settlement] = settle(prepared(tmp_path, attempts=9), Script(failing))
    assert settlement.kept.problem == Problem("engine", "no room") and len(settlement.attempts) == 2


def test_an_error_in_a_thought_is_tried_from_the_start(tmp_path: Path) -> None:
    script = Script(failing, "hm", GOOD_TEXT)
    [settlement] = settle(prepared(tmp_path, mode="think"), script)
    assert [request.is_thought for request in script.asked] == [True, True, False]
    assert script.asked[2].schema and settlement.kept.record == GOOD


def test_an_error_after_a_thought_keeps_the_thought(tmp_path: Path) -> None:
    script = Script("hm", failing, GOOD_TEXT)
    [settlement] = settle(prepared(tmp_path, mode="think"), script)
    assert [request.is_thought for request in script.asked] == [True, False, False]
    assert script.asked[2].schema is None and settlement.kept.thinking_end == "closed"


@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_all_attempts_used(tmp_path: Path, attempts: int) -> None:
    script = Script("Hello")
    [settlement] = settle(prepared(tmp_path, attempts=attempts), script)
    assert settlement.kept.status == "quarantined" and len(script.asked) == attempts
    assert [step.completion.request.attempt for step in settlement.attempts] == list(range(1, attempts + 1))
    assert all(step.problem and step.problem.kind == "unparsable" for step in settlement.attempts)


LONG = TEXT + " x" * 300
NOTHING = '{"entities": [], "relations": [], "summary": ""}'
UNGROUNDED = GOOD_TEXT.replace("Ann", "Zoe")
THRICE = json.dumps({**GOOD, "entities": GOOD["entities"] * 3})  # type: ignore[operator]


@pytest.mark.parametrize(
    "doubtful, signal", [("Hello", "failed"), (NOTHING, "empty"), (UNGROUNDED, "ungrounded"), (THRICE, "repeats")]
)
def test_auto_thinks_where_an_answer_is_doubtful(tmp_path: Path, doubtful: str, signal: str) -> None:
    script = Script(doubtful, "hm", GOOD_TEXT)
    [settlement] = settle(prepared(tmp_path, mode="auto"), script, [Document("d", LONG, "f:1")])
    assert [request.mode for request in script.asked] == ["no_think", "think", "think"]
    assert settlement.escalated == (signal,) and settlement.kept.record == GOOD
    assert settlement.kept.thinking_end == "closed"


def test_auto_leaves_a_good_answer(tmp_path: Path) -> None:
    [settlement] = settle(prepared(tmp_path, mode="auto"), Script(GOOD_TEXT))
    assert settlement.escalated == () and len(settlement.attempts) == 1


def test_auto_heeds_only_the_signals_asked_for(tmp_path: Path) -> None:
    made = prepared(tmp_path, mode="auto", escalate=["empty"])
    [settlement] = settle(made, Script(UNGROUNDED))
    assert settlement.escalated == () and settlement.kept.completion.text == UNGROUNDED


def test_auto_keeps_the_better_answer(tmp_path: Path) -> None:
    [settlement] = settle(prepared(tmp_path, mode="auto"), Script(UNGROUNDED, "hm", "Hello"))
    assert settlement.kept is settlement.attempts[0] and len(settlement.attempts) == 3
    assert settlement.escalated == ("ungrounded",)
    [settlement] = settle(prepared(tmp_path, mode="auto"), Script(UNGROUNDED, "hm", UNGROUNDED))
    assert settlement.kept is settlement.attempts[1]


def test_a_mode_of_its_own_is_not_escalated(tmp_path: Path) -> None:
    script = Script(UNGROUNDED)
    [settlement] = settle(prepared(tmp_path, mode="auto"), script, documents(mode="no_think"))
    assert settlement.escalated == () and len(script.asked) == 1


def test_a_wrong_mode_is_a_row(tmp_path: Path) -> None:
    script = Script(GOOD_TEXT)
    found = settle(prepared(tmp_path), script, [*documents(mode="maybe"), Document("e", TEXT, "f:2", mode="no_think")])
    assert {s.document.id: s.kept.problem and s.kept.problem.kind for s in found} == {"d0": "bad_mode", "e": None}
    assert len(script.asked) == 1


def test_draining_finishes_second_halves_and_begins_nothing(tmp_path: Path) -> None:
    asked: list[Request] = []

    def answer(request: Request) -> str:
        asked.append(request)
        return "hm" if request.is_thought else GOOD_TEXT

    lane = lane_of(prepared(tmp_path, mode="think"), documents(9), draining=lambda: bool(asked))
    found = [settlement for _, settlement in settled(lane, answering(answer, window=3))]
    assert [s.document.id for s in found] == ["d0", "d1", "d2"] and len(asked) == 6
    assert all(s.kept.record == GOOD for s in found) and lane.unsettled() == []


def test_draining_leaves_further_attempts_behind(tmp_path: Path) -> None:
    script = Script("Hello")
    lane = lane_of(prepared(tmp_path), documents(9), draining=lambda: bool(script.asked))
    assert list(settled(lane, answering(script, window=3))) == []
    left = lane.unsettled()
    assert sorted(work.document.id for work in left) == ["d0", "d1", "d2"]
    for work in left:
        following = work.next()
        assert len(work.completions) == 1 and following and following.attempt == 2


BAD = Problem("bad_line", "no")


@pytest.mark.parametrize("place", [0, 5, 10])
def test_many_rows_without_a_model_do_not_keep_the_others_waiting(tmp_path: Path, place: int) -> None:
    bad = [Document(f"bad{number}", "", "f:1", problem=BAD) for number in range(3 * FLUSH + 7)]
    good = documents(10)
    found = settle(prepared(tmp_path), Script(GOOD_TEXT), [*good[:place], *bad, *good[place:]])
    assert len(found) == len({s.document.id for s in found}) == len(bad) + 10
    assert [s.attempts for s in found if s.kept.problem] == [()] * len(bad)


def test_rows_without_a_model_come_out_before_all_are_read(tmp_path: Path) -> None:
    read = 0

    def endless() -> Iterable[Document]:
        nonlocal read
        while True:
            read += 1
            yield Document(f"bad{read}", "", "f:1", problem=BAD)

    stream = settled(lane_of(prepared(tmp_path), endless()), answering(Script(GOOD_TEXT)))
    assert next(stream)[1].document.id == "bad1" and read <= FLUSH + BATCH
