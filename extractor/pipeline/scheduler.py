"""The corridor: documents walk through the rooms in one direction; only demand travels back."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from extractor.answers.cures import Cures
from extractor.answers.judge import Judge
from extractor.answers.pieces import go_on
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
            request = document.problem or self.desk.first(document)
            if isinstance(request, Problem):
                self._settled.append(_unasked(self.desk.fingerprint(document), document, request))
            elif not (earlier := self.answered.get(request.fingerprint) or self.stored(request)):
                return request
            elif following := self._resume(request, earlier):
                return following
        self._more = seen == FLUSH
        return None

    def asked(self, request: Request) -> bool:
        """Whether this request is one of its own."""
        return request.fingerprint == self.desk.fingerprint(request.document)

    def take(self, completion: Completion) -> None:
        """What came back for one of its requests."""
        request = completion.request
        if request.is_thought and self.cures.usable(completion):
            self._halves.append(self.desk.answer_after(completion))
        else:
            following = go_on(self.desk, completion)
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


def settle(corridors: Sequence[Corridor], engine: Engine) -> Iterator[tuple[int, Settlement]]:
    """Each corridor's settlements, as each is done, with its number; their desks must differ in identity.

    In the engine their requests alternate: the corridor that is furthest behind in the input begins the next document,
    so that all are at about the same one, however long each takes for it.
    """
    while any(corridor.goes_on for corridor in corridors):
        for completion in engine.generate(_requests(corridors)):
            _asker(corridors, completion.request).take(completion)
            yield from _flush(corridors)
        yield from _flush(corridors)


def _requests(corridors: Sequence[Corridor]) -> Iterator[Request | None]:
    while True:
        yield _next(corridors)


def _next(corridors: Sequence[Corridor]) -> Request | None:
    for corridor in corridors:
        corridor.beat()
    for corridor in corridors:
        if request := corridor.due():
            return request
    while behind := _furthest_behind(corridors):
        if (request := behind.begin()) or behind.goes_on:
            return request
    return None


def _furthest_behind(corridors: Sequence[Corridor]) -> Corridor | None:
    """Of those at the same document another begins each time: the first to ask about a text fills the prefix cache."""
    going = [(c.passed, (n + c.passed) % len(corridors), n) for n, c in enumerate(corridors) if c.goes_on]
    return corridors[min(going)[2]] if going else None


def _asker(corridors: Sequence[Corridor], request: Request) -> Corridor:
    *others, last = corridors
    return next((corridor for corridor in others if corridor.asked(request)), last)


def _flush(corridors: Sequence[Corridor]) -> Iterator[tuple[int, Settlement]]:
    for number, corridor in enumerate(corridors):
        for settlement in corridor.flush():
            yield number, settlement


def _unasked(fingerprint: str, document: Document, problem: Problem) -> Settlement:
    request = Request(document, fingerprint, [], Sampling(0.0), 0, attempt=0)
    return Settlement(Extraction(Completion(request, ""), problem=problem))
