"""Outputs that are not in order, whoever made them so: found by id, refused by a run, and mended by repair."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shop import GOOD, Clerk, rows, settle, some, write
from typer.testing import CliRunner

from extractor.cli.app import app
from extractor.errors import UserError
from extractor.evaluation.runs import load_run
from extractor.store.compact import compact
from extractor.store.ledger import faults_of
from extractor.store.parts import parts_of
from extractor.store.repair import repair
from extractor.store.status import output_status
from extractor.store.tables import TABLES
from extractor.types import Request

pytestmark = pytest.mark.slow

RELATED = '{"entities": [{"name": "Alice", "type": "person"}, {"name": "Bob", "type": "person"}],'
RELATED += ' "relations": [{"subject": "Alice", "predicate": "family_of", "object": "Bob"}], "summary": "x"}'
IDS = [f"d{number}" for number in range(13)]


def answer(request: Request) -> str:
    return "no json" if request.document.id in ("d3", "d7") else RELATED


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Thirteen documents in four parts, two of them quarantined."""
    settle(write(tmp_path / "in.jsonl", some(13)), tmp_path / "out", answer, attempts=1)
    shutil.copytree(tmp_path / "out", tmp_path / "backup")
    return tmp_path / "out"


def part(out: Path, number: int = 0) -> str:
    return sorted(file.name for file in (out / "documents").iterdir())[number]


