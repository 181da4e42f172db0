"""The journal: at whatever point a process dies, recovery leaves all of a commit or nothing of it."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from extractor.store.journal import Journal, Move, write_atomically
from extractor.system.crash import POINTS, VARIABLE
from extractor.system.disk import sync

BEFORE = {"a": "old a", "b": "old b", "gone": "old"}
AFTER = {"a": "new a", "b": "new b", "deep/c": "new c"}


def prepare(folder: Path) -> None:
    for name, text in BEFORE.items():
        (folder / name).write_text(text)


def commit(folder: Path) -> None:
    journal, moves = Journal(folder), [Move("gone")]
    for name, text in AFTER.items():
        staged = journal.staging / name
        staged.parent.mkdir(parents=True, exist_ok=True)
        staged.write_text(text)
        sync(staged)
        moves.append(Move(name, f".staging/{name}"))
    journal.commit(moves)


def content(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def _die(folder: Path, armed: str) -> None:
    os.environ[VARIABLE] = armed
    commit(folder)


CRASHES = ["before-journal", "after-journal", *(f"move:{number}" for number in range(1, 5)), "after-commit"]


@pytest.mark.parametrize("armed", CRASHES)
def test_a_crash_leaves_all_or_nothing(tmp_path: Path, armed: str) -> None:
    assert armed.split(":")[0] in POINTS
    prepare(tmp_path)
    process = multiprocessing.get_context("fork").Process(target=_die, args=(tmp_path, armed))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    for _ in range(2):  # recovery may itself be done again
        Journal(tmp_path).recover()
        assert content(tmp_path) == (BEFORE if armed == "before-journal" else AFTER)


def test_a_commit_that_failed_half_way_comes_before_the_next(tmp_path: Path) -> None:
    prepare(tmp_path)
    (tmp_path / "deep").write_text("a file where a folder must be")
    with pytest.raises(OSError):
        commit(tmp_path)
    assert (tmp_path / ".staging" / "journal.json").exists()
    (tmp_path / "deep").unlink()
    later = tmp_path / ".staging" / "later"
    later.write_text("later")
    Journal(tmp_path).commit([Move("later", ".staging/later")])
    Journal(tmp_path).recover()
    assert content(tmp_path) == AFTER | {"later": "later"}


def test_writing_atomically_leaves_nothing_beside(tmp_path: Path) -> None:
    write_atomically(tmp_path / "deep" / "file", "one")
    write_atomically(tmp_path / "deep" / "file", "two")
    assert content(tmp_path) == {"deep/file": "two"}
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):
        write_atomically(tmp_path / "folder", "text")
    assert content(tmp_path) == {"deep/file": "two"}
