"""vLLM's own output goes to a file, so that a person sees ours; its last error can be read back from there."""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ERROR = re.compile(r"(?:\w+\.)*(?:\w*Error|\w*Exception): (?P<said>.+)")


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


def last_error(log: Path) -> str | None:
    """What the first root-cause exception named in the log's last 64 KiB says, or None."""
    if not log.is_file():
        return None
    with log.open("rb") as lines:
        lines.seek(max(0, log.stat().st_size - 65536))
        found = _ERROR.findall(lines.read().decode(errors="replace"))
    wanted = [said.strip() for said in found if "See root cause above" not in said]
    return wanted[-1][:400] if wanted else None
