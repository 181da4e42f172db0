"""What went wrong with an answer, and the next attempt that may mend it: each kind of failure has its own remedy."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from extractor.answers.attempt import Attempt
from extractor.answers.pieces import said
from extractor.answers.signals import signals
from extractor.tasks.requests import RequestBuilder
from extractor.types import HOTTEST, Completion, Extraction, Problem, ProblemKind, Request

HOT = 0.8  # the least temperature of a draw after one that led into a loop
REPAIR = "That answer is wrong: {fault}. Give the whole answer again, corrected, and nothing else."


@dataclass(frozen=True, slots=True)
class Cures:
    """Gives further attempts, at most `attempts` for a document."""

    builder: RequestBuilder
    attempts: int

    def usable(self, thought: Completion) -> bool:
        """Whether this thought, closed by us where need be, may be answered from; a loop only as the last resort."""
        loops = thought.finish == "repetition" and thought.request.attempt < self.attempts
        return thought.finish != "error" and not loops

    def after(self, attempt: Attempt, extraction: Extraction) -> Attempt | None:
        """The next attempt at this document, None where this extraction settles it."""
        number = attempt.asked.attempt
        more = extraction.completion.more
        if more:
            cured: Cured = attempt.asked
        elif more is False or number >= self.attempts:
            return None
        elif self.doubts(extraction):
            cured = self.builder.build(attempt.asked.document, "think")
        elif extraction.problem and (cure := CURES.get(extraction.problem.kind)):
            cured = cure(self.builder, attempt, extraction)
        else:
            return None
        if isinstance(cured, Problem):
            return None
        following = cured if isinstance(cured, Attempt) else Attempt(cured)
        return replace(following, asked=replace(following.asked, attempt=number + 1))

    def doubts(self, extraction: Extraction) -> list[str]:
        """The signals for which --mode auto asks again with thought; none for an answer that had thought."""
        request, wanted = extraction.completion.request, self.builder.task.escalate
        if not wanted or request.mode == "think" or request.document.mode:
            return []
        return [name for name in signals(extraction) if name in wanted]


Cured = Attempt | Request | Problem  # the same attempt changed, a new beginning, or nothing that could help


def _more_room(builder: RequestBuilder, attempt: Attempt, extraction: Extraction) -> Cured:
    """Twice the answer tokens, as far as the context goes; then the schema in pieces."""
    asked = attempt.asked
    most = min(2 * builder.task.max_answer_tokens, builder.context - len(asked.prompt))
    if asked.max_tokens < most:
        return replace(attempt, asked=replace(asked, max_tokens=most))
    names = builder.pieces
    if attempt.property or len(names) < 2:
        return Problem("truncated", "no room left, and no pieces to ask for")
    return replace(attempt, property=names[0], asked=replace(asked, schema=builder.piece(names[0])))


def _ask_again(builder: RequestBuilder, attempt: Attempt, extraction: Extraction) -> Cured:
    """The answer and its fault go back to the model; where they leave no room, it starts from the document again."""
    tame, fault = builder.neutraliser, extraction.problem.detail if extraction.problem else ""
    answer = {"role": "assistant", "content": builder.as_shown(extraction.completion.text)}
    wrong = {"role": "user", "content": REPAIR.format(fault=tame.neutralise(fault))}
    asked = builder.build(attempt.asked.document, attempt.asked.mode, more=(answer, wrong))
    if isinstance(asked, Problem):
        return _draw_anew(builder, attempt, extraction)
    return (
        asked if asked.is_thought or not _is_of_relations(builder, attempt, fault) else _from(builder, attempt, asked)
    )


def _is_of_relations(builder: RequestBuilder, attempt: Attempt, fault: str) -> bool:
    """Whether what is wrong is in closed relations alone: the rest of the answer stands."""
    name = attempt.property
    is_elsewhere = fault.startswith("at ") and not fault.startswith((f"at {name}/", f"at {name}:"))
    return name in builder.closing.names and not is_elsewhere


def _from(builder: RequestBuilder, attempt: Attempt, asked: Request) -> Cured:
    """This request for what the attempt is at, after the pieces that stand."""
    asked = builder.continued(asked, said(builder, attempt.pieces))
    room = min(attempt.asked.max_tokens, builder.room_after(asked))
    if room < 1:
        return Problem("too_long", "no room for what is wrong")
    return replace(attempt, asked=replace(asked, schema=attempt.asked.schema, max_tokens=room))


def _draw_anew(builder: RequestBuilder, attempt: Attempt, extraction: Extraction) -> Cured:
    """The answer or its closed relations anew, hotter; the seed is the engine's: its own kills vLLM's CPU build."""
    before = attempt.asked.sampling
    sampling = replace(before, temperature=min(max(before.temperature + 0.2, HOT), HOTTEST))
    if attempt.property in builder.closing.names:
        return replace(attempt, asked=replace(attempt.asked, sampling=sampling))
    fresh = builder.build(attempt.asked.document, attempt.asked.mode)
    return fresh if isinstance(fresh, Problem) else replace(fresh, sampling=sampling)


def _without_grammar(builder: RequestBuilder, attempt: Attempt, extraction: Extraction) -> Cured:
    """Once more, the answer without its grammar; a thought, which has none, from the start."""
    if attempt.thought and attempt.thought.finish == "error":
        return builder.build(attempt.asked.document, attempt.asked.mode)
    if attempt.asked.schema is None:
        return Problem("engine", "refused without a grammar too")
    return replace(attempt, asked=replace(attempt.asked, schema=None))


CURES: dict[ProblemKind, Callable[[RequestBuilder, Attempt, Extraction], Cured]] = {
    "truncated": _more_room,
    "unparsable": _ask_again,
    "invalid": _ask_again,
    "repetition": _draw_anew,
    "engine": _without_grammar,
}
