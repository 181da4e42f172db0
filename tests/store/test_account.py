"""What is said of a run is true whenever it ends, also where the output holds what other inputs gave."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest
from fakes import Silent, answering, fake_prepared
from shop import GOOD, rows, settle, some, write

from extractor.pipeline.session import run
from extractor.store.attempts import Attempts
from extractor.store.ledger import faults_of
from extractor.store.manifest import Manifest
from extractor.store.parts import parts_of
from extractor.store.phantoms import phantoms
from extractor.store.settled import Settled
from extractor.store.shelf import Shelf
from extractor.store.status import OutputStatus, output_status
from extractor.store.writer import Kept, PartSize, Writer
from extractor.types import Request

pytestmark = pytest.mark.slow


def killed_at(doc_id: str, inputs: Path, out: Path, supersede: bool = False) -> OutputStatus:
    """What the status says after a run that was killed when it asked about this document."""

    def answer(request: Request) -> str:
        if request.document.id == doc_id:
            os.kill(os.getpid(), signal.SIGKILL)
        return GOOD

    given = {"seed": 7, "supersede": True} if supersede else {}
    work = multiprocessing.get_context("fork").Process(target=settle, args=(inputs, out, answer), kwargs=given)
    work.start()
    work.join()
    assert work.exitcode == -signal.SIGKILL
    return output_status(out)


def named(name: str, count: int) -> list[tuple[str, str]]:
    return [(f"{name}{number}", f"Alice meets {name} {number}.") for number in range(count)]


def test_after_a_kill_pending_counts_no_documents_of_other_inputs(tmp_path: Path) -> None:
    out = tmp_path / "out"
    settle(write(tmp_path / "monday.jsonl", named("m", 40)), out)
    now = killed_at("t10", write(tmp_path / "tuesday.jsonl", named("t", 20)), out)
    assert now.settled in (48, 52) and now.pending in (60 - now.settled, None)
    assert settle(tmp_path / "tuesday.jsonl", out).new == 60 - now.settled
    assert (output_status(out).pending, output_status(out).documents) == (0, 60)


def test_after_a_kill_pending_is_known_where_all_that_is_settled_was_met(tmp_path: Path) -> None:
    inputs, out = write(tmp_path / "in.jsonl", some(30)), tmp_path / "out"
    now = killed_at("d10", inputs, out)
    assert now.documents == 30 and now.settled in (4, 8)
    before = now.settled
    now = killed_at("d20", inputs, out)
    assert now.documents == 30 and now.settled > before
    write(inputs, some(30)[::-1])  # what is settled lies ahead now
    now = killed_at("d25", inputs, out)
    assert now.pending in (None, 30 - now.settled)


def test_after_a_kill_of_a_superseding_run_nothing_is_counted_twice(tmp_path: Path) -> None:
    inputs, out = write(tmp_path / "in.jsonl", some(30)), tmp_path / "out"
    settle(inputs, out)
    now = killed_at("d20", inputs, out, supersede=True)
    assert (now.settled, now.pending, now.faults) == (30, None, [])


@pytest.mark.parametrize("doc_id", ["d2", "d9", "d21"])
def test_the_manifest_says_of_a_killed_run_what_is_stored(tmp_path: Path, doc_id: str) -> None:
    inputs, out = write(tmp_path / "in.jsonl", some(30)), tmp_path / "out"
    killed_at(doc_id, inputs, out)
    manifest, stored = Manifest.load(out), len(rows(out))
    assert (manifest.documents, manifest.last_run.settled.get("ok", 0)) == (stored, stored)
    assert manifest.last_run.pending == 30 - stored


def test_a_broken_row_that_its_source_does_not_give_again_goes_from_all_tables(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    torn, other = tmp_path / "in" / "torn.jsonl", tmp_path / "in" / "other.jsonl"
    torn.write_text('{"id": "a", "text": "Alice."}\n{"id": "b", "te')
    other.write_text('{"id": "c", "te\n' + '{"id": "d", "text": "Alice."}\n' * 2)
    out = tmp_path / "out"
    prepared = fake_prepared(tmp_path / "in", out, part_documents=2)
    run(prepared, lambda _: answering(lambda request: GOOD), Silent(), bool)
    bad = {row["source"]: row["doc_id"] for row in rows(out, "quarantine")}
    assert sorted(bad) == [f"{other}:1", f"{other}:3", f"{torn}:2"]
    given = {"a", "d", bad[f"{other}:3"]}
    assert phantoms(parts_of(out), {}, given.__contains__) == {}
    gone = phantoms(parts_of(out), {str(torn)}, given.__contains__)
    assert [ids for ids in gone.values()] == [{bad[f"{torn}:2"]}]
    shelf, manifest = Shelf(out), Manifest.load(out)
    counted = {"documents": 4}
    kept = Kept(Attempts(out), list, True, lambda: manifest.text(counted))
    Writer(shelf, Settled(shelf.now()), PartSize(), kept).remove(gone)
    assert faults_of(parts_of(out)) == []
    assert sorted(row["source"] for row in rows(out, "quarantine")) == [f"{other}:1", f"{other}:3"]
    now = output_status(out)
    assert (now.ok, now.quarantined, now.faults) == (2, 2, [])
