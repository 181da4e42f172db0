"""Signals that wait until a stretch of work is done."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

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
