"""An engine that may not be silent: one that hangs ends the run with a line, instead of never."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from extractor.engines.base import Engine, Telling
from extractor.errors import EngineError
from extractor.types import Completion, Request

LOOKS = 10  # times that the clock is looked at before it has run out


class Watchdog:
    """The engine, with EngineError once it neither completed nor did a step for `seconds` while it was polled.

    Time counts only inside `poll`: not while documents are read, prompts made, answers judged or parts written. A poll
    that does not return is broken off by an alarm, which reaches the main thread only; and an engine that holds the
    main thread in C without ever giving it back is beyond help.
    """

    def __init__(self, engine: Engine, seconds: float) -> None:
        self._engine, self._seconds = engine, seconds
        self._silent, self._since, self._steps = 0.0, 0.0, -1

    @property
    def room(self) -> int:
        """The engine's."""
        return self._engine.room

    @property
    def steps(self) -> int:
        """The engine's."""
        return self._engine.steps

    @property
    def facts(self) -> list[dict[str, Any]]:
        """The engine's."""
        return self._engine.facts if isinstance(self._engine, Telling) else []

    def news(self) -> list[str]:
        """The engine's."""
        return self._engine.news() if isinstance(self._engine, Telling) else []

    def submit(self, request: Request) -> None:
        """Hands the request on."""
        self._engine.submit(request)

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

    def close(self) -> None:
        """Closes the engine."""
        self._engine.close()

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
