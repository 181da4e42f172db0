"""Compaction: fewer parts, the same rows in the same order, at whatever point it dies."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest
from shop import Clerk, assert_whole, rows, settle, some, write

from extractor.errors import Locked, UserError
from extractor.store.compact import compact
from extractor.store.lock import locked
from extractor.store.shelf import Shelf
from extractor.store.tables import TABLES
from extractor.system.crash import VARIABLE

pytestmark = pytest.mark.slow


@pytest.fixture
def out(tmp_path: Path) -> Path:
    settle(write(tmp_path / "in.jsonl", some(22)), tmp_path / "out")
    return tmp_path / "out"


def all_rows(out: Path) -> dict[str, list[dict[str, object]]]:
    return {table: rows(out, table) for table in TABLES}


def test_rows_and_their_order_stay(tmp_path: Path, out: Path) -> None:
    before = all_rows(out)
    done = compact(out, full=10)
    assert (done.before, done.after, done.documents) == (6, 3, 22)
    assert all_rows(out) == before
    assert compact(out, full=10).after == 3
    assert compact(out).after == 1
    assert all_rows(out) == before
    clerk = Clerk()
    assert settle(tmp_path / "in.jsonl", out, clerk).skipped == 22 and not clerk.asked


def test_a_document_done_again_leaves_a_merged_part(tmp_path: Path, out: Path) -> None:
    compact(out)
    documents = [*some(21), ("d21", "Alice left.")]
    settle(write(tmp_path / "in.jsonl", documents), out)
    assert_whole(out, [id for id, _ in documents])


def test_parts_of_different_columns_merge(tmp_path: Path, out: Path) -> None:
    grown = tmp_path / "in.jsonl"
    grown.write_text(grown.read_text() + '{"id": "with", "text": "Alice", "url": "http://x"}\n')
    settle(grown, out, keep=["url"])
    compact(out)
    assert {row["doc_id"]: row["url"] for row in rows(out) if row["url"]} == {"with": "http://x"}
    assert len(rows(out)) == 23


def _die(out: Path, armed: str) -> None:
    os.environ[VARIABLE] = armed
    compact(out, full=10)


@pytest.mark.parametrize(
    "armed", ["stage:1", "stage:6", "before-journal", "after-journal", "move:1", "move:9", "move:18", "after-commit"]
)
def test_a_crash_costs_nothing(out: Path, armed: str) -> None:
    before = all_rows(out)
    process = multiprocessing.get_context("fork").Process(target=_die, args=(out, armed))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert compact(out, full=10).after == 3
    assert all_rows(out) == before
    assert not [path for path in (out / ".staging").rglob("*") if path.is_file()]


def test_it_takes_the_lock(out: Path) -> None:
    with locked(out), pytest.raises(Locked):
        compact(out)


def test_a_folder_without_output_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not an output folder"):
        compact(tmp_path)
    assert not list(tmp_path.iterdir())


def test_every_part_is_as_full_as_may_be(out: Path) -> None:
    compact(out, full=8)
    assert sorted(map(Shelf(out).documents_in, Shelf(out).parts())) == [6, 8, 8]
