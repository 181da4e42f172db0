"""Parts: whole or absent, each document once, whatever the input does between two runs."""

import json
import random
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fakes import Silent, answering, fake_prepared
from shop import GOOD, Clerk, assert_whole, rows, settle, some, write

from extractor.engines.fake import FakeEngine
from extractor.errors import ExtractorError, UserError
from extractor.pipeline.session import run
from extractor.store.attempts import stored_attempts
from extractor.store.output import Output
from extractor.store.shelf import Shelf
from extractor.store.status import output_status
from extractor.store.tables import ALWAYS, SCHEMAS
from extractor.types import Completion, Request

pytestmark = pytest.mark.slow


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def ids(documents: list[tuple[str, str]]) -> list[str]:
    return [id for id, _ in documents]


def test_a_run_fills_parts_and_the_same_again_asks_nothing(tmp_path: Path, out: Path) -> None:
    inputs, clerk = write(tmp_path / "in.jsonl", some(10)), Clerk()
    tally = settle(inputs, out, clerk)
    assert tally.settled == {"ok": 10}
    assert sorted(map(Shelf(out).documents_in, Shelf(out).parts())) == [2, 4, 4]
    assert_whole(out, ids(some(10)))
    again = settle(inputs, out, clerk)
    assert (again.skipped, again.settled.total(), len(clerk.asked)) == (10, 0, 10)
    assert not list(out.rglob("*.tmp")) and not (out / ".lock").exists()


def test_no_commit_looks_at_the_parts_before_it(tmp_path: Path) -> None:
    """Else thousands of them take time in proportion to their square."""
    looked: list[str] | None = None

    def hook(event: str, args: tuple[object, ...]) -> None:
        if event == "os.scandir" and looked is not None:
            looked.append(str(args[0]))

    sys.addaudithook(hook)
    looks = []
    for number in (10, 22):
        looked = []
        settle(write(tmp_path / f"{number}.jsonl", some(number)), tmp_path / f"out{number}", Clerk())
        looks.append(looked.count(str(tmp_path / f"out{number}" / "documents")))
        looked = None
    assert looks[0] == looks[1] > 0


class Busy(FakeEngine):
    """Steps on after its first answer without a second one, until a part is there."""

    def __init__(self, out: Path) -> None:
        super().__init__(answering(lambda request: GOOD)._answer)
        self.out, self.parts_seen, self.ends = out, 0, time.monotonic() + 20

    def poll(self, seconds: float) -> list[Completion]:
        self.parts_seen = len(Shelf(self.out).parts())
        is_first = len(self._held) == 2
        return super().poll(seconds) if is_first or self.parts_seen or time.monotonic() > self.ends else []


def test_a_part_is_committed_in_time_though_no_further_document_comes_back(tmp_path: Path, out: Path) -> None:
    prepared, engine = fake_prepared(write(tmp_path / "in.jsonl", some(2)), out, part_seconds=0.3), Busy(out)
    tally = run(prepared, lambda _: engine, Silent(), bool)
    assert (engine.parts_seen, tally.settled) == (1, {"ok": 2})
    assert_whole(out, ids(some(2)))


@pytest.mark.parametrize("seed", range(3))
def test_order_and_name_of_the_input_mean_nothing(tmp_path: Path, out: Path, seed: int) -> None:
    documents, clerk = some(12), Clerk()
    settle(write(tmp_path / "in.jsonl", documents), out, clerk)
    random.Random(seed).shuffle(documents)
    settle(write(tmp_path / "renamed.jsonl", documents), out, clerk)
    assert len(clerk.asked) == 12
    assert_whole(out, ids(documents))


def test_a_grown_input_costs_what_is_new(tmp_path: Path, out: Path) -> None:
    clerk = Clerk()
    settle(write(tmp_path / "in.jsonl", some(6)), out)
    tally = settle(write(tmp_path / "in.jsonl", some(9)[::-1]), out, clerk)
    assert (tally.skipped, sorted(clerk.asked)) == (6, ["d6", "d7", "d8"])
    assert_whole(out, ids(some(9)))


def test_a_changed_document_is_done_again_and_its_old_rows_go(tmp_path: Path, out: Path) -> None:
    documents, clerk = some(9), Clerk(lambda request: GOOD.replace("Alice", "Carol"))
    settle(write(tmp_path / "in.jsonl", documents), out)
    documents[1] = ("d1", "Carol left.")
    documents[4:8] = [(f"d{number}", f"Carol left {number}.") for number in range(4, 8)]  # a whole part
    settle(write(tmp_path / "in.jsonl", documents), out, clerk)
    assert sorted(clerk.asked) == ["d1", "d4", "d5", "d6", "d7"]
    assert_whole(out, ids(documents))
    named = {row["doc_id"]: row["name"] for row in rows(out, "entities")}
    assert {id for id, name in named.items() if name == "Carol"} == set(clerk.asked)


