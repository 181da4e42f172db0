"""Standard output and error: open, able to say any character, and silent for good once nobody is there."""

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from extractor.escape import STREAM_ERRORS


def open_streams() -> None:
    """Opens what of 0, 1 and 2 is closed: a file that came to bear such a number would be written into."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    sys.stdin = sys.stdin or os.fdopen(0)
    sys.stdout, sys.stderr = sys.stdout or os.fdopen(1, "w"), sys.stderr or os.fdopen(2, "w")
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors=STREAM_ERRORS)  # type: ignore[union-attr]


@contextmanager
def audience() -> Iterator[None]:
    """Within it, one may write to stderr; where that fails it is silent from then on, and the work goes on."""
    try:
        yield
    except OSError:
        silence(sys.stderr)


def silence(stream: TextIO) -> None:
    """From now on what is written there, by us or by a process that we start, goes nowhere."""
    with suppress(OSError):  # one that is no real stream
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def silence_if_gone(stream: TextIO) -> None:
    """The same, if it is a pipe that nobody reads any more."""
    with suppress(OSError):
        poll = select.poll()
        poll.register(stream.fileno(), 0)
        if any(found & select.POLLERR for _, found in poll.poll(0)):
            silence(stream)
