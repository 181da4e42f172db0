"""Answers that were stored by an earlier run, judged as if they came from the engine now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractor.answers.judge import Judge
from extractor.types import Completion, Extraction, Finish, Request, ThinkingEnd, ThinkingMode

_FINISHES: dict[ThinkingEnd, Finish] = {"budget": "length", "truncated": "length", "repetition": "repetition"}


@dataclass(frozen=True, slots=True)
class Answered:
    """One stored attempt."""

    attempt: int
    mode: ThinkingMode
    answer: str
    reasoning: str | None
    finish: Finish
    detail: str
    thinking_tokens: int = 0
    answer_tokens: int = 0
    prompt_tokens: int = 0
    thinking_end: ThinkingEnd = "closed"


def recall(judge: Judge, first: Request, answered: Sequence[Answered]) -> Extraction:
    """The last stored attempt at this document as an extraction, the others behind it."""
    extraction: Extraction | None = None
    for stored in sorted(answered, key=lambda one: one.attempt):
        earlier = (*extraction.completion.request.earlier, extraction) if extraction else ()
        extraction = judge.judge(completion_of(replace(first, earlier=earlier), stored, judge.budget))
    assert extraction, "there is at least one stored attempt"
    return extraction


def completion_of(request: Request, stored: Answered, budget: int | None = None) -> Completion:
    """The completion that a stored attempt was, for this request; `budget` is what a thought was given."""
    asked = replace(request, attempt=stored.attempt, mode=stored.mode, is_thought=False)
    if stored.reasoning is not None:
        asked = replace(asked, thought=_thought(asked, stored, stored.reasoning, budget))
    return Completion(
        asked,
        stored.answer,
        finish=stored.finish,
        prompt_tokens=stored.prompt_tokens,
        output_tokens=stored.answer_tokens,
        error=stored.detail,
    )


def _thought(asked: Request, stored: Answered, text: str, budget: int | None) -> Completion:
    end = stored.thinking_end
    room = budget if budget and end == "budget" else 0  # no budget is 0: any other end is not taken for it
    return Completion(
        replace(asked, max_tokens=room),
        text,
        finish=_FINISHES.get(end, "stop"),
        stopped_by="stored" if end == "closed" else None,
        prompt_tokens=stored.prompt_tokens,
        output_tokens=stored.thinking_tokens,
    )
