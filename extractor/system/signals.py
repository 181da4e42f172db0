"""What a signal does to a run: it waits until a stretch of work is done, or it lets the work end cleanly."""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

HELD = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)


@contextmanager
def signals_wait() -> Iterator[None]:
    """Within it no Ctrl-C, SIGTERM or alarm cuts in; what came is raised again at its end."""
    if threading.current_thread() is not threading.main_thread():  # where Python runs no handlers anyway
        yield
        return
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, frame: came.append(number)) for number in HELD}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)
        for late in came:
            signal.raise_signal(late)


class Drain:
    """True once work is to end cleanly, at SIGTERM; a second SIGTERM interrupts."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._asked = False

    def __call__(self) -> bool:
        return self._asked

    def after(self, seconds: float | None) -> Callable[[], bool]:
        """The same, true also when so many seconds have passed since this drain was made."""
        deadline = math.inf if seconds is None else self._began + seconds
        return lambda: self._asked or time.monotonic() >= deadline

    @contextmanager
    def on_signal(self) -> Iterator[None]:
        """Within it, SIGTERM drains."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGTERM, self._drain)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)

    def _drain(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
