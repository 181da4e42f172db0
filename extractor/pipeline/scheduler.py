"""Many works, one engine: who asks next."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from extractor.engines.base import Engine
from extractor.engines.loop import serve
from extractor.errors import ExtractorError
from extractor.pipeline.ahead import encoded_ahead
from extractor.pipeline.long import LongProcedure, LongWork
from extractor.pipeline.work import Work
from extractor.types import Completion, Document, Request, Settlement, StoredAnswer

FLUSH = 256  # documents settled without a model, before the engine gets its turn

Answered = Callable[[str, str], Sequence[StoredAnswer]]  # id, fingerprint → what an earlier run was answered


class Lane:
    """The works of one job, in the order of its input; with `draining` true it ends what is under way, no more.

    Among `documents`, None stands for one that is passed by, since an earlier run has settled it. A long document is
    many works, begun one after the other.
    """

    def __init__(
        self,
        procedure: LongProcedure,
        documents: Iterator[Document | None],
        answered: Answered = lambda doc_id, fingerprint: (),
        draining: Callable[[], bool] = bool,
    ) -> None:
        self.arm = procedure.whole.builder.arm
        self.passed = 0  # documents of the input that lie behind
        self.passages = 0  # works of long documents that are done
        self._procedure, self._answered, self._draining = procedure, answered, draining
        self._documents = encoded_ahead(documents, procedure.cutter)
        self._works: dict[tuple[str, int], Work] = {}  # begun and not settled, by document and passage
        self._long: dict[str, LongWork] = {}  # the same
        self._beginning = self._begun()
        self._halves: deque[Work] = deque()  # what an attempt that is begun still needs
        self._again: deque[Work] = deque()  # further attempts: the next wave
        self._settled: deque[Settlement] = deque()
        self._has_more = True

    @property
    def is_finished(self) -> bool:
        """Whether no document is left."""
        return not (self._has_more or self._works)

    @property
    def goes_on(self) -> bool:
        """Whether it has documents to begin."""
        return self._has_more and not self._draining()

    def unsettled(self) -> list[Work]:
        """The works that something has come back for, and that are not done."""
        done = [work for long in self._long.values() for work in long.works if work.settlement]
        return [work for work in (*done, *self._works.values()) if work.completions]

    def due(self) -> Request | None:
        """What a document that is begun already asks next."""
        if self._halves:
            return self._halves.popleft().next()
        return self._again.popleft().next() if self._again and not self._draining() else None

    def begin(self) -> Request | None:
        """The next document's request; documents that need no model are settled on the way, so many at a time."""
        for work in islice(self._beginning, FLUSH):
            if request := work.next():
                return request
        return self.due()  # what was resumed on the way may go on

    def take(self, completion: Completion) -> None:
        """What came back for one of its requests."""
        work = self._works[_key(completion.request.document)]
        work.take(completion)
        if work.settlement:
            self._done(work)
        else:
            self._wait(work)

    def settled(self) -> Iterator[Settlement]:
        """What has been settled since it was asked last."""
        while self._settled:
            yield self._settled.popleft()

    def _begun(self) -> Iterator[Work]:
        for document in self._documents:
            self.passed += 1
            if document:
                yield from map(self._resumed, self._works_of(document))
        self._has_more = False

    def _works_of(self, document: Document) -> Iterator[Work]:
        work = self._procedure.work(document)
        if isinstance(work, LongWork):
            self._long[document.id] = work
            yield from work.begin()
        else:
            yield work

    def _resumed(self, work: Work) -> Work:
        self._works[_key(work.document)] = work
        work.resume(self._answered(work.document.id, work.fingerprint))
        if work.settlement:
            self._done(work)
        return work

    def _wait(self, work: Work) -> None:
        (self._halves if work.is_in_attempt else self._again).append(work)

    def _done(self, work: Work) -> None:
        assert work.settlement
        del self._works[_key(work.document)]
        if work.document.passage:
            self._follow(self._long[work.document.id])
        else:
            self._settled.append(work.settlement)

    def _follow(self, long: LongWork) -> None:
        self.passages += 1
        for work in long.follow():
            if not self._resumed(work).settlement:
                self._wait(work)
        if long.settlement and self._long.pop(long.document.id, None):
            self._settled.append(long.settlement)


def _key(document: Document) -> tuple[str, int]:
    return document.id, document.passage.number if document.passage else 0


def settle(scheduler: "Scheduler", engine: Engine) -> Iterator[list[tuple[int, Settlement]]]:
    """Until no lane goes on: after each turn of the engine what is settled now, possibly nothing, by lane number."""
    while scheduler.goes_on:
        for came in serve(engine, scheduler.next):
            for completion in came:
                scheduler.take(completion)
            yield list(scheduler.settled())
        yield list(scheduler.settled())


class Scheduler:
    """The lanes of jobs that share an engine; in it their requests alternate.

    The lane that is furthest behind in the input begins the next document, so that all are at about the same one,
    however long each takes for it.
    """

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self._lanes, self._by_arm = lanes, {lane.arm: lane for lane in lanes}
        assert len(self._by_arm) == len(lanes), "jobs that run together differ in identity"

    @property
    def goes_on(self) -> bool:
        """Whether any document is left to begin."""
        return any(lane.goes_on for lane in self._lanes)

    def next(self) -> Request | None:
        """The next question; None says that there is none at the moment."""
        for lane in self._lanes:
            if request := lane.due():
                return request
        while behind := self._furthest_behind():
            if (request := behind.begin()) or behind.goes_on:
                return request
        return None

    def take(self, completion: Completion) -> None:
        """What came back; ExtractorError where no lane has asked for it."""
        lane = self._by_arm.get(completion.request.arm)
        if lane is None:
            raise ExtractorError(f"an answer to nobody's question came back (arm {completion.request.arm})")
        lane.take(completion)

    def settled(self) -> Iterator[tuple[int, Settlement]]:
        """What has been settled since it was asked last, each with the number of its lane."""
        for number, lane in enumerate(self._lanes):
            yield from ((number, settlement) for settlement in lane.settled())

    def _furthest_behind(self) -> Lane | None:
        """Of those at the same document another begins each time: the first to ask fills the prefix cache."""
        lanes = self._lanes
        going = [(lane.passed, (n + lane.passed) % len(lanes), n) for n, lane in enumerate(lanes) if lane.goes_on]
        return lanes[min(going)[2]] if going else None
