"""Several files that change together: staged aside, named in a journal, then moved; a crash is rolled forward.

The rename of the journal is the commit. Before it, nothing has happened and the staging folder is swept away; after
it, the moves are done again until they are done. Each move may be repeated.
"""

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from extractor.system.crash import crash_point


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
        self._finish()  # what an earlier commit of this run had to leave half done, such as on a full disk
        crash_point("before-journal")
        sync_all((self.folder / move.staged).parent for move in moves if move.staged)
        write_atomically(self._file, json.dumps([asdict(move) for move in moves]))
        crash_point("after-journal")
        self._finish()
        crash_point("after-commit")

    def recover(self) -> None:
        """Finishes what a crash cut short, and sweeps away what was never committed."""
        self._finish()
        shutil.rmtree(self.staging, ignore_errors=True)

    def _finish(self) -> None:
        if not self._file.is_file():
            return
        moves = [Move(**move) for move in json.loads(self._file.read_text(encoding="utf-8"))]
        for move in moves:
            self._apply(move)
            crash_point("move")
        sync_all((self.folder / move.target).parent for move in moves)
        self._file.unlink()

    def _apply(self, move: Move) -> None:
        target = self.folder / move.target
        if move.staged is None:
            target.unlink(missing_ok=True)
        elif (staged := self.folder / move.staged).exists():  # else it was moved before the crash
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(staged, target)


def write_atomically(path: Path, text: str) -> None:
    """The file holds this text, on disk, or what it held before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with aside.open("w", encoding="utf-8") as sink:
            sink.write(text)
            sink.flush()
            os.fsync(sink.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    sync(path.parent)


def sync_all(folders: Iterable[Path]) -> None:
    """The entries of these folders, and the folders' own, are on disk."""
    found = {folder for folder in folders if folder.is_dir()}
    for folder in sorted(found | {folder.parent for folder in found}):
        sync(folder)


def sync(path: Path) -> None:
    """What was written to this file or folder is on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
