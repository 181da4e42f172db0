"""Ctrl-C: outside a command it ends the program with a line, within one it is the command's."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from extractor.exits import INTERRUPTED


def leave_on_interrupt() -> None:
    """From now on, imports included, Ctrl-C is one line and 130; where it was ignored, it stays so."""
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, _leave)


def too_late() -> None:
    """How it ended is decided: Ctrl-C changes nothing any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def interrupts() -> Iterator[None]:
    """Within it, Ctrl-C is a KeyboardInterrupt."""
    before: Any = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before == signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _leave(number: int, frame: FrameType | None) -> None:
    with suppress(OSError):
        os.write(2, b"extract: interrupted\n")
    raise SystemExit(INTERRUPTED)
