"""Outputs as nobody should leave them: each command says in one line what is wrong, and repair mends what it can."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shop import settle, some, write
from test_ledger import extract

from extractor.store.output import Output

pytestmark = pytest.mark.slow

Spoil = Callable[[Path], object]


def part(out: Path, table: str = "documents") -> Path:
    return min((out / table).glob("*.parquet"))


def numbers_for_ids(out: Path) -> None:
    rows = pq.ParquetFile(part(out)).read()
    pq.write_table(rows.set_column(0, "doc_id", pa.array(range(len(rows)))), part(out))


def a_status_of_its_own(out: Path) -> None:
    rows = pq.ParquetFile(part(out)).read()
    status = pa.array(["great", None, *["ok"] * (len(rows) - 2)])
    pq.write_table(rows.set_column(rows.column_names.index("status"), "status", status), part(out))


def sealed(words: bytes) -> Spoil:
    def spoil(out: Path) -> None:
        rows = pq.ParquetFile(part(out)).read().replace_schema_metadata({b"extractor.part": words})
        pq.write_table(rows, part(out))

    return spoil


def instead(place: Callable[[Path], Path], make: Callable[[Path], object]) -> Spoil:
    """Something else in the place of a file or folder."""

    def spoil(out: Path) -> None:
        path = place(out)
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        path.parent.mkdir(exist_ok=True)
        make(path)

    return spoil


def a_name_that_is_no_text(out: Path) -> None:
    shutil.copy(part(out), out / "documents" / os.fsdecode(b"part-\xff.parquet"))


def nothing_set_aside(out: Path) -> None:
    (out / ".dropped").touch()
    part(out, "entities").write_bytes(b"")


SPOILT: dict[str, Spoil] = {
    "numbers for ids": numbers_for_ids,
    "a status of its own": a_status_of_its_own,
    "a folder for a part": instead(part, Path.mkdir),
    "a pipe for a part": instead(lambda out: part(out, "entities"), os.mkfifo),
    "a link that leads nowhere": instead(part, lambda path: path.symlink_to("/nowhere/at/all")),
    "a name that is no text": a_name_that_is_no_text,
    "a folder for the manifest": instead(lambda out: out / "manifest.json", Path.mkdir),
    "a folder for the journal": instead(lambda out: out / ".staging" / "journal.json", Path.mkdir),
    "a file for the staging folder": instead(lambda out: out / ".staging", Path.touch),
    "a file for what is set aside": nothing_set_aside,
    "a seal of fewer tables": sealed(b'{"rows": {"entities": -3, "zzz": 4}, "written": null}'),
    "a seal that is nested deep": sealed(b"[" * 100_000),
    "a seal beyond all numbers": sealed(b'{"rows": {"entities": 1e999}, "written": "x"}'),
}
IN_ORDER = {"a file for the staging folder", "a seal that is nested deep", "a seal beyond all numbers"}
BEYOND_US = {"a folder for the manifest", "a file for what is set aside"}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_it_is_told_in_one_line_and_mended(tmp_path: Path, spoilt: str) -> None:
    settle(write(tmp_path / "in.jsonl", some(9)), out := tmp_path / "out")
    SPOILT[spoilt](out)
    if spoilt not in IN_ORDER:
        assert extract("status", out, "--verify")[0] == 1
    for words in (["status"], ["status", "--verify"], ["repair", "--dry-run"], ["repair"], ["repair", "--redo"]):
        code, _, error = extract(words[0], out, *words[1:])
        assert code in (0, 1), error
    if "a file for" in spoilt:
        assert code == 1 and "is no folder, and none of ours: move it away" in error
    code, _, error = extract("status", out, "--verify")
    assert code == (spoilt in BEYOND_US), error
    if not code:
        assert len(Output(out)["documents"]) in (5, 9)
