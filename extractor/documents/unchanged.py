"""Whether a file is still the one that was opened."""

import os
from typing import Any

from extractor.documents.remote import version_of
from extractor.documents.source import Source

_END = 1 << 12  # bytes at the beginning, and of Parquet at the end


class Changed(Exception):
    """A file became another one while it was read."""


class Unchanged:
    """A file as it is when this is made. Lines may be added to it: a log that grows is still the same."""

    def __init__(self, source: Source) -> None:
        self._source, self._first, self._ends = source, _version(source), _ends(source)

    def check(self, is_half: bool = False) -> None:
        """Raises Changed where another file is there now, or where a line that is half there is just being written.

        A file that went away after it was opened counts as unchanged.
        """
        now = _version(self._source)
        if None not in (self._first, now) and now != self._first and (is_half or not self._is_same(now)):
            raise Changed("it changed while it was read")

    def _is_same(self, now: Any) -> bool:
        if not self._source.is_local:
            return False
        ends = _ends(self._source)
        has_grown = now[0] >= self._first[0] and ends.startswith(self._ends) and self._source.format == "jsonl"
        return has_grown or (now[0] == self._first[0] and ends == self._ends)


def _ends(source: Source) -> bytes:
    try:
        with open(source.place, "rb") as file:
            first = file.read(_END)
            if source.format == "jsonl":
                return first
            file.seek(-min(_END, len(first)), os.SEEK_END)
            return first + file.read()
    except OSError:
        return b""


def _version(source: Source) -> Any:
    """None where it cannot be told."""
    try:
        if source.is_local:
            found = os.stat(source.place)
            return found.st_size, found.st_mtime_ns
        return None if source.place == "-" else version_of(source.place)
    except Exception:  # each file system has failures of its own
        return None
