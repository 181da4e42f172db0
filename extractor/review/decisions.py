"""The log of decisions: one JSON object a line, only ever added to, on the disk before anybody is told of it.

A later line for a document supersedes the earlier. Several processes may add at once. A line that a crash cut short is
passed over, and the next one begins on a line of its own.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from extractor.errors import UserError
from extractor.store.shards import as_object
from extractor.system import appended

Decision = dict[str, Any]
_END = b"\n"


@dataclass(frozen=True, slots=True)
class LastWord:
    """Where the last word on a document stands, in bytes, and what the queue needs to know of it."""

    start: int
    length: int
    verdict: str
    seconds: float | None


def append(path: Path, decision: Decision) -> None:
    """Adds a line, and comes back when it is on the disk. UserError where it cannot be written; then none of it is."""
    try:
        appended.append(path, decision)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}: the decision is not kept; mend that and retry") from None


def decisions(path: Path) -> Iterator[Decision]:
    """Every whole line of the log, in its order; none where there is no file."""
    if path.exists():
        with path.open("rb") as file:
            yield from (found for line in file if line.endswith(_END) and (found := _decision(line)))


def _decision(line: bytes) -> Decision | None:
    """What a line says, None where it was cut short."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("doc_id"), str) else None


class Log:
    """The log of one file as of now, whoever writes to it; holds a place for each document, and no text."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept: dict[str, LastWord] = {}
        self._read = 0  # bytes
        self._lock = Lock()

    def add(self, decision: Decision) -> None:
        """Adds a decision, as `append` does."""
        append(self.path, decision)

    def kept(self) -> dict[str, LastWord]:
        """The last word on each document, by doc_id."""
        with self._lock:
            self._catch_up()
            return dict(self._kept)

    def last_word(self, doc_id: str) -> Decision | None:
        """What was last decided on a document, None where nothing was."""
        if not (place := self.kept().get(doc_id)):
            return None
        with self.path.open("rb") as file:
            file.seek(place.start)
            return _decision(file.read(place.length))

    def _catch_up(self) -> None:
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(_END):  # somebody is writing it, or died of it
                    break
                if found := _decision(line):
                    said = as_object(found.get("review"))
                    place = self._read, len(line), str(said.get("verdict", "")), said.get("seconds")
                    self._kept[found["doc_id"]] = LastWord(*place)
                self._read += len(line)
