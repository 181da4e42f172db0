"""The corridor: documents walk through the rooms in one direction; only demand travels back."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from extractor.answers.cures import Cures, next_piece
from extractor.answers.judge import Judge
from extractor.answers.recall import Answered, recall
from extractor.answers.signals import better
from extractor.engines.base import Engine
from extractor.tasks.desk import Desk
from extractor.types import Completion, Document, Extraction, Problem, Request, Sampling, Settlement

FLUSH = 256  # documents settled without a model, before the engine gets its turn


class Corridor:
    """Settles documents; with `draining` true it finishes what is under way and begins nothing."""

    def __init__(self, desk: Desk, judge: Judge, cures: Cures) -> None:
        self.desk, self.judge, self.cures = desk, judge, cures
        self.draining: Callable[[], bool] = lambda: False
        self.unsettled: dict[str, Request] = {}  # documents with failed attempts behind them, by id
        self.answered: Mapping[str, Sequence[Answered]] = {}  # attempts of an earlier run, by fingerprint
        self.stored: Callable[[Request], Sequence[Answered]] = lambda request: ()  # of another output, to be replayed
        self._halves: deque[Request] = deque()  # what a request under way still needs to be an attempt
        self._again: deque[Request] = deque()  # further attempts: the next wave
        self._settled: deque[Settlement] = deque()
        self._more = True

    @property
    def finished(self) -> bool:
        """Whether no document is left."""
        return not (self._more or self.unsettled)

    def settle(self, documents: Iterable[Document], engine: Engine) -> Iterator[Settlement]:
        """One settlement for each document, as each is done; those that draining leaves behind have none."""
        source = iter(documents)
        while self._more and not self.draining():
            for completion in engine.generate(self._requests(source)):
                self._take(completion)
                yield from self._flush()
            yield from self._flush()

    def _requests(self, source: Iterator[Document]) -> Iterator[Request | None]:
        while True:
            yield self._next(source)

    def _next(self, source: Iterator[Document]) -> Request | None:
        if self._halves:
            return self._halves.popleft()
        if self.draining():
            return None
        if self._again:
            return self._again.popleft()
        return self._seat(source)

    def _seat(self, source: Iterator[Document]) -> Request | None:
        """The next document's request; documents that need no model are settled on the way."""
        seen = 0
        for document in islice(source, FLUSH):
            seen += 1
            request = document.problem or self.desk.first(document)
            if isinstance(request, Problem):
                self._settled.append(_unasked(self.desk.fingerprint(document), document, request))
            elif not (earlier := self.answered.get(request.fingerprint) or self.stored(request)):
                return request
            elif following := self._resume(request, earlier):
                return following
        self._more = seen == FLUSH
        return None

    def _take(self, completion: Completion) -> None:
        request = completion.request
        if request.is_thought and self.cures.usable(completion):
            self._halves.append(self.desk.answer_after(completion))
        elif request.property and completion.finish == "stop":
            piece = next_piece(self.desk, completion)
            self._halves.append(piece) if isinstance(piece, Request) else self._judge(piece)
        else:
            self._judge(completion)

    def _judge(self, completion: Completion) -> None:
        extraction = self.judge.judge(completion)
        if following := self.cures.after(extraction):
            self.unsettled[following.document.id] = following
            self._again.append(following)
        else:
            self._settle(extraction)

    def _settle(self, extraction: Extraction) -> None:
        attempts = (*extraction.completion.request.earlier, extraction)
        self.unsettled.pop(extraction.completion.request.document.id, None)
        escalated = tuple(why for step in attempts[:-1] for why in self.cures.doubts(step))
        self._settled.append(Settlement(better(attempts), attempts, escalated))

    def _resume(self, first: Request, answered: Sequence[Answered]) -> Request | None:
        """Where an earlier run left this document; None where its stored attempts settle it."""
        extraction = recall(self.judge, first, answered)
        if following := self.cures.after(extraction):
            self.unsettled[following.document.id] = following
            return following
        self._settle(extraction)
        return None

    def _flush(self) -> Iterator[Settlement]:
        while self._settled:
            yield self._settled.popleft()


def _unasked(fingerprint: str, document: Document, problem: Problem) -> Settlement:
    request = Request(document, fingerprint, [], Sampling(0.0), 0, attempt=0)
    return Settlement(Extraction(Completion(request, ""), problem=problem))
