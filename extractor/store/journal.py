"""Several files that change together: staged aside, named in a journal, then moved; a crash is rolled forward.

The rename of the journal is the commit. Before it, nothing has happened and the staging folder is swept away; after
it, the moves are done again until they are done. Each move may be repeated.
"""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from extractor.store.fault import crash_point


@dataclass(frozen=True, slots=True)
class Move:
    """`staged` comes to lie at `target`; with no `staged`, `target` goes. Both are relative to the output folder."""

    target: str
    staged: str | None = None


class Journal:
    """Commits moves within one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.staging = folder / ".staging"
        self._file = self.staging / "journal.json"

    def commit(self, moves: Sequence[Move]) -> None:
        """All the moves, in order, or none; staged files must be whole and on disk."""
        crash_point("before-journal")
        write_atomically(self._file, json.dumps([asdict(move) for move in moves]))
        crash_point("after-journal")
        self._apply(moves)

    def recover(self) -> None:
        """Finishes what a crash cut short, and sweeps away what was never committed."""
        if self._file.is_file():
            self._apply([Move(**move) for move in json.loads(self._file.read_text())])
        shutil.rmtree(self.staging, ignore_errors=True)

    def _apply(self, moves: Sequence[Move]) -> None:
        for move in moves:
            target = self.folder / move.target
            target.parent.mkdir(parents=True, exist_ok=True)
            if move.staged is None:
                target.unlink(missing_ok=True)
            elif (staged := self.folder / move.staged).exists():
                os.replace(staged, target)
            crash_point("move")
        for parent in {(self.folder / move.target).parent for move in moves}:
            sync(parent)
        self._file.unlink()
        crash_point("after-commit")


def write_atomically(path: Path, text: str) -> None:
    """The file holds this text, on disk, or what it held before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with aside.open("w", encoding="utf-8") as sink:
        sink.write(text)
        sink.flush()
        os.fsync(sink.fileno())
    os.replace(aside, path)
    sync(path.parent)


def sync(path: Path) -> None:
    """What was written to this file or folder is on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