def changed(file: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """The file rewritten as any tool would: its schema's metadata stay."""
    pq.write_table(change(pq.ParquetFile(file).read()), file)


def again_as(rows: pa.Table, doc_id: str) -> pa.Table:
    """The rows, and one more of this document."""
    last = rows.slice(0, 1)
    ids = pa.array([doc_id], pa.string())
    return pa.concat_tables(
        [rows, last.set_column(last.schema.get_field_index("doc_id"), last.schema.field("doc_id"), ids)]
    )


def backup_over_compacted(out: Path) -> None:
    compact(out)
    shutil.copytree(out.parent / "backup", out, dirs_exist_ok=True)


def backup_of_documents_alone(out: Path) -> None:
    compact(out)
    shutil.copytree(out.parent / "backup" / "documents", out / "documents", dirs_exist_ok=True)


def documents_of_a_part_gone(out: Path) -> None:
    (out / "documents" / part(out)).unlink()


def a_part_gone(out: Path) -> None:
    gone = part(out)
    for table in TABLES:
        (out / table / gone).unlink(missing_ok=True)


def a_part_copied(out: Path) -> None:
    for table in TABLES:
        if (file := out / table / part(out, -1)).exists():
            shutil.copy(file, file.with_name(part(out).replace("part-", "part-19")))


def entities_gone(out: Path) -> None:
    (out / "entities" / part(out)).unlink()


def entities_cut(out: Path) -> None:
    changed(out / "entities" / part(out), lambda rows: rows.slice(1))


def entities_doubled(out: Path) -> None:
    changed(out / "entities" / part(out), lambda rows: pa.concat_tables([rows, rows]))


def documents_doubled(out: Path) -> None:
    changed(out / "documents" / part(out), lambda rows: pa.concat_tables([rows, rows.slice(1, 2)]))


def documents_cut(out: Path) -> None:
    changed(out / "documents" / part(out), lambda rows: rows.slice(1))


def relation_of_nobody(out: Path) -> None:
    changed(out / "relations" / part(out), lambda rows: again_as(rows, "nobody"))


def summary_of_another_part(out: Path) -> None:
    changed(out / "summaries" / part(out), lambda rows: again_as(rows, "d12"))


def ghost_in_quarantine(out: Path) -> None:
    changed(out / "quarantine" / part(out), lambda rows: again_as(rows, "d1"))


def quarantine_emptied(out: Path) -> None:
    changed(out / "quarantine" / part(out), lambda rows: rows.slice(0, 0))


def documents_torn(out: Path) -> None:
    (file := out / "documents" / part(out)).write_bytes(file.read_bytes()[:300])


def completions_torn(out: Path) -> None:
    (file := out / "completions" / part(out)).write_bytes(file.read_bytes()[:300])


def documents_of_a_stranger(out: Path) -> None:
    pq.write_table(pa.table({"name": ["Alice"]}), out / "documents" / "part-stranger.parquet")


def stray_files(out: Path) -> None:
    shutil.copy(out / "entities" / part(out), out / "entities" / "part-stray.parquet")


WRONG: dict[Callable[[Path], None], set[str]] = {
    backup_over_compacted: {"twice", "count"},
    backup_of_documents_alone: {"twice", "count", "missing"},
    documents_of_a_part_gone: {"orphans", "count"},
    a_part_gone: {"count"},
    a_part_copied: {"twice", "count"},
    entities_gone: {"missing"},
    entities_cut: {"short"},
    entities_doubled: {"surplus"},
    documents_doubled: {"twice", "surplus", "count"},
    documents_cut: {"orphans", "short", "count"},
    relation_of_nobody: {"orphans"},
    summary_of_another_part: {"orphans"},
    ghost_in_quarantine: {"ghosts"},
    quarantine_emptied: {"untold", "short"},
    documents_torn: {"unreadable", "count"},
    completions_torn: {"unreadable"},
    documents_of_a_stranger: {"unreadable"},
    stray_files: {"orphans"},
}
REDO: tuple[Callable[[Path], None], ...] = (
    entities_gone,
    entities_cut,
    quarantine_emptied,
    documents_torn,
    completions_torn,
    documents_of_a_stranger,
)
wrong = pytest.mark.parametrize("sabotage", WRONG, ids=lambda sabotage: sabotage.__name__)


def extract(*words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.stdout, done.stderr


def content(out: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in out.rglob("*") if file.is_file()}


def without_costs(out: Path, table: str) -> list[str]:
    return sorted(str({k: v for k, v in row.items() if "seconds" not in k}) for row in rows(out, table))


def test_an_output_in_order_is_said_to_be(out: Path) -> None:
    assert faults_of(parts_of(out)) == []
    code, said, error = extract("status", out, "--verify")
    assert (code, error) == (0, "") and "in order: each row belongs to one document" in said
    before = content(out)
    assert extract("repair", out) == (0, "nothing to mend\n", "")
    assert {name for name, held in content(out).items() if before.get(name) != held} <= {str(out / ".lock.guard")}


@wrong
def test_what_is_wrong_is_found_by_status_with_and_without_json(out: Path, sabotage: Callable[[Path], None]) -> None:
    sabotage(out)
    code, said, error = extract("status", out, "--verify", "--json")
    assert code == 1 and error.count("\n") == 1 and f"extract repair {out}" in error
    assert {fault["kind"] for fault in json.loads(said)["faults"]} == WRONG[sabotage]
    code, said, error = extract("status", out, "--verify")
    assert code == 1 and "ledger" in said


@wrong
def test_a_run_a_retry_and_a_compact_refuse_it_before_anything_is_asked(
    tmp_path: Path, out: Path, sabotage: Callable[[Path], None]
) -> None:
    sabotage(out)
    if WRONG[sabotage] == {"count"}:  # what is not there is done again
        assert settle(tmp_path / "in.jsonl", out, answer, attempts=1).new == 4
        assert faults_of(parts_of(out)) == []
        return
    clerk, before = Clerk(), {table: content(out / table) for table in TABLES}
    with pytest.raises(UserError, match=rf"is not in order: .*extract repair {out}"):
        settle(tmp_path / "in.jsonl", out, clerk, attempts=1)
    with pytest.raises(UserError, match=r"is not in order: "):
        compact(out)
    assert not clerk.asked and {table: content(out / table) for table in TABLES} == before


@wrong
def test_repair_mends_it_and_a_run_does_what_went(tmp_path: Path, out: Path, sabotage: Callable[[Path], None]) -> None:
    sabotage(out)
    before = content(out)
    foreseen = repair(out, dry_run=True)
    assert content(out) == before and bool(foreseen.left) == (sabotage in REDO)
    done = repair(out)
    assert (done.done, bool(done.left)) == (foreseen.done, sabotage in REDO)
    if sabotage in REDO:
        assert "--redo" in done.cure
        done = repair(out, redo=True)
    assert done.done and not done.left and faults_of(parts_of(out)) == []
    now = output_status(out)
    assert not now.faults and now.documents == 13
    tally = settle(tmp_path / "in.jsonl", out, answer, attempts=1)
    assert tally.skipped + tally.new == 13 and tally.skipped == now.settled
    assert sorted(row["doc_id"] for row in rows(out)) == sorted(IDS)
    for table in TABLES:
        assert without_costs(out, table) == without_costs(tmp_path / "backup", table)
    assert repair(out).done == []


def test_what_repair_takes_out_lies_aside(out: Path) -> None:
    backup_over_compacted(out)
    before = sorted(file.name for file in (out / "documents").iterdir())
    done = repair(out)
    assert done.aside
    dropped = sorted(file.name for file in Path(done.aside, "documents").iterdir())
    assert len(dropped) == 4 and set(dropped) < set(before)
    assert len(rows(out)) == 13


def test_the_newest_of_two_rows_stays(tmp_path: Path, out: Path) -> None:
    settle(write(tmp_path / "in.jsonl", [*some(12), ("d12", "Alice left.")]), out, lambda request: GOOD, attempts=1)
    compact(out)  # now the newest rows are in a part with the oldest name
    shutil.copytree(tmp_path / "backup", out, dirs_exist_ok=True)
    repair(out)
    assert [row["name"] for row in rows(out, "entities") if row["doc_id"] == "d12"] == ["Alice"]
    assert len(rows(out)) == 13


def test_two_answers_in_one_part_that_cannot_be_told_apart_are_asked_again(tmp_path: Path, out: Path) -> None:
    def other(rows: pa.Table) -> pa.Table:
        record = rows.schema.get_field_index("record")
        first = rows.slice(0, 1).set_column(record, rows.schema.field(record), pa.array(['{"summary": "y"}']))
        return pa.concat_tables([rows, first])

    changed(out / "documents" / part(out), other)
    doc_id = rows(out)[0]["doc_id"]
    repair(out)
    clerk = Clerk(answer)
    settle(tmp_path / "in.jsonl", out, clerk, attempts=1)
    assert clerk.asked == [doc_id] and faults_of(parts_of(out)) == []


@pytest.mark.parametrize("sabotage", [backup_over_compacted, entities_gone, entities_cut, completions_torn])
def test_no_score_is_told_of_it(out: Path, sabotage: Callable[[Path], None]) -> None:
    sabotage(out)
    with pytest.raises(UserError, match="is not in order"):
        load_run(str(out))
