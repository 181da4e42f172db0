"""Whoever reads an output while its files are moved, or after a commit died there, reads it as of one moment."""

import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fakes import Silent, answering, fake_prepared
from shop import GOOD, settle, some, write

from extractor.engines.replay import StoredAnswers
from extractor.errors import UserError
from extractor.evaluation.runs import load_run
from extractor.pipeline.session import run
from extractor.report.details import details_of
from extractor.store.compact import compact
from extractor.store.ledger import faults_of
from extractor.store.output import Output
from extractor.store.parts import Parts, parts_of, reading
from extractor.store.status import output_status
from extractor.system.crash import VARIABLE

pytestmark = pytest.mark.slow

COUNT = 40
IDS = [f"d{number}" for number in range(COUNT)]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    settle(write(tmp_path / "in.jsonl", some(COUNT)), tmp_path / "out")
    return tmp_path / "out"


def check(out: Path) -> None:
    """Each reader finds all documents, once, with their rows."""
    now = output_status(out)
    assert (now.ok, now.faults, now.rows["entities"]) == (COUNT, [], COUNT)
    assert now.documents in (COUNT, None)  # a run that does all of them again knows at its end
    run = load_run(str(out))
    assert sorted(run.rows) == sorted(IDS) and len(run.entities) == len(run.summaries) == COUNT
    assert list(details_of(run, IDS).documents) == IDS
    assert reading(out, all_are_stored)
    tables = Output(out)
    assert sorted(tables["documents"]["doc_id"].to_pylist()) == sorted(IDS) and len(tables["entities"]) == COUNT
    assert tables.sql("SELECT count(*) FROM documents JOIN entities USING (doc_id)").fetchall() == [(COUNT,)]


def all_are_stored(parts: Parts) -> bool:
    stored = StoredAnswers(parts.folder, parts.of("completions"))
    return all(stored.of(doc_id) for doc_id in IDS)


def _compacts(out: Path, armed: str) -> None:
    os.environ[VARIABLE] = armed
    compact(out, full=16)


def _does_again(out: Path, armed: str) -> None:
    os.environ[VARIABLE] = armed
    settle(write(out.parent / "in.jsonl", some(COUNT, "saw")), out)


def died(work: Callable[[Path, str], None], out: Path, armed: str) -> None:
    process = multiprocessing.get_context("fork").Process(target=work, args=(out, armed))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


AT = ["stage:3", "before-journal", "after-journal", *(f"move:{number}" for number in (1, 3, 8, 17, 21, 26))]


@pytest.mark.parametrize("armed", AT)
def test_after_a_compact_that_died(out: Path, armed: str) -> None:
    died(_compacts, out, armed)
    check(out)
    assert faults_of(parts_of(out)) == []
    compact(out, full=16)
    check(out)


@pytest.mark.parametrize("armed", ["after-journal:2", "move:2", *(f"move:{n}" for n in (5, 9, 12, 15, 19))])
def test_after_a_run_that_died_where_it_did_documents_again(out: Path, armed: str) -> None:
    died(_does_again, out, armed)
    now = output_status(out)
    assert (now.ok, now.faults) == (COUNT, []) and faults_of(parts_of(out)) == []
    assert sorted(load_run(str(out)).rows) == sorted(IDS)


@pytest.mark.parametrize("armed", [f"move:{n}" for n in (3, 8, 17, 21)])
def test_through_a_journal_on_a_disk_that_may_only_be_read(out: Path, armed: str) -> None:
    died(_compacts, out, armed)
    before = {file: file.stat().st_mtime_ns for file in out.rglob("*")}
    check(out)
    assert {file: file.stat().st_mtime_ns for file in out.rglob("*")} == before


@pytest.mark.parametrize("work", ["compact", "again"])
def test_while_files_move(tmp_path: Path, out: Path, work: str) -> None:
    done, faults, looks = threading.Event(), [], [0]

    def look() -> None:
        while not done.is_set():
            try:
                check(out)
                looks[0] += 1
            except BaseException as error:
                faults.append(error)

    reader = threading.Thread(target=look)
    reader.start()
    for turn in range(6):
        if work == "compact":
            compact(out, full=4 << turn)
        else:
            settle(write(tmp_path / "in.jsonl", some(COUNT, f"saw {turn}")), out, part_documents=10)
    done.set()
    reader.join()
    assert not faults and looks[0]


def test_a_reader_whose_files_went_reads_again(out: Path) -> None:
    seen = []

    def read(parts: Parts) -> int:
        seen.append(parts.names)
        if len(seen) == 1:
            compact(out)
        return sum(pq.read_metadata(file).num_rows for file in parts.of("documents"))

    assert reading(out, read) == COUNT
    assert [len(names) for names in seen] == [10, 1]


def test_a_reader_that_gets_no_rest_says_that_a_commit_is_under_way(out: Path) -> None:
    def read(parts: Parts) -> None:
        (file := parts.of("documents")[0]).write_bytes(file.read_bytes())  # another file by each look

    with pytest.raises(UserError, match="a commit is under way, its files are moving"):
        reading(out, read, patience=0.3)


def test_an_answer_in_sql_stays_when_its_files_go(out: Path) -> None:
    found = Output(out).sql("SELECT doc_id FROM documents")
    shutil.rmtree(out / "documents")
    assert len(found.fetchall()) == len(found.filter("doc_id LIKE 'd%'").fetchall()) == COUNT


def test_what_is_wrong_with_the_reading_itself_is_said_at_once(out: Path) -> None:
    def read(parts: Parts) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        reading(out, read)
    shutil.rmtree(out / "documents")
    with pytest.raises(UserError, match="no document is settled yet"):
        load_run(str(out))


def test_a_run_under_way_is_read_too(tmp_path: Path) -> None:
    out, seen = tmp_path / "out", []

    def answer(request):
        seen.append(output_status(out))
        return GOOD

    prepared = fake_prepared(write(tmp_path / "in.jsonl", some(20)), out, part_documents=5)
    run(prepared, lambda _: answering(answer, 2), Silent(), bool)
    assert {(now.settled, now.pending) for now in seen} == {(n, 20 - n) for n in (0, 5, 10, 15)}
    assert not any(now.faults for now in seen)
