"""The one place where an exception becomes a line on stderr and an exit code."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from extractor.cli import say
from extractor.exits import Ended, verdict


@contextmanager
def boundary() -> Iterator[None]:
    """Known errors end in one line and their exit code, an interrupt in 130, a surprise in 3 with a log to send."""
    try:
        with _interrupts():
            yield
    except (typer.Exit, typer.Abort):
        raise
    except Ended as end:
        raise typer.Exit(end.code) from None
    except (Exception, KeyboardInterrupt) as error:
        line, code = verdict(error)
        say.note(f"extract: {line}")
        raise typer.Exit(code) from None


@contextmanager
def _interrupts() -> Iterator[None]:
    """Within it, Ctrl-C is a KeyboardInterrupt, unless it is ignored."""
    before: Any = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before == signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
