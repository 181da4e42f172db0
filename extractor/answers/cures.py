"""What went wrong with an answer, and the next request that may mend it: each kind of failure has its own remedy."""

from collections.abc import Callable
from dataclasses import dataclass, replace

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

    def after(self, extraction: Extraction) -> Request | None:
        """The request of the next attempt at this document, None where this extraction settles it."""
        request = extraction.completion.request
        if request.attempt >= self.attempts:
            return None
        if self.doubts(extraction):
            cured = self.builder.build(request.document, "think")
        elif extraction.problem and (cure := CURES.get(extraction.problem.kind)):
            cured = cure(self.builder, extraction, extraction.problem)
        else:
            return None
        if isinstance(cured, Problem):
            return None
        return replace(cured, attempt=request.attempt + 1, earlier=(*request.earlier, extraction))

    def doubts(self, extraction: Extraction) -> list[str]:
        """The signals for which --mode auto asks again with thought; none for an answer that had thought."""
        request = extraction.completion.request
        if request.mode == "think" or request.document.mode:
            return []
        return [name for name in signals(extraction) if name in self.builder.task.escalate]


def _more_room(builder: RequestBuilder, extraction: Extraction, problem: Problem) -> Request | Problem:
    """Twice the answer tokens, as far as the context goes; then the schema in pieces."""
    request = extraction.completion.request
    most = min(2 * builder.task.max_answer_tokens, builder.context - len(request.prompt))
    if request.max_tokens < most:
        return replace(request, max_tokens=most)
    names = builder.pieces()
    if request.property or len(names) < 2:
        return problem
    return replace(request, property=names[0], schema=builder.piece(names[0]))


def _ask_again(builder: RequestBuilder, extraction: Extraction, problem: Problem) -> Request | Problem:
    """The answer and its fault go back to the model; where they leave no room, it starts from the document again."""
    request, tame = extraction.completion.request, builder.neutraliser
    answer = tame.neutralise(tame.restore(extraction.completion.text))  # what it copied has its joiner already
    said = {"role": "assistant", "content": answer}
    fault = {"role": "user", "content": REPAIR.format(fault=tame.neutralise(problem.detail))}
    asked = builder.build(request.document, request.mode, more=(said, fault))
    return _draw_anew(builder, extraction, problem) if isinstance(asked, Problem) else asked


def _draw_anew(builder: RequestBuilder, extraction: Extraction, problem: Problem) -> Request | Problem:
    """From the start, hotter; the seed is the engine's own, since a seed of its own kills vLLM's CPU build."""
    request = extraction.completion.request
    fresh = builder.build(request.document, request.mode)
    sampling = replace(request.sampling, temperature=min(max(request.sampling.temperature + 0.2, HOT), HOTTEST))
    return fresh if isinstance(fresh, Problem) else replace(fresh, sampling=sampling)


def _without_grammar(builder: RequestBuilder, extraction: Extraction, problem: Problem) -> Request | Problem:
    """Once more, the answer without its grammar; a thought, which has none, from the start."""
    request = extraction.completion.request
    if request.thought and request.thought.finish == "error":
        return builder.build(request.document, request.mode)
    return problem if request.schema is None else replace(request, schema=None)


CURES: dict[ProblemKind, Callable[[RequestBuilder, Extraction, Problem], Request | Problem]] = {
    "truncated": _more_room,
    "unparsable": _ask_again,
    "invalid": _ask_again,
    "repetition": _draw_anew,
    "engine": _without_grammar,
}
