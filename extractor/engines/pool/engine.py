"""Several workers as one engine: they share the load, and each may die; what it held is asked again, no other."""

import queue
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from extractor.engines.pool.member import Member
from extractor.engines.pool.worker import Died, Done, Event, MakeWorker, Ready
from extractor.errors import EngineError
from extractor.types import Completion, Document, Request

LIVES = 3  # times that a request may be lost with a worker before it counts as one that ends workers


@dataclass(slots=True)
class UnderWay:
    """A request that is not answered yet."""

    request: Request
    lost: int = 0  # times


class PoolEngine:
    """Gives each request to the worker with most room.

    What was lost with a worker is asked again beside nothing else that was: so one that ends workers takes no other
    along twice. A worker that holds requests and gives no sign of life for `patience` seconds is ended, and started
    again; while one loads it may be silent.
    """

    def __init__(self, makers: Sequence[MakeWorker], patience: float) -> None:
        self.steps = 0
        self._patience, self._keys, self._placed = patience, 0, time.monotonic()
        self._events: queue.SimpleQueue[tuple[int, Event]] = queue.SimpleQueue()
        self._under_way, self._line, self._suspects = dict[int, UnderWay](), deque[int](), set[int]()
        self._done, self._news = list[Completion](), deque[str]()
        self._members = [Member(make(partial(self._tell, number))) for number, make in enumerate(makers)]
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    @property
    def room(self) -> int:
        """Requests the workers would take now; one where nothing is under way, though none may be ready."""
        free = sum(member.window for member in self._members) - len(self._under_way)
        return max(0 if self._under_way else 1, free)

    @property
    def facts(self) -> list[dict[str, Any]]:
        """What is known of each worker that was ready."""
        return [member.facts for member in self._members if member.facts]

    def news(self) -> list[str]:
        """Lines that a person should know, each once."""
        return [self._news.popleft() for _ in range(len(self._news))]

    def submit(self, request: Request) -> None:
        """Gives it to a worker, or lets it wait for one."""
        self._keys += 1
        self._under_way[self._keys] = UnderWay(request)
        self._line.append(self._keys)
        self._hand_out()

    def poll(self, seconds: float) -> list[Completion]:
        """What came back; EngineError where no worker is left, or has a place to run."""
        for number, event in self._events_within(seconds):
            self._note(self._members[number], event)
        self._end_silent()
        self._see_places()
        self._hand_out()
        self.steps += any(member.is_loading for member in self._members)
        came, self._done = self._done, []
        return came

    def close(self) -> None:
        """Ends all workers."""
        for member in self._members:
            member.worker.close()

    def _tell(self, number: int, event: Event) -> None:
        self._events.put((number, event))

    def _start(self) -> None:
        """Returns once a worker is ready; the others follow."""
        for member in self._members:
            member.worker.start()
        while not any(member.window for member in self._members):
            self.poll(0.5)

    def _events_within(self, seconds: float) -> Iterator[tuple[int, Event]]:
        """What has happened; if nothing has, the first that does within that time."""
        try:
            yield self._events.get(timeout=seconds) if seconds > 0 else self._events.get_nowait()
            while True:
                yield self._events.get_nowait()
        except queue.Empty:
            return

    def _note(self, member: Member, event: Event) -> None:
        self.steps += 1
        member.seen()
        match event:
            case Ready():
                if member.was_ready:
                    self._news.append(f"{member.worker.name} is back")
                member.ready(event)
            case Done() if member.answered(event.key):
                self._complete(event.key, event.completion)
            case Died():
                self._note_death(member, event)

    def _complete(self, key: int, completion: Completion) -> None:
        self._done.append(replace(completion, request=self._under_way.pop(key).request))

    def _note_death(self, member: Member, event: Died) -> None:
        lost = member.died(failed=event.error is not None)
        for key in lost:
            self._note_lost(key, event.why)
        again = f"; {len(lost)} requests are asked again" if lost else ""
        self._news.append(f"{member.worker.name} died ({event.why}){again}{'; it is given up' * member.is_gone}")
        if not member.is_gone:
            member.worker.start()
        elif all(other.is_gone for other in self._members):
            raise event.error or EngineError(f"the engine died: {event.why}")

    def _note_lost(self, key: int, why: str) -> None:
        under_way = self._under_way[key]
        under_way.lost += 1
        if under_way.lost < LIVES:
            self._suspects.add(key)
            return
        for member in self._members:
            member.forgive()
        error = f"lost with {LIVES} workers: {why}"
        self._complete(key, Completion(under_way.request, "", finish="error", error=error))

    def _end_silent(self) -> None:
        for member in self._members:
            if member.is_silent(self._patience):
                self._news.append(f"{member.worker.name} hangs: nothing came of it for {self._patience:g} s")
                member.seen()
                member.worker.kill()

    def _see_places(self) -> None:
        """EngineError where none has had a place to run for too long."""
        if any(member.is_placed for member in self._members):
            self._placed = time.monotonic()
        elif time.monotonic() - self._placed >= self._patience:
            raise EngineError(f"no worker found a place to run within {self._patience:g} s (--engine-timeout)")

    def _hand_out(self) -> None:
        """Suspects first, and of them those that were lost most: so the guilty one is found soon."""
        while self._suspects and (member := self._freest(for_suspect=True)):
            key = max(self._suspects, key=lambda key: (self._under_way[key].lost, -key))
            self._suspects.remove(key)
            member.give(key, bare(self._under_way[key].request), is_suspect=True)
        while self._line and (member := self._freest()):
            key = self._line.popleft()
            member.give(key, bare(self._under_way[key].request), is_suspect=False)

    def _freest(self, for_suspect: bool = False) -> Member | None:
        usable = (member for member in self._members if not for_suspect or member.suspect is None)
        best = max(usable, key=lambda member: member.room, default=None)
        return best if best and best.room > 0 else None


def bare(request: Request) -> Request:
    """The request without what decides no token: its document's text, and what the prompt was made from."""
    return replace(request, document=Document(request.document.id, "", ""), messages=(), begun="")
