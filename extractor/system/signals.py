"""What a signal does to a run: it waits until a stretch of work is done, or it lets the work end cleanly."""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

HELD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)
DRAINING = (signal.SIGTERM, signal.SIGHUP)
ONE_WISH = 0.1  # seconds: `timeout` sends its SIGTERM twice, to the process and to its group


@contextmanager
def signals_wait() -> Iterator[list[int]]:
    """Within it no Ctrl-C, SIGTERM, SIGHUP or alarm cuts in; what came is raised again at its end, if still listed."""
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # where Python runs no handlers anyway
        yield came
        return
    try:
        with ExitStack() as back:  # it gives every handler back, Ctrl-C's last, though a signal cuts in meanwhile
            for number in HELD:
                handler = signal.signal(number, lambda number, frame: came.append(number))
                back.callback(signal.signal, number, handler or signal.SIG_DFL)
            yield came
    finally:
        for late in came:
            signal.raise_signal(late)


class Drained(BaseException):
    """Work that cannot be ended half way, and that nothing depends on yet, is broken off: see Drain.breaks_off."""


class Drain:
    """True once work is to end cleanly, at SIGTERM or when the terminal goes; a second SIGTERM interrupts."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._asked: float | None = None  # when
        self._breaks_off = False

    def __call__(self) -> bool:
        return self._asked is not None

    def after(self, seconds: float | None) -> Callable[[], bool]:
        """The same, true also when so many seconds have passed since this drain was made."""
        deadline = math.inf if seconds is None else self._began + seconds
        return lambda: self() or time.monotonic() >= deadline

    @contextmanager
    def on_signal(self) -> Iterator[None]:
        """Within it, SIGTERM and SIGHUP drain; one that is ignored from the start, as under nohup, stays so."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        heeded = [number for number in DRAINING if signal.getsignal(number) != signal.SIG_IGN]
        before = {number: signal.signal(number, self._drain) for number in heeded}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def breaks_off(self) -> Iterator[None]:
        """Within it, draining raises Drained: for work that takes long and is lost without harm."""
        self._breaks_off = True
        try:
            if self():
                raise Drained
            yield
        finally:
            self._breaks_off = False

    def _drain(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._asked is None:
            self._asked = now
            if self._breaks_off:
                raise Drained
        elif number == signal.SIGTERM and now - self._asked > ONE_WISH:
            raise KeyboardInterrupt
