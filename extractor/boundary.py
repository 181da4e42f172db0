"""The one place where an exception becomes a line on stderr and an exit code."""

import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
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


@contextmanager
def boundary() -> Iterator[None]:
    """Known errors end in one line and their exit code, an interrupt in 130, a surprise in 3 with a log to send."""
    try:
        yield
    except UserError as error:
        _end(str(error), MISTAKE)
    except Locked as error:
        _end(str(error), HELD)
    except KeyboardInterrupt:
        _end("interrupted; what is finished is kept, the same command continues", INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(OK) from None
    except (typer.Exit, typer.Abort):
        raise
    except OSError as error:
        _end(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}; {_KEPT}", FAILURE)
    except Exception as error:
        _end(f"{error or type(error).__name__}; {_KEPT} (details: {_log(error)})", FAILURE)


_KEPT = "what is finished is kept, the same command continues"


def _end(message: str, code: int) -> None:
    typer.echo(f"extract: {' '.join(message.split())}", err=True)
    raise typer.Exit(code) from None


def _log(error: Exception) -> Path:
    path = Path(gettempdir()) / f"extract-{time.strftime('%Y%m%dT%H%M%S')}.log"
    path.write_text("".join(traceback.format_exception(error)))
    return path


class Drain:
    """True once the run is to end cleanly: at a deadline or at SIGTERM; a second SIGTERM interrupts."""

    def __init__(self, seconds: float | None) -> None:
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._asked = False

    def __call__(self) -> bool:
        return self._asked or (self._deadline is not None and time.monotonic() >= self._deadline)

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
