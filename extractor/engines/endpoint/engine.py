"""Servers over HTTP as one engine: they share the load, and each may die and come back."""

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from extractor.engines.endpoint.host import Host, Terms
from extractor.engines.endpoint.http import Full, Http, Lost
from extractor.engines.endpoint.line import Line
from extractor.errors import EngineError
from extractor.types import Completion, Request

LIVES = 8  # times that a request may be lost, while others are answered, before it counts as one that ends servers
SUSPECT = 3  # times from which on it is asked beside no other such, so that it takes none of them along
LOADING = 1.0  # seconds between two looks at a server that says it is not ready yet
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """Where the servers are, and what they are asked to be."""

    urls: Sequence[str]
    key: str | None
    terms: Terms
    linger: float = 60.0  # seconds that a server which is down has for what it holds: it may be answering to the end


class EndpointEngine:
    """Sends from a thread of its own; what comes back half, or not at all, is asked again, and nothing else."""

    def __init__(self, settings: EndpointSettings) -> None:
        self.steps = 0
        self._settings, self._news = settings, deque[str]()
        self._back: queue.SimpleQueue[Completion | BaseException] = queue.SimpleQueue()
        self._under_way = self._answered = 0
        self._tasks = set[asyncio.Task[None]]()
        self._hosts = list[Host]()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="endpoint", daemon=True)
        self._thread.start()
        try:
            self._in_thread(self._start())
        except BaseException:
            self.close()
            raise

    @property
    def room(self) -> int:
        """Requests the servers would take now; one where nothing is under way, though no server may take it yet."""
        now = time.monotonic()
        free = sum(max(0, host.places.room(now) + host.places.held) for host in self._hosts) - self._under_way
        return max(0 if self._under_way else 1, free)

    @property
    def facts(self) -> list[dict[str, Any]]:
        """What is known of each server."""
        return [host.facts for host in self._hosts]

    def news(self) -> list[str]:
        """Lines that a person should know, each once."""
        return [self._news.popleft() for _ in range(len(self._news))]

    def submit(self, request: Request) -> None:
        """Hands the request to the thread."""
        self._under_way += 1
        self._loop.call_soon_threadsafe(self._begin, request)

    def poll(self, seconds: float) -> list[Completion]:
        """What came back; UserError where no request could be answered as it is set up."""
        came = list[Completion]()
        with suppress(queue.Empty):
            came.append(self._taken(self._back.get(timeout=seconds) if seconds > 0 else self._back.get_nowait()))
            while True:
                came.append(self._taken(self._back.get_nowait()))
        return came

    def close(self) -> None:
        """Breaks off what is under way, which the servers then stop working on."""
        if self._loop.is_closed():
            return
        with suppress(Exception):
            self._in_thread(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _in_thread(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _taken(self, came: Completion | BaseException) -> Completion:
        if isinstance(came, BaseException):
            raise came
        self._under_way -= 1
        return came

    # What follows runs in the thread.

    async def _start(self) -> None:
        self._line = Line(self._hosts)
        for url in self._settings.urls:
            http = Http(url, self._settings.key, self._lives)
            self._hosts.append(Host(http, self._settings.terms, self._news.append))
        ends = time.monotonic() + self._settings.terms.patience
        whys = await asyncio.gather(*(self._introduced(host, ends) for host in self._hosts))
        if all(whys):
            raise EngineError(f"no server answers: {'; '.join(filter(None, whys))}")
        for why in filter(None, whys):
            self._news.append(f"{why}; the others answer meanwhile")

    async def _introduced(self, host: Host, ends: float) -> str:
        """Nothing, or why it cannot be asked now; a loading one is waited for, unless another is there."""
        while True:
            try:
                await host.introduce()
                return ""
            except Full as error:
                if time.monotonic() > ends or any(other.is_known for other in self._hosts):
                    host.places.down(time.monotonic())
                    return str(error)
                await asyncio.sleep(error.pause or LOADING)
            except Lost as error:
                host.places.down(time.monotonic())
                return str(error)

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for host in self._hosts:
            await host.http.close()

    def _lives(self) -> None:
        self.steps += 1

    def _begin(self, request: Request) -> None:
        task = self._loop.create_task(self._settle(request))
        self._keep(task)

    def _keep(self, task: asyncio.Task[None]) -> None:
        """The loop itself holds no task that nobody else does."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _break_off(self, host: Host) -> None:
        """What a server holds that has been down for long is asked again, as if it were cut."""
        if host.places.is_down:
            self._keep(self._loop.create_task(host.http.close()))

    async def _settle(self, request: Request) -> None:
        try:
            self._back.put(await self._answer_to(request))
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self._back.put(error)

    async def _answer_to(self, request: Request) -> Completion:
        lost, before = 0, self._answered
        while True:
            host = await self._line.take(is_suspect := lost >= SUSPECT)
            sent = time.monotonic()
            try:
                completion = await host.answer(request)
            except Full as error:
                self._note_full(host, sent, error)
            except Lost as error:
                self._note_lost(host, sent, error)
                lost += error.sent
                if lost >= LIVES and self._answered > before:
                    return Completion(request, "", finish="error", error=f"lost {lost} times: {error}")
            else:
                self._note_answer(host)
                return completion
            finally:
                self._line.give_back(host, is_suspect)

    def _note_answer(self, host: Host) -> None:
        if host.places.is_down:
            self._news.append(f"{host.http.shown} is back")
        self._answered += 1
        host.places.answered()

    def _note_full(self, host: Host, sent: float, error: Full) -> None:
        if host.places.limit == host.places.window:
            self._news.append(f"{error}; it is given fewer requests at once")
        host.places.full(sent, time.monotonic(), error.pause)

    def _note_lost(self, host: Host, sent: float, error: Lost) -> None:
        was_down = host.places.is_down
        host.places.failed(sent, time.monotonic())
        if host.places.is_down and not was_down:
            host.forget()
            self._loop.call_later(self._settings.linger, self._break_off, host)
            self._news.append(f"no answer from {error}; it is tried again, and what it had is asked again")
