"""Ctrl-C before a command begins, and after it has ended. It imports next to nothing: until then there is no line."""

import os
import signal
from types import FrameType


def leave_on_interrupt() -> None:
    """From now on, imports included, Ctrl-C is one line and 130; where it was ignored, it stays so."""
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, _leave)


def too_late() -> None:
    """How it ended is decided: no signal changes that any more, while Python takes leave of what it has loaded."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _leave(number: int, frame: FrameType | None) -> None:
    try:
        os.write(2, b"extract: interrupted\n")
    except OSError:
        pass
    raise SystemExit(128 + number)
