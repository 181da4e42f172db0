"""One document under way: what it asks next, what has come back for it, and what it settles to."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from extractor.answers.attempt import Attempt
from extractor.answers.cures import Cures
from extractor.answers.judge import Judge
from extractor.answers.pieces import go_on
from extractor.answers.signals import better
from extractor.answers.values import read_logprobs
from extractor.errors import EngineError
from extractor.tasks.requests import RequestBuilder
from extractor.types import (
    TEXT_STORED,
    Completion,
    Document,
    Extraction,
    Problem,
    Request,
    Sampling,
    Settlement,
    StoredAnswer,
)

DROPPED = 3  # times that an engine may drop the same request before it counts as broken


@dataclass(frozen=True, slots=True)
class Procedure:
    """How the documents of one job are asked about, judged and asked again."""

    builder: RequestBuilder
    judge: Judge
    cures: Cures


class Work:
    """A document from its first request to its settlement.

    All it knows follows from what came back, in order (`completions`): stored, and taken again after a restart, they
    bring it to the very place where it was, and what it asks from there on is what it would have asked.
    """

    def __init__(self, document: Document, procedure: Procedure, first: Request | Problem | None = None) -> None:
        """`first` is what the builder gives for the document, where that is known."""
        self.document, self.fingerprint = document, procedure.builder.fingerprint(document)
        self.completions: list[Completion] = []
        self.settlement: Settlement | None = None
        self._procedure, self._dropped = procedure, 0
        self._extractions: list[Extraction] = []
        first = document.problem or first or procedure.builder.first(document)
        if isinstance(first, Problem):
            self.settlement = Settlement(
                Extraction(Completion(unasked(procedure.builder, document), ""), problem=first)
            )
        else:
            self._attempt, self._due = Attempt(first), True
        self.is_in_attempt = False  # whether what it asks next belongs to an attempt that has begun

    def next(self) -> Request | None:
        """What it asks now; None while it waits for an answer, and once it is settled."""
        if self.settlement or not self._due:
            return None
        self._due = False
        return self._attempt.asked

    def take(self, completion: Completion) -> None:
        """What came back for its request. EngineError where the engine drops it again and again."""
        if completion.finish == "aborted":
            self._ask_once_more()
            return
        builder, self._dropped = self._procedure.builder, 0
        completion = read_logprobs(completion, builder.chat.bytes_of)
        self.completions.append(completion)
        if completion.request.is_thought and not completion.thought and self._procedure.cures.usable(completion):
            answer = builder.answer_after(completion)
            self._go_on(replace(self._attempt, asked=answer, thought=completion))
            return
        following = completion if completion.more is not None else go_on(builder, self._attempt, completion)
        if isinstance(following, Attempt):
            self._go_on(following)
        else:
            self._judge(following)

    def resume(self, answers: Iterable[StoredAnswer]) -> None:
        """Takes what an earlier run was answered, in order."""
        for answer in answers:
            if request := self.next():
                self.take(answer(request))

    def _ask_once_more(self) -> None:
        self._dropped += 1
        if self._dropped >= DROPPED:
            raise EngineError(f"the engine dropped one request {DROPPED} times, and nothing came back between")
        self._due = True

    def _go_on(self, attempt: Attempt, is_in_attempt: bool = True) -> None:
        self._attempt, self._due, self.is_in_attempt = attempt, True, is_in_attempt

    def _judge(self, completion: Completion) -> None:
        thought = completion.thought or self._attempt.thought
        if completion.thought:  # given in one breath: what was asked for as a thought is the answer too
            completion = replace(completion, request=replace(completion.request, is_thought=False))
        extraction = self._procedure.judge.judge(completion, thought)
        self._extractions.append(extraction)
        attempt = replace(self._attempt, thought=extraction.thought)
        if following := self._procedure.cures.after(attempt, extraction):
            self._go_on(following, is_in_attempt=False)
        else:
            self._settle()

    def _settle(self) -> None:
        kept, doubts = better(self._extractions), self._procedure.cures.doubts
        escalated = tuple(why for step in self._extractions[:-1] for why in doubts(step))
        self.settlement = Settlement(kept, tuple(self._extractions), tuple(self.completions), escalated)


def unasked(builder: RequestBuilder, document: Document) -> Request:
    """What stands for a document that no request is about; of its text no more than is stored."""
    named = replace(document, text=document.text[:TEXT_STORED])  # many wait to be stored
    return Request(named, builder.arm, builder.fingerprint(document), (), [], Sampling(0.0), 0, attempt=0)
