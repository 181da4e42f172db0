"""vLLM's own output goes to a file, so that a person sees ours; its errors can be read back from there."""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

READ = 65536  # bytes of a log that are looked at, from its end
# From the beginning of a word only: begun anywhere in a long one, the search would take the square of its length.
_ERROR = re.compile(r"(?<![\w.])(?:\w+\.)*\w*(?:Error|Exception): (?P<said>.+)")
_ELSEWHERE = re.compile(r"see (the )?(root cause|stack trace)", re.IGNORECASE)  # it only points at another


def log_to(log: Path, name: str) -> None:
    """From now on the logger of this name, and what is below it, writes to the file and nowhere else."""
    logger = logging.getLogger(name)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    logger.addHandler(logging.FileHandler(log))
    logger.propagate = False


@contextmanager
def captured_stderr(log: Path) -> Iterator[None]:
    """Within it, and for ever in processes started within it, the standard streams are appended to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    saved = [os.dup(1), os.dup(2)]
    with log.open("ab") as sink:
        os.dup2(sink.fileno(), 1)
        os.dup2(sink.fileno(), 2)
    try:
        yield
    finally:
        for stream, copy in zip((1, 2), saved, strict=True):
            os.dup2(copy, stream)
            os.close(copy)


def size_of(log: Path) -> int:
    """Bytes that the log holds now; 0 where there is none."""
    return log.stat().st_size if log.is_file() else 0


def errors_since(log: Path, start: int) -> list[str]:
    """What the exceptions say that were written to the log from this byte on, in their order, root causes only."""
    if not log.is_file():
        return []
    with log.open("rb") as lines:
        lines.seek(max(start, size_of(log) - READ))
        found = _ERROR.findall(lines.read().decode(errors="replace"))
    return [said.strip()[:400] for said in found if not _ELSEWHERE.search(said)]
