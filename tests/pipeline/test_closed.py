"""Relations asked for after the entities, with these for their only ends: two requests, one answer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fakes import LOGPROB, Silent, answering, fake_prepared, lane_of, settled
from jsonschema import Draft202012Validator
from shop import rows

from extractor.answers.cures import HOT
from extractor.jobs.check import FURTHER, check, show
from extractor.jobs.estimate import estimate
from extractor.jobs.file import GivenJob
from extractor.jobs.prepare import Prepared
from extractor.jobs.replay import make_replay
from extractor.jobs.retry import asked_again, ready_again
from extractor.pipeline.session import run
from extractor.store.tables import rows_of
from extractor.types import Completion, Document, Finish, Request, Settlement

TEXT = "Ann Lee works for Lee in Oslo. 王小明在北京。"
THINGS = [
    ("Ann Lee", "person"),
    ("Lee", "organisation"),
    ("Oslo", "location"),
    ("王小明", "person"),
    ("北京", "location"),
]
ENTITIES = [{"name": name, "type": kind} for name, kind in THINGS]
FIRST = {"entities": ENTITIES, "summary": "s"}
WORKS = {"subject": "Ann Lee", "object": "Lee", "predicate": "works_for"}
LIVES = {"subject": "王小明", "object": "北京", "predicate": "lives_in"}
SECOND = {"relations": [WORKS, LIVES]}
WHOLE = {"entities": ENTITIES, "relations": [WORKS, LIVES], "summary": "s"}
Step = dict[str, Any] | str | Callable[[Request], Completion]


def said(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


class Script:
    """Answers in the order given, and remembers what was asked."""

    def __init__(self, *steps: Step) -> None:
        self.steps, self.asked = list(steps), list[Request]()

    def __call__(self, request: Request) -> str | Completion:
        self.asked.append(request)
        step = self.steps.pop(0)
        return step if isinstance(step, str) else said(step) if isinstance(step, dict) else step(request)


def ending(text: str, finish: Finish) -> Callable[[Request], Completion]:
    return lambda request: Completion(request, text, [ord(one) for one in text], finish, output_tokens=len(text))


def prepared(folder: Path, **job: Any) -> Prepared:
    source = folder / "one.jsonl"
    source.write_text(json.dumps({"id": "d", "text": TEXT}))
    words: dict[str, Any] = {"relations": "closed", "max_answer_tokens": 900} | job
    return fake_prepared(source, folder / "out", **words)


def settle(made: Prepared, script: Script) -> Settlement:
    [(_, settlement)] = settled(lane_of(made, [Document("d", TEXT, "f:1")]), answering(script))
    assert not script.steps
    return settlement


def text_of(request: Request) -> str:
    return "".join(map(chr, request.prompt))


def allows(request: Request, subject: str, predicate: str, target: str) -> bool:
    item = {"subject": subject, "object": target, "predicate": predicate}
    return bool(Draft202012Validator(json.loads(request.schema or "")).is_valid({"relations": [item]}))


def test_two_requests_give_the_user_s_whole_record_and_its_rows(tmp_path: Path) -> None:
    script = Script(FIRST, SECOND)
    settlement = settle(prepared(tmp_path), script)
    first, second = script.asked
    assert list(json.loads(first.schema or "")["properties"]) == ["entities", "summary"]
    assert list(json.loads(second.schema or "")["properties"]) == ["relations"]
    assert text_of(second) == text_of(first) + said(FIRST) + "\n"
    kept = settlement.kept
    assert said(kept.record) == said(WHOLE) and len(settlement.attempts) == 1 and len(settlement.completions) == 2
    assert [(row.subject, row.predicate, row.object, row.subject_id) for row in kept.rows["relations"]] == [
        ("Ann Lee", "works_for", "Lee", "e1"),
        ("王小明", "lives_in", "北京", "e4"),
    ]
    assert settlement.output_tokens == len(said(FIRST)) + len(said(SECOND)) == kept.completion.output_tokens
    assert rows_of(settlement)["documents"][0]["attempts"] == 1


def test_the_ends_are_the_entities_found_of_the_types_that_the_arrow_names(tmp_path: Path) -> None:
    script = Script(FIRST, SECOND)
    settle(prepared(tmp_path), script)
    second = script.asked[1]
    assert allows(second, "Ann Lee", "works_for", "Lee") and allows(second, "王小明", "lives_in", "Oslo")
    assert not allows(second, "Ann", "works_for", "Lee") and not allows(second, "Ann Lee", "works_for", "Oslo")
    assert not allows(second, "Lee", "works_for", "Ann Lee") and not allows(second, "王小", "lives_in", "北京")


@pytest.mark.parametrize("found", [[], ENTITIES[:1], [ENTITIES[0], ENTITIES[0]]])
def test_of_fewer_than_two_things_no_relations_are_asked(tmp_path: Path, found: list[Any]) -> None:
    settlement = settle(prepared(tmp_path), Script({"entities": found, "summary": "s"}))
    assert settlement.kept.record == {"entities": found, "relations": [], "summary": "s"}


def test_one_thought_stands_before_both(tmp_path: Path) -> None:
    script = Script("hm", FIRST, SECOND)
    settlement = settle(prepared(tmp_path, mode="think"), script)
    assert [request.is_thought for request in script.asked] == [True, False, False]
    assert text_of(script.asked[2]) == text_of(script.asked[1]) + said(FIRST) + "\n" and "hm" in text_of(
        script.asked[2]
    )
    assert settlement.kept.record == WHOLE and settlement.kept.thinking_end == "closed"


def test_auto_judges_the_whole_answer_and_thinks_where_it_is_doubtful(tmp_path: Path) -> None:
    wrong = {"entities": [{"name": "Zoe", "type": "person"}, ENTITIES[1]], "summary": "s"}
    script = Script(wrong, {"relations": []}, "hm", FIRST, SECOND)
    settlement = settle(prepared(tmp_path, mode="auto"), script)
    assert settlement.kept.record == WHOLE and settlement.escalated == ("ungrounded",)


def test_a_faulty_second_answer_alone_is_asked_again(tmp_path: Path) -> None:
    script = Script(FIRST, "Hello", SECOND)
    settlement = settle(prepared(tmp_path), script)
    assert "That answer is wrong: Expecting value" in text_of(script.asked[2])
    assert text_of(script.asked[2]).endswith("assistant\n<think>\n\n</think>\n\n" + said(FIRST) + "\n")
    assert script.asked[2].schema == script.asked[1].schema
    assert settlement.kept.record == WHOLE and len(settlement.attempts) == 2


def test_a_second_answer_against_the_schema_alone_is_asked_again(tmp_path: Path) -> None:
    script = Script(FIRST, {"relations": [{"subject": "Ann Lee"}]}, SECOND)
    settlement = settle(prepared(tmp_path), script)
    assert settlement.attempts[0].problem and settlement.attempts[0].problem.detail.startswith("at relations/0: ")
    assert settlement.kept.record == WHOLE


def test_a_fault_in_the_first_answer_is_mended_from_the_start(tmp_path: Path) -> None:
    script = Script({"entities": [{"name": 1}], "summary": "s"}, FIRST, SECOND)
    settlement = settle(prepared(tmp_path), script)
    assert text_of(script.asked[1]).count("That answer is wrong: at entities/0") == 1
    assert settlement.kept.record == WHOLE and len(settlement.attempts) == 2


@pytest.mark.parametrize("mode", ["no_think", "think"])
def test_a_loop_among_the_relations_is_cut_out_or_drawn_anew_hotter(tmp_path: Path, mode: str) -> None:
    thought = ["hm"] if mode == "think" else []
    script = Script(*thought, FIRST, ending(said(SECOND)[:-2] + f", {said(LIVES)}" * 3, "repetition"))
    assert settle(prepared(tmp_path, mode=mode), script).kept.record == WHOLE
    script = Script(*thought, FIRST, ending('{"relations": [{"subject": "Ann', "repetition"), SECOND)
    settlement = settle(prepared(tmp_path, mode=mode), script)
    *_, before, after = script.asked
    assert after.prompt == before.prompt and after.sampling.temperature >= HOT
    assert settlement.kept.record == WHOLE


def test_a_truncated_second_answer_gets_twice_the_tokens(tmp_path: Path) -> None:
    script = Script(FIRST, ending('{"relations"', "length"), SECOND)
    settlement = settle(prepared(tmp_path), script)
    assert [request.max_tokens for request in script.asked] == [900, 900, 1800]
    assert script.asked[2].prompt == script.asked[1].prompt and settlement.kept.record == WHOLE


def test_a_truncated_first_answer_comes_in_pieces_and_the_relations_last_and_closed(tmp_path: Path) -> None:
    cut = ending("{", "length")
    script = Script(cut, cut, {"entities": ENTITIES}, {"summary": "s"}, SECOND)
    settlement = settle(prepared(tmp_path), script)
    asked = [list(json.loads(request.schema or "")["properties"]) for request in script.asked[2:]]
    assert asked == [["entities"], ["summary"], ["relations"]] and not allows(script.asked[-1], "A", "works_for", "Lee")
    assert said(settlement.kept.record) == said(WHOLE)


def test_without_grammar_the_relations_are_still_asked_for_alone(tmp_path: Path) -> None:
    script = Script(ending("", "error"), WHOLE, SECOND)
    settlement = settle(prepared(tmp_path), script)
    assert script.asked[1].schema is None and text_of(script.asked[2]).endswith(said(FIRST) + "\n")
    assert settlement.kept.record == WHOLE


def test_control_strings_are_the_same_in_the_prompt_and_in_the_grammar(tmp_path: Path) -> None:
    tame = "<\u2060think>"
    first = {"entities": [{"name": tame, "type": "person"}, ENTITIES[1]], "summary": "s"}
    script = Script(first, {"relations": [{"subject": tame, "object": "Lee", "predicate": "works_for"}]})
    settlement = settle(prepared(tmp_path), script)
    assert allows(script.asked[1], tame, "works_for", "Lee") and "<think>" not in text_of(script.asked[1])[-100:]
    assert settlement.kept.record["relations"][0]["subject"] == "<think>"


def test_how_sure_it_was_is_told_of_the_right_rows(tmp_path: Path) -> None:
    def less_sure(request: Request) -> Completion:
        text = said(SECOND)
        return Completion(request, text, [ord(one) for one in text], logprobs=[2 * LOGPROB] * len(text))

    settlement = settle(prepared(tmp_path, confidence=True), Script(FIRST, less_sure))
    of_values = settlement.kept.completion.value_logprobs or []
    assert len(of_values) == 4 * 5 + 1 + 6 * 2 + 1 + 2
    sure = {logprob for value in of_values for logprob in value or ()}
    assert sure == {LOGPROB, 2 * LOGPROB} and (of_values[-1] or [])[0] == LOGPROB  # the summary's, asked for before


def test_examples_are_shown_in_the_form_that_is_asked_for(tmp_path: Path) -> None:
    shots = tmp_path / "shots.jsonl"
    shots.write_text(said({"text": TEXT, "answer": WHOLE}))
    builder = prepared(tmp_path, examples=str(shots)).builder
    first = builder.first(Document("d", TEXT, "f:1"))
    assert isinstance(first, Request)
    assert first.messages[2]["content"] == f"{said(FIRST)}\n{said(SECOND)}"


def test_its_own_work_and_replayed_without_a_model(tmp_path: Path) -> None:
    made = prepared(tmp_path)
    run(made, lambda _: answering(Script(FIRST, "Hello", SECOND)), Silent(), bool)
    again = fake_prepared(
        tmp_path / "one.jsonl", tmp_path / "again", engine="replay", **{"from": str(tmp_path / "out")}
    )
    run(again, make_replay, Silent(), bool)
    for table in ("entities", "relations", "summaries"):
        assert rows(tmp_path / "again", table) == rows(tmp_path / "out", table)


def test_check_show_and_the_estimate_say_that_there_are_two_requests(tmp_path: Path) -> None:
    closed, usual = prepared(tmp_path), prepared(tmp_path, relations="open")
    line = FURTHER.format(names="relations")
    assert line in check(closed, {}).notes and line not in check(usual, {}).notes
    told = show(closed, "d")
    assert told["further"] == line and list(json.loads(told["schema"])["properties"]) == ["entities", "summary"]
    assert "further" not in show(usual, "d")
    cost, other = estimate(closed, 50.0), estimate(usual, 50.0)
    assert cost.further == ("relations",) and other.further == () and cost.answer_tokens == other.answer_tokens
    assert other.prompt_tokens and cost.prompt_tokens == 2 * other.prompt_tokens + (other.answer_tokens or 0)


def test_passages_are_asked_twice_each_and_merged(tmp_path: Path) -> None:
    text = "\n\n".join(f"Ann meets Bo {number}. " + "They walk and talk. " * 12 for number in range(8))
    asked = list[Request]()

    def answer(request: Request) -> str:
        asked.append(request)
        wanted = list(json.loads(request.schema or "{}")["properties"])
        bos = [f"Bo {number}" for number in range(8) if f"Bo {number}." in request.document.text]
        things = [{"name": name, "type": "person"} for name in ["Ann", *bos]]
        ties = [{"subject": "Ann", "object": name, "predicate": "family_of"} for name in bos]
        return said(
            {key: value for key, value in zip(SECOND | FIRST, (ties, things, "s"), strict=True) if key in wanted}
        )

    (tmp_path / "one.jsonl").write_text(json.dumps({"id": "d", "text": text}))
    words: dict[str, Any] = {"passage_above": 500, "passage_tokens": 500}
    made = fake_prepared(tmp_path / "one.jsonl", tmp_path / "out", relations="closed", max_answer_tokens=900, **words)
    run(made, lambda _: answering(answer), Silent(), bool)
    (row,) = rows(tmp_path / "out")
    assert row["passages"] > 2 and row["passages_failed"] == 0
    assert len([one for one in asked if "relations" in json.loads(one.schema or "{}")["properties"]]) == row["passages"]
    ties = rows(tmp_path / "out", "relations")
    assert {tie["object"] for tie in ties} == {f"Bo {number}" for number in range(8)}
    assert list(json.loads(row["record"])) == ["entities", "relations", "summary"]


def test_what_was_quarantined_is_done_again_closed(tmp_path: Path) -> None:
    made = prepared(tmp_path, attempts=1)
    run(made, lambda _: answering(Script(FIRST, "Hello")), Silent(), bool)
    assert [row["problem"] for row in rows(tmp_path / "out")] == ["unparsable"]
    script = Script(FIRST, SECOND)
    again = ready_again(asked_again(tmp_path / "out", {}), [], lambda asked: prepared(tmp_path, **_given(asked)))
    run(again, lambda _: answering(script), Silent(), bool)
    assert [json.loads(row["record"]) for row in rows(tmp_path / "out")] == [WHOLE] and not script.steps


def _given(asked: GivenJob) -> dict[str, Any]:
    return {"attempts": asked.job.attempts, "relations": asked.job.relations}