def test_a_changed_job_is_refused_with_the_field_and_two_ways_out(tmp_path: Path, out: Path) -> None:
    inputs = write(tmp_path / "in.jsonl", some(5))
    settle(inputs, out)
    with pytest.raises(UserError, match=r"holds another job: seed differs \(seed: 0 there, 7 now\)") as refused:
        settle(inputs, out, seed=7)
    assert "choose another --out, or add --supersede" in str(refused.value)
    assert_whole(out, ids(some(5)))


def test_other_signals_are_another_job_in_mode_auto_alone(tmp_path: Path, out: Path) -> None:
    inputs, clerk = write(tmp_path / "in.jsonl", some(5)), Clerk()
    settle(inputs, out / "auto", mode="auto")
    with pytest.raises(UserError, match=r"holds another job: escalate differs"):
        settle(inputs, out / "auto", clerk, mode="auto", escalate=["empty"])
    settle(inputs, out / "plain")
    settle(inputs, out / "plain", clerk, escalate=["empty"])
    assert clerk.asked == []


def test_supersede_does_every_document_again(tmp_path: Path, out: Path) -> None:
    inputs, clerk = write(tmp_path / "in.jsonl", some(9)), Clerk()
    settle(inputs, out)
    settle(inputs, out, clerk, supersede=True, seed=1)
    assert len(clerk.asked) == 9
    assert_whole(out, ids(some(9)))
    settle(inputs, out, clerk, seed=1)
    assert len(clerk.asked) == 9


def test_a_folder_of_someone_else_is_refused(tmp_path: Path, out: Path) -> None:
    out.mkdir()
    (out / "manifest.json").write_text('{"name": "my web app"}')
    with pytest.raises(UserError, match="not a manifest of ours"):
        settle(write(tmp_path / "in.jsonl", some(1)), out)


def test_bad_rows_are_settled_once(tmp_path: Path, out: Path) -> None:
    inputs = tmp_path / "in.jsonl"
    inputs.write_text('{"id": "a", "text": "x"}\nnot json\n{"id": "b"}\n{"id": "a", "text": "x"}\n')
    assert settle(inputs, out).settled == {"ok": 1, "quarantined": 3}
    again = settle(inputs, out)
    assert (again.skipped, again.settled.total()) == (4, 0)
    assert output_status(out).problems == {"bad_line": 1, "no_text": 1, "duplicate_id": 1}


def test_a_reader_who_joins_from_documents_sees_whole_parts_at_any_moment(tmp_path: Path, out: Path) -> None:
    inputs, done, seen = write(tmp_path / "in.jsonl", some(120)), threading.Event(), Counter[str]()
    faults: list[str] = []

    def look() -> None:
        while not done.is_set():
            there = [name for name in (out / "documents").glob("part-*.parquet")]
            for part in there:
                inside = pq.ParquetFile(part).read(["doc_id"])["doc_id"].to_pylist()
                for table in ("entities", "summaries", "completions"):
                    found = pq.ParquetFile(out / table / part.name).read(["doc_id"])["doc_id"].to_pylist()
                    if sorted(found) != sorted(inside):
                        faults.append(f"{table}/{part.name}: {found} of {inside}")
            seen[str(len(there))] += 1

    reader = threading.Thread(target=look)
    reader.start()
    settle(inputs, out, part_documents=10)
    done.set()
    reader.join()
    assert not faults
    assert len(seen) > 2, "the reader looked while parts came"


def test_no_reader_finds_a_document_twice_while_it_is_done_again(tmp_path: Path, out: Path) -> None:
    settle(write(tmp_path / "in.jsonl", some(30)), out)
    done, looks = threading.Event(), []

    def look() -> None:
        while not done.is_set():
            try:
                looks.append(Counter(row["doc_id"] for row in rows(out)).most_common(1))
            except FileNotFoundError:  # a part that went after it was listed
                pass
            time.sleep(0)

    reader = threading.Thread(target=look)
    reader.start()
    settle(write(tmp_path / "in.jsonl", some(30, "saw")), out)
    done.set()
    reader.join()
    assert looks and all(top[0][1] == 1 for top in looks if top)
    assert_whole(out, ids(some(30)))


