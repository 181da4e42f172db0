"""What a run would cost: the arithmetic, and where its numbers come from."""

from pathlib import Path
from typing import Any

import pytest
from fakes import Silent, answering, fake_prepared
from programs import documents

from extractor.documents import read
from extractor.jobs.estimate import CostEstimate, estimate
from extractor.pipeline.session import run
from extractor.store.manifest import Manifest
from extractor.tasks.prompt import answer_text
from extractor.types import Request

ANSWER = '{"entities": [], "relations": [], "summary": "It happened."}'


def test_hours_are_tokens_over_rate() -> None:
    cost = CostEstimate(1_000_000, 1000, 700_000_000, 252_000_000, "", 1000.0, "")
    assert cost.hours == 70.0


def test_prompts_are_counted_and_the_worked_example_tells_of_answers(tmp_path: Path) -> None:
    prepared = fake_prepared(documents(tmp_path / "d.jsonl", 8), tmp_path / "o", examples=None)
    cost = estimate(prepared, 50.0)
    answers = [answer_text(example["answer"]) for example in prepared.builder.task.examples]
    each = sum(map(len, answers)) / len(answers)  # one token a character
    asked = list(read(prepared.sources, prepared.columns))
    requests = [prepared.builder.first(document) for document in asked]
    prompts = [len(request.prompt) for request in requests if isinstance(request, Request)]
    assert (cost.documents, cost.sampled, cost.prompt_tokens) == (8, 8, sum(prompts))
    assert cost.answer_tokens == round(8 * each)
    assert cost.answer_source == f"{each:,.0f} a document, as in the worked examples"
    assert cost.hours == pytest.approx(8 * each / 50 / 3600)


@pytest.mark.parametrize(
    ("given", "each", "source"),
    [
        ({"max_answer_tokens": 400}, 100, "a guess: a quarter of --max-answer-tokens"),
        ({"mode": "think"}, 256 + 1000, "a quarter of --max-answer-tokens and a guess of 1000 for the thought"),
        ({"mode": "think", "thinking_budget": 60}, 256 + 60, "and a guess of 60 for the thought"),
    ],
)
def test_guesses_are_called_guesses(tmp_path: Path, given: dict[str, Any], each: int, source: str) -> None:
    cost = estimate(fake_prepared(documents(tmp_path / "d.jsonl", 3), tmp_path / "o", **given))
    assert cost.answer_tokens == 3 * each
    assert cost.answer_source.endswith(source)
    assert (cost.hours, cost.rate_source) == (None, "no run to go by: add --tokens-per-second N")


def test_an_earlier_run_tells_of_answers_and_rate_and_what_it_settled_costs_nothing(tmp_path: Path) -> None:
    source, out = documents(tmp_path / "d.jsonl", 10), tmp_path / "o"
    first = fake_prepared(source, out, limit=4)
    run(first, lambda ready: answering(lambda request: ANSWER), Silent(), lambda: False)
    manifest = Manifest.load(out)
    manifest.save({"last_run": {**manifest.content["last_run"], "output_tokens": 600, "seconds": 12.0}})
    cost = estimate(fake_prepared(source, out))
    assert (cost.documents, cost.answer_tokens) == (6, 6 * len(ANSWER))
    assert cost.answer_source == f"{len(ANSWER)} a document, as in {out}"
    assert (cost.tokens_per_second, cost.rate_source) == (50.0, "at the last run's 50 tokens/s, loading included")
    other = estimate(fake_prepared(source, out, max_answer_tokens=77))  # another job: every document again
    assert other.documents == 10


def test_a_limit_bounds_it_and_documents_without_text_ask_for_no_answer(tmp_path: Path) -> None:
    source = tmp_path / "d.jsonl"
    source.write_text('{"id": "a", "text": ""}\n{"id": "b", "text": "Zoe."}\n{"id": "c", "text": "Ann."}\n')
    cost = estimate(fake_prepared(source, tmp_path / "o", max_answer_tokens=400))
    assert cost.answer_tokens == 200
    assert estimate(fake_prepared(source, tmp_path / "o", max_answer_tokens=400, limit=2)).documents == 2
