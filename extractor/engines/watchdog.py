"""An engine that may not be silent: one that hangs ends the run with a line, instead of never."""

import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

from extractor.engines.base import Engine
from extractor.errors import EngineError
from extractor.types import Completion, Request

LOOKS = 10  # times that the clock is looked at before it has run out


class Watchdog:
    """The engine, with EngineError once it neither completed nor did a step for `seconds` while it had work.

    Time counts only inside the engine: not while documents are read, prompts made, answers judged or parts written.
    An engine with a number `steps` that grows is alive. Alarms reach the main thread only: elsewhere nobody watches,
    and an engine that holds the main thread in C without ever giving it back is beyond help.
    """

    def __init__(self, engine: Engine, seconds: float) -> None:
        self.window = engine.window
        self._engine, self._seconds = engine, seconds
        self._since, self._steps = 0.0, -1

    def generate(self, requests: Iterable[Request | None]) -> Iterator[Completion]:
        """One completion for each request."""
        if threading.current_thread() is not threading.main_thread():
            yield from self._engine.generate(requests)
            return
        completions = iter(self._engine.generate(self._unwatched(requests)))
        while True:
            with self._watched():
                completion = next(completions, None)
            if completion is None:
                return
            yield completion

    def close(self) -> None:
        """Closes the engine."""
        self._engine.close()

    def _unwatched(self, requests: Iterable[Request | None]) -> Iterator[Request | None]:
        source = iter(requests)
        while True:
            _rest()
            try:
                request = next(source)
            except StopIteration:
                return
            finally:
                self._start()
            yield request

    @contextmanager
    def _watched(self) -> Iterator[None]:
        before = signal.signal(signal.SIGALRM, self._look)
        self._start()
        try:
            yield
        finally:
            _rest()
            signal.signal(signal.SIGALRM, before)

    def _start(self) -> None:
        self._since = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, self._seconds / LOOKS, self._seconds / LOOKS)

    def _look(self, number: int, frame: FrameType | None) -> None:
        steps = getattr(self._engine, "steps", 0)
        if steps != self._steps:
            self._steps, self._since = steps, time.monotonic()
        elif time.monotonic() - self._since >= self._seconds:
            raise EngineError(f"the engine hangs: nothing came of it for {self._seconds:g} s (--engine-timeout)")


def _rest() -> None:
    """No alarm any more."""
    signal.setitimer(signal.ITIMER_REAL, 0)
