"""The one place where an exception becomes a line on stderr and an exit code."""

import math
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir
from types import FrameType

import typer

from extractor.errors import Locked, UserError

OK, MISTAKE, USAGE, FAILURE, QUARANTINED, STOPPED, HELD, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 130
EXIT_CODES = """
Exit codes: 0 all documents settled, none quarantined; 1 your mistake, one line says the cure; 2 usage;
3 an unexpected failure of ours or the engine's; 4 finished, some documents quarantined; 5 stopped at a
deadline or by SIGTERM with work left; 6 another run holds the output; 130 interrupted, what is finished is kept.
"""
FEW_CODES = """
Exit codes: 0 done; 1 your mistake, one line says the cure; 2 usage; 3 an unexpected failure of ours; 130 interrupted.
"""


@contextmanager
def boundary(tell: Callable[[str, int], None] | None = None) -> Iterator[None]:
    """Known errors end in one line and their exit code, an interrupt in 130, a surprise in 3 with a log to send.

    `tell` says the line (with its exit code) where a line on stderr is not wanted.
    """
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(OK) from None
    except (Exception, KeyboardInterrupt) as error:
        line, code = _verdict(error)
        (tell or _say)(" ".join(line.split()), code)
        raise typer.Exit(code) from None


def _verdict(error: BaseException) -> tuple[str, int]:
    match error:
        case UserError():
            return str(error), MISTAKE
        case Locked():
            return str(error), HELD
        case KeyboardInterrupt():
            return f"interrupted; {_KEPT}", INTERRUPTED
        case OSError():
            where = f": {error.filename}" if error.filename else ""
            return f"{error.strerror or error}{where}; {_KEPT}", FAILURE
        case _:
            return f"{error or type(error).__name__}; {_KEPT} (details: {_log(error)})", FAILURE


_KEPT = "what is finished is kept, the same command continues"


def _say(line: str, code: int) -> None:
    typer.echo(f"extract: {line}", err=True)


def _log(error: BaseException) -> Path:
    path = Path(gettempdir()) / f"extract-{time.strftime('%Y%m%dT%H%M%S')}.log"
    path.write_text("".join(traceback.format_exception(error)))
    return path


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
        before = signal.signal(signal.SIGTERM, self._ask)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
