"""The one place where an exception becomes a line on stderr and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from extractor.cli import say
from extractor.cli.interrupt import interrupts
from extractor.exits import Ended, verdict


@contextmanager
def boundary() -> Iterator[None]:
    """Known errors end in one line and their exit code, an interrupt in 130, a surprise in 3 with a log to send."""
    try:
        with interrupts():
            yield
    except (typer.Exit, typer.Abort):
        raise
    except Ended as end:
        raise typer.Exit(end.code) from None
    except (Exception, KeyboardInterrupt) as error:
        line, code = verdict(error)
        say.note(f"extract: {line}")
        raise typer.Exit(code) from None
