"""The one place where an exception becomes a line on stderr and an exit code."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from extractor.exits import OK, Ended, verdict


@contextmanager
def boundary() -> Iterator[None]:
    """Known errors end in one line and their exit code, an interrupt in 130, a surprise in 3 with a log to send."""
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except Ended as end:
        raise typer.Exit(end.code) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(OK) from None
    except (Exception, KeyboardInterrupt) as error:
        line, code = verdict(error)
        typer.echo(f"extract: {line}", err=True)
        raise typer.Exit(code) from None
