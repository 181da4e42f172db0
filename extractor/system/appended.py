"""A file that grows line by line: each is on the disk before anything else happens, and none is ever written over."""

import fcntl
import json
import os
from pathlib import Path
from typing import Any

from extractor.escape import in_json
from extractor.system.disk import sync


def append(file: Path, value: Any) -> None:
    """Adds a value as one line of JSON, on the disk when this returns; several processes may. OSError as it comes."""
    line = in_json(value).encode() + b"\n"
    new = not file.exists()
    opened = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        _write(opened, line if _is_whole(opened) else b"\n" + line)
        os.fsync(opened)
    finally:
        os.close(opened)
    if new:
        sync(file.parent)


def lines(file: Path) -> list[Any]:
    """The values in their order, nothing where there is no file; a line that a crash cut short is passed over."""
    if not file.exists():
        return []
    found = []
    for line in file.read_bytes().split(b"\n"):
        try:
            found.append(json.loads(line))
        except (ValueError, RecursionError):
            continue
    return found


def _write(opened: int, line: bytes) -> None:
    """All of it or nothing, and OSError: on a disk that is nearly full a first write is cut, and the next says why."""
    size = os.fstat(opened).st_size
    try:
        while line:
            line = line[os.write(opened, line) :]
    except OSError:
        os.ftruncate(opened, size)
        raise


def _is_whole(opened: int) -> bool:
    end = os.fstat(opened).st_size
    return end == 0 or os.pread(opened, 1, end - 1) == b"\n"
