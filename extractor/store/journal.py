"""Several files that change together: staged aside, named in a journal, then moved; a crash is rolled forward.

The rename of the journal is the commit. Before it, nothing has happened and what was staged is swept away; after it,
the moves are done again until they are done. Each move may be repeated.
"""

import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from extractor.errors import UserError
from extractor.system.crash import crash_point
from extractor.system.disk import sync

STAGING, FILE = ".staging", "journal.json"
Fence = Callable[[], AbstractContextManager[None]]  # within it the folder is ours; Locked where it is ours no more


@dataclass(frozen=True, slots=True)
class Move:
    """`staged` comes to lie at `target`; with no `staged`, `target` goes. Both are relative to the output folder."""

    target: str
    staged: str | None = None


class Change:
    """Files made aside that are to be moved together. Each change has a place of its own for them."""

    def __init__(self, folder: Path) -> None:
        self.moves: list[Move] = []
        self.aside = folder / STAGING / secrets.token_hex(4)
        self._folder = folder

    @contextmanager
    def put(self, target: str) -> Iterator[Path]:
        """The path at which the new content of `target` is to be written; afterwards it is on disk."""
        self.aside.mkdir(parents=True, exist_ok=True)
        yield (staged := self.aside / target.replace("/", "."))  # one flat folder, which is one fsync
        sync(staged)
        crash_point("stage")
        self.moves.append(Move(target, str(staged.relative_to(self._folder))))

    def take(self, target: str, file: Path) -> None:
        """A file that lies elsewhere in the folder comes to lie at `target`."""
        self.moves.append(Move(target, str(file.relative_to(self._folder))))

    def drop(self, target: str) -> None:
        """The file goes."""
        self.moves.append(Move(target))


class Journal:
    """Commits moves within one folder."""

    def __init__(self, folder: Path, fence: Fence = nullcontext) -> None:
        self.folder, self._fence = folder, fence
        self.staging = folder / STAGING
        self._file = self.staging / FILE

    @contextmanager
    def change(self, order: Callable[[Move], Any] = lambda move: 0) -> Iterator[Change]:
        """What is put into it is committed at its end, all of it or nothing; where that fails, no staged file stays."""
        change = Change(self.folder)
        try:
            yield change
            self.commit(sorted(change.moves, key=order))
        except BaseException as error:
            self._sweep(change.aside)
            if isinstance(error, OSError):
                with self._fence():  # where the folder is another's by now, that is what went wrong
                    pass
            raise

    def commit(self, moves: Sequence[Move]) -> None:
        """All the moves, in order, or none; staged files must be whole and on disk. Locked writes nothing.

        The fence is held where the journal comes and where it goes, and not between, for whoever stops there would
        keep others out: moves name files that no other commit names, so that two may do them at once.
        """
        if not moves:
            return
        with self._fence():
            pass
        self._finish()  # what an earlier commit of this run had to leave half done, such as on a full disk
        crash_point("before-journal")
        sync_all((self.folder / move.staged).parent for move in moves if move.staged)
        with written_aside(self._file, json.dumps([asdict(move) for move in moves])) as written, self._fence():
            os.replace(written, self._file)
        sync(self.staging)
        crash_point("after-journal")
        self._finish()
        crash_point("after-commit")

    def recover(self) -> None:
        """Finishes what a crash cut short, and sweeps away what was never committed."""
        self._finish()
        with self._fence():
            left = [*self.staging.glob("*"), *self.folder.glob(".*.tmp")]
        for one in left:
            remove(one)

    def _finish(self) -> None:
        if not (moves := pending_moves(self.folder)):
            return
        for move in moves:
            self._apply(move)
            crash_point("move")
        sync_all((self.folder / move.target).parent for move in moves)
        with self._fence():
            self._file.unlink(missing_ok=True)
        for aside in {(self.folder / move.staged).parent for move in moves if move.staged}:
            if aside.parent == self.staging:  # else it came from a shard
                remove(aside)

    def _apply(self, move: Move) -> None:
        target = self.folder / move.target
        if move.staged is None:
            target.unlink(missing_ok=True)
        elif (staged := self.folder / move.staged).exists():  # else it was moved before the crash
            target.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # or is being moved by the run that took over
                os.replace(staged, target)

    def _sweep(self, aside: Path) -> None:
        """Nothing stays of a change, unless its commit has begun: then the journal needs it."""
        with suppress(OSError):
            if aside.name in self._file.read_text(encoding="utf-8", errors="replace"):
                return
        remove(aside)


def remove(path: Path) -> None:
    """A file, or a folder with all that is in it, goes; as much of it as can."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def pending_moves(folder: Path) -> list[Move]:
    """The moves of a commit that has begun and not ended; none where there is no such. UserError where its journal
    is torn, or would move anything out of the folder or into it."""
    path = folder / STAGING / FILE
    within(folder, path)
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (ValueError, RecursionError, IsADirectoryError):
        raise _refused(path, "is torn") from None
    moves = [Move(one["target"], one["staged"]) for one in said if _is_move(one)] if isinstance(said, list) else None
    if moves is None or len(moves) < len(said):
        raise _refused(path, "is torn")
    named = [name for move in moves for name in (move.target, move.staged) if name is not None]
    if strays := [name for name in named if not _is_inside(folder, name)]:
        raise _refused(path, f"names {strays[0]!r}, which is no file of this folder")
    return moves


def within(output: Path, path: Path) -> None:
    """UserError where this path of an output is a link that leads out of it, for an output is data."""
    if path.is_symlink() and not path.resolve().is_relative_to(output.resolve()):
        raise UserError(
            f"{path} is a link out of the output; nothing is read through such: put what it leads to in its place"
        )


def _refused(path: Path, why: str) -> UserError:
    return UserError(f"{path} {why}: nothing was moved; extract repair {path.parent.parent} does without it")


def _is_move(said: Any) -> bool:
    return (
        isinstance(said, dict)
        and set(said) == {"target", "staged"}
        and isinstance(said["target"], str)
        and isinstance(said["staged"], str | None)
    )


def _is_inside(folder: Path, name: str) -> bool:
    """Whether a file of this name would lie in the folder, whatever links there are; an output folder is data."""
    if "\0" in name or Path(name).is_absolute() or ".." in Path(name).parts or (folder / name).is_dir():
        return False
    return (folder / name).parent.resolve().is_relative_to(folder.resolve())


def write_atomically(path: Path, text: str) -> None:
    """The file holds this text, on disk, or what it held before."""
    with written_aside(path, text) as aside:
        os.replace(aside, path)
    sync(path.parent)


@contextmanager
def written_aside(path: Path, text: str) -> Iterator[Path]:
    """A file beside the path that holds this text, on disk; afterwards it is there no more."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with aside.open("x", encoding="utf-8") as sink:
            sink.write(text)
            sink.flush()
            os.fsync(sink.fileno())
        yield aside
    finally:
        aside.unlink(missing_ok=True)


def sync_all(folders: Iterable[Path]) -> None:
    """The entries of these folders, and the folders' own, are on disk."""
    found = {folder for folder in folders if folder.is_dir()}
    for folder in sorted(found | {folder.parent for folder in found}):
        sync(folder)
