"""The scheduler: documents walk through the rooms in one direction; only demand travels back."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from extractor.answers.cures import Cures
from extractor.answers.judge import Judge
from extractor.answers.pieces import go_on
from extractor.answers.recall import Answered, recall
from extractor.answers.signals import better
from extractor.engines.base import Engine
from extractor.tasks.requests import RequestBuilder
from extractor.types import Completion, Document, Extraction, Problem, Request, Sampling, Settlement

FLUSH = 256  # documents settled without a model, before the engine gets its turn


class Scheduler:
    """Settles documents; with `draining` true it finishes what is under way and begins nothing."""

    def __init__(self, builder: RequestBuilder, judge: Judge, cures: Cures) -> None:
        self.builder, self.judge, self.cures = builder, judge, cures
        self.draining: Callable[[], bool] = lambda: False
        self.unsettled: dict[str, Request] = {}  # documents with failed attempts behind them, by id
        self.answered: Mapping[str, Sequence[Answered]] = {}  # attempts of an earlier run, by fingerprint
        self.stored: Callable[[Request], Sequence[Answered]] = lambda request: ()  # of another output, to be replayed
        self.documents: Iterator[Document] = iter(())
        self.beat: Callable[[], None] = lambda: (
            None
        )  # called whenever the engine asks for more, with or without answers
        self.passed = 0  # documents of the input that lie behind; whoever feeds `documents` counts them
        self._halves: deque[Request] = deque()  # what a request under way still needs to be an attempt
        self._again: deque[Request] = deque()  # further attempts: the next wave
        self._settled: deque[Settlement] = deque()
        self._more = True

    @property
    def finished(self) -> bool:
        """Whether no document is left."""
        return not (self._more or self.unsettled)

    @property
    def goes_on(self) -> bool:
        """Whether it has documents to begin."""
        return self._more and not self.draining()

    def settle(self, documents: Iterable[Document], engine: Engine) -> Iterator[Settlement]:
        """One settlement for each document, as each is done; those that draining leaves behind have none."""
        self.documents = iter(documents)
        return (settlement for _, settlement in settle([self], engine))

    def due(self) -> Request | None:
        """What a document that is begun already asks next."""
        if self._halves:
            return self._halves.popleft()
        return self._again.popleft() if self._again and not self.draining() else None

    def begin(self) -> Request | None:
        """The next document's request; documents that need no model are settled on the way, so many at a time."""
        seen = 0
        for document in islice(self.documents, FLUSH):
            seen += 1
            request = document.problem or self.builder.first(document)
            if isinstance(request, Problem):
                self._settled.append(_unasked(self.builder.fingerprint(document), document, request))
            elif not (earlier := self.answered.get(request.fingerprint) or self.stored(request)):
                return request
            elif following := self._resume(request, earlier):
                return following
        self._more = seen == FLUSH
        return None

    def asked(self, request: Request) -> bool:
        """Whether this request is one of its own."""
        return request.fingerprint == self.builder.fingerprint(request.document)

    def take(self, completion: Completion) -> None:
        """What came back for one of its requests."""
        request = completion.request
        if request.is_thought and self.cures.usable(completion):
            self._halves.append(self.builder.answer_after(completion))
        else:
            following = go_on(self.builder, completion)
            self._halves.append(following) if isinstance(following, Request) else self._judge(following)

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

    def flush(self) -> Iterator[Settlement]:
        """What is settled by now."""
        while self._settled:
            yield self._settled.popleft()


def settle(schedulers: Sequence[Scheduler], engine: Engine) -> Iterator[tuple[int, Settlement]]:
    """Each scheduler's settlements, as each is done, with its number; their desks must differ in identity.

    In the engine their requests alternate: the scheduler that is furthest behind in the input begins the next document,
    so that all are at about the same one, however long each takes for it.
    """
    while any(scheduler.goes_on for scheduler in schedulers):
        for completion in engine.generate(_requests(schedulers)):
            _asker(schedulers, completion.request).take(completion)
            yield from _flush(schedulers)
        yield from _flush(schedulers)


def _requests(schedulers: Sequence[Scheduler]) -> Iterator[Request | None]:
    while True:
        yield _next(schedulers)


def _next(schedulers: Sequence[Scheduler]) -> Request | None:
    for scheduler in schedulers:
        scheduler.beat()
    for scheduler in schedulers:
        if request := scheduler.due():
            return request
    while behind := _furthest_behind(schedulers):
        if (request := behind.begin()) or behind.goes_on:
            return request
    return None


def _furthest_behind(schedulers: Sequence[Scheduler]) -> Scheduler | None:
    """Of those at the same document another begins each time: the first to ask about a text fills the prefix cache."""
    going = [(c.passed, (n + c.passed) % len(schedulers), n) for n, c in enumerate(schedulers) if c.goes_on]
    return schedulers[min(going)[2]] if going else None


def _asker(schedulers: Sequence[Scheduler], request: Request) -> Scheduler:
    *others, last = schedulers
    return next((scheduler for scheduler in others if scheduler.asked(request)), last)


def _flush(schedulers: Sequence[Scheduler]) -> Iterator[tuple[int, Settlement]]:
    for number, scheduler in enumerate(schedulers):
        for settlement in scheduler.flush():
            yield number, settlement


def _unasked(fingerprint: str, document: Document, problem: Problem) -> Settlement:
    request = Request(document, fingerprint, [], Sampling(0.0), 0, attempt=0)
    return Settlement(Extraction(Completion(request, ""), problem=problem))
