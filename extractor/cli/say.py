"""The doors by which words leave: standard output for data, stderr for people."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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
        sys.stdout.write(f"{in_text(said)}\n")


def value(found: Any) -> None:
    """One line of JSON on standard output."""
    with output():
        sys.stdout.write(f"{in_json(found)}\n")


def note(said: object) -> None:
    """One line on stderr."""
    with audience():
        sys.stderr.write(f"{in_line(said)}\n")
        sys.stderr.flush()
