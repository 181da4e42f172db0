"""The doors by which words leave: standard output for data, stderr for people."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from extractor.errors import UserError
from extractor.escape import in_json, in_line, in_text
from extractor.exits import OK, Ended
from extractor.system.streams import audience, silence


@contextmanager
def output() -> Iterator[None]:
    """Within it, one writes to standard output. Where its reader has gone, as that of `head`, the command is done."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        silence(sys.stdout)
        raise Ended(OK) from None
    except OSError as error:
        silence(sys.stdout)
        raise UserError(f"standard output: {error.strerror or error}; make room, or send it elsewhere") from None


def text(said: object) -> None:
    """Lines on standard output."""
    with output():
        typer.echo(in_text(said))


def value(found: Any) -> None:
    """One line of JSON on standard output."""
    with output():
        typer.echo(in_json(found))


def note(said: object) -> None:
    """One line on stderr."""
    with audience():
        typer.echo(in_line(said), err=True)
