"""Answers that were stored by an earlier run, judged as if they came from the engine now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractor.answers.judge import Judge
from extractor.types import Completion, Extraction, Finish, Request, ThinkingMode


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


def recall(judge: Judge, first: Request, answered: Sequence[Answered]) -> Extraction:
    """The last stored attempt at this document as an extraction, the others behind it."""
    extraction: Extraction | None = None
    for stored in sorted(answered, key=lambda one: one.attempt):
        earlier = (*extraction.completion.request.earlier, extraction) if extraction else ()
        extraction = judge.judge(completion_of(replace(first, earlier=earlier), stored))
    assert extraction, "there is at least one stored attempt"
    return extraction


def completion_of(request: Request, stored: Answered) -> Completion:
    """The completion that a stored attempt was, for this request."""
    asked = replace(request, attempt=stored.attempt, mode=stored.mode, is_thought=False)
    if stored.reasoning is not None:
        thought = Completion(asked, stored.reasoning, output_tokens=stored.thinking_tokens, stopped_by="stored")
        asked = replace(asked, thought=thought)
    return Completion(
        asked, stored.answer, finish=stored.finish, output_tokens=stored.answer_tokens, error=stored.detail
    )