@pytest.mark.parametrize("clock", ["20991231T235959000000", "19700101T000000000000"])
def test_nothing_relies_on_the_clock(tmp_path: Path, out: Path, clock: str) -> None:
    documents, clerk = some(8), Clerk()
    settle(write(tmp_path / "in.jsonl", documents), out)
    for part in Shelf(out).parts():  # as if the clock had been wrong then
        for file in out.glob(f"*/{part}"):
            file.rename(file.with_name(f"part-{clock}-{part.split('-')[2]}"))
    documents[0] = ("d0", "Alice left.")
    settle(write(tmp_path / "in.jsonl", [*documents, ("new", "Alice came.")]), out, clerk)
    assert sorted(clerk.asked) == ["d0", "new"]
    assert_whole(out, [*ids(documents), "new"])


def test_a_lost_part_is_noticed_and_the_next_run_mends_it(tmp_path: Path, out: Path) -> None:
    inputs = write(tmp_path / "in.jsonl", some(8))
    settle(inputs, out)
    lost = Shelf(out).parts()[0]
    for file in list(out.glob(f"*/{lost}")):
        file.unlink()
    assert [(fault.kind, fault.wanted, fault.rows) for fault in output_status(out).faults] == [("count", 8, 4)]
    assert settle(inputs, out).settled.total() == 4
    assert output_status(out).settled == 8


def test_what_is_missing_or_twice_is_named(tmp_path: Path, out: Path) -> None:
    inputs = write(tmp_path / "in.jsonl", some(8))
    parts: list[str] = []

    def sabotage(request: Request) -> str:
        if request.document.id == "d7":
            parts.extend(Shelf(out).parts())
            copy = parts[0].replace("part-", "part-2099")
            (out / "documents" / copy).write_bytes((out / "documents" / parts[0]).read_bytes())
        return GOOD

    with pytest.raises(ExtractorError, match=r"8 documents should be in .*, 12 are; there twice: d0, d1, d2, d3"):
        settle(inputs, out, sabotage)

    def theft(request: Request) -> str:
        (out / "documents" / Shelf(out).parts()[0]).unlink()
        return GOOD

    other = write(tmp_path / "in.jsonl", [*some(8), ("d8", "Alice.")])
    (out / "documents" / parts[0].replace("part-", "part-2099")).unlink()
    with pytest.raises(ExtractorError, match=r"9 documents should be in .*, 5 are; missing: d0, d1, d2, d3"):
        settle(other, out, theft)


def test_a_torn_part_is_a_clear_line(tmp_path: Path, out: Path) -> None:
    inputs = write(tmp_path / "in.jsonl", some(4))
    settle(inputs, out)
    (torn := out / "documents" / Shelf(out).parts()[0]).write_bytes(torn.read_bytes()[:100])
    with pytest.raises(UserError, match=r"a file of documents cannot be read \(part-.*; bring back what is gone"):
        settle(inputs, out)


def test_the_tables_hold_their_schema_and_kept_columns(tmp_path: Path, out: Path) -> None:
    inputs = tmp_path / "in.jsonl"
    inputs.write_text(json.dumps({"id": "a", "text": "Alice", "url": "http://x"}) + "\n")
    settle(inputs, out, keep=["url"])
    part = Shelf(out).parts()[0]
    for table in ALWAYS:
        found = pq.ParquetFile(out / table / part).schema_arrow
        assert found.names[: len(SCHEMAS[table])] == SCHEMAS[table].names
        assert found.field(0).metadata[b"description"]
    assert rows(out)[0]["url"] == "http://x"


@pytest.mark.parametrize("name", ["documents", "part", "manifest.json"])
def test_nothing_is_read_through_a_link_out_of_the_output(tmp_path: Path, name: str) -> None:
    settle(write(tmp_path / "in.jsonl", some(3)), out := tmp_path / "out")
    path = out / name if name != "part" else out / "documents" / Shelf(out).parts()[0]
    path.rename(elsewhere := tmp_path / "elsewhere")
    path.symlink_to(elsewhere)
    with pytest.raises(UserError, match=f"{path.name} is a link out of the output; nothing is read"):
        Output(out)["documents"]


@pytest.mark.parametrize("name", ["journal.json", "attempts.parquet"])
def test_no_journal_and_no_attempts_are_read_through_a_link_out_of_the_output(tmp_path: Path, name: str) -> None:
    settle(write(tmp_path / "in.jsonl", some(3)), out := tmp_path / "out")
    path = out / (".staging/journal.json" if name == "journal.json" else name)
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match=f"{name} is a link out of the output; nothing is read"):
        Output(out)["documents"] if name == "journal.json" else stored_attempts(out)


def test_nothing_is_written_through_a_link_out_of_the_output(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "entities").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="nothing is written through links"):
        Shelf(tmp_path / "out")
    assert list((tmp_path / "elsewhere").iterdir()) == []
