"""An engine that may not be silent: one that hangs ends the run with a line, instead of never."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from extractor.engines.around import Around
from extractor.engines.base import Engine
from extractor.errors import EngineError
from extractor.types import Completion

LOOKS = 10  # times that the clock is looked at before it has run out


class Watchdog(Around):
    """The engine, with EngineError once it neither completed nor did a step for `seconds` while it was polled.

    Time counts only inside `poll`: not while documents are read, prompts made, answers judged or parts written. A poll
    that does not return is broken off by an alarm, which reaches the main thread only; and an engine that holds the
    main thread in C without ever giving it back is beyond help.
    """

    def __init__(self, engine: Engine, seconds: float) -> None:
        super().__init__(engine)
        self._seconds = seconds
        self._silent, self._since, self._steps = 0.0, 0.0, -1

    def poll(self, seconds: float) -> list[Completion]:
        """What came back; EngineError where there was no sign of life for too long."""
        self._since = time.monotonic() - self._silent
        with self._alarm():
            came = self._engine.poll(min(seconds, self._seconds / LOOKS))
        if came:
            self._since = time.monotonic()
        self._look()
        self._silent = time.monotonic() - self._since
        return came

    @contextmanager
    def _alarm(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, self._seconds / LOOKS, self._seconds / LOOKS)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def _look(self, number: int = 0, frame: FrameType | None = None) -> None:
        if self._engine.steps != self._steps:
            self._steps, self._since = self._engine.steps, time.monotonic()
        elif time.monotonic() - self._since >= self._seconds:
            raise EngineError(f"the engine hangs: nothing came of it for {self._seconds:g} s (--engine-timeout)")
