"""What runs in an actor of Ray: one engine, asked one request a call."""

import asyncio
import os
import queue
import socket
import threading
from concurrent.futures import Future
from dataclasses import replace
from itertools import count
from pathlib import Path

from extractor.engines.base import Engine
from extractor.engines.pool.work import MakeEngine, work
from extractor.engines.pool.worker import Died, Done, Event, Lives, Ready
from extractor.engines.startup import VllmSettings
from extractor.engines.vllm import VllmEngine
from extractor.errors import UserError
from extractor.types import Completion, Request

LOOKS = 0.5  # seconds between two looks at whether there was a sign of life


class Actor:
    """Loads in a thread of its own, which feeds the engine with what the calls bring.

    An engine that fails is a value, Died, to each call; a call that raises has lost its process.
    """

    def __init__(self, make: MakeEngine) -> None:
        self._inbox: queue.SimpleQueue[tuple[int, Request]] = queue.SimpleQueue()
        self._ready, self._waiting = Future[Ready | Died](), dict[int, Future[Completion | Died]]()
        self._keys, self._signs = count(), 0
        self._died: Died | None = None
        facts = {"process": os.getpid(), "host": socket.gethostname()}
        threading.Thread(target=work, args=(make, self, facts), daemon=True).start()

    async def load(self) -> Ready | Died:
        """Once it is ready, or could not become so."""
        return await asyncio.wrap_future(self._ready)

    async def ask(self, request: Request) -> Completion | Died:
        """What comes back."""
        key, future = next(self._keys), Future[Completion | Died]()
        self._waiting[key] = future
        if self._died:
            return self._died
        self._inbox.put((key, request))
        return await asyncio.wrap_future(future)

    async def lives(self, signs: int) -> int | Died:
        """How many signs of life it has given, once these are more than so many."""
        while self._signs == signs and not self._died:
            await asyncio.sleep(LOOKS)
        return self._died or self._signs

    def take(self, wait: bool) -> tuple[int, Request] | None:
        """For the thread: the next request."""
        try:
            return self._inbox.get(block=wait)
        except queue.Empty:
            return None

    def give(self, event: Event) -> None:
        """From the thread: to the call that waits for it."""
        match event:
            case Lives():
                self._signs += 1
            case Ready():
                self._ready.set_result(event)
            case Done():
                self._waiting.pop(event.key).set_result(event.completion)
            case Died():
                self._died = event
                for future in self._waiting.copy().values():
                    future.set_result(event)
                if not self._ready.done():
                    self._ready.set_result(event)


def vllm_here(settings: VllmSettings) -> Engine:
    """vLLM on this node; what it prints goes where Ray puts what the process prints."""
    host = socket.gethostname()
    if Path(settings.location).is_absolute() and not Path(settings.location).exists():
        raise UserError(f"{host} has no {settings.location}: put the model where each node finds it under one path")
    return VllmEngine(replace(settings, log=Path(os.path.realpath("/proc/self/fd/2"))))
