"""Columns that are asked for, beside those that exist."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from extractor.documents import Columns, check_columns, locate
from extractor.errors import UserError

HAS = "it has: key, text, Title, body"


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    (tmp_path / "a.jsonl").write_text('{"key": 1, "text": "x"}\noops\n{"Title": "t", "body": "b"}\n')
    pq.write_table(pa.table({"id": ["a"], "content": ["x"], "n": [1]}), tmp_path / "b.parquet")
    nested = tmp_path / "lang=zh"
    nested.mkdir()
    (nested / "c.jsonl").write_text('{"id": "c", "text": "x"}\n')
    return tmp_path


@pytest.mark.parametrize(
    ("file", "asked", "used"),
    [
        ("a.jsonl", Columns("id", "text"), Columns(None, "text")),
        ("a.jsonl", Columns("key", "body", ("Title",)), Columns("key", "body", ("Title",))),
        ("b.parquet", Columns("id", "content", ("n",)), Columns("id", "content", ("n",))),
        ("lang=zh", Columns("id", "text", ("lang",)), Columns("id", "text", ("lang",))),
    ],
)
def test_columns_that_exist(shelf: Path, file: str, asked: Columns, used: Columns) -> None:
    columns, existing = check_columns(locate([f"{shelf}/{file}"]), asked)
    assert columns == used
    assert {*columns.said, *columns.keep} <= set(existing)


@pytest.mark.parametrize(
    ("file", "asked", "message"),
    [
        ("a.jsonl", Columns(None, "txt"), f"a.jsonl has no column 'txt' (--text-column); {HAS}; did you mean 'text'?"),
        ("a.jsonl", Columns(None, "text", ("title",)), f"has no column 'title' (--keep); {HAS}; did you mean 'Title'?"),
        ("a.jsonl", Columns("id", "text"), f"has no column 'id' (--id-column); {HAS}"),
        ("a.jsonl", Columns(None, "text", mode="mode"), "has no column 'mode' (--mode-column)"),
        ("b.parquet", Columns("id", "contents"), "it has: id, content, n; did you mean 'content'?"),
        ("b.parquet", Columns("id", "n"), "b.parquet holds int64, not text: name another with --text-column"),
    ],
)
def test_columns_that_do_not(shelf: Path, file: str, asked: Columns, message: str) -> None:
    with pytest.raises(UserError) as caught:
        check_columns(locate([f"{shelf}/{file}"]), asked, id_asked=True)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_arrays([pa.array(["a"])] * 2, ["text", "text"]), tmp_path / "a.parquet")
    with pytest.raises(UserError, match=r"has 2 columns named 'text' \(--text-column\): rename all but one"):
        check_columns(locate([str(tmp_path)]), Columns("id", "text"))


def test_files_that_tell_nothing_are_passed_over(shelf: Path) -> None:
    (shelf / "0.jsonl").write_text("")
    (shelf / "1.parquet").write_bytes(b"PAR1 broken")
    (shelf / "2.jsonl.gz").write_bytes(b"\x1f\x8b broken")
    assert check_columns(locate([str(shelf)]), Columns("id", "text"))[1] == ["key", "text", "Title", "body"]
    broken = locate([f"{shelf}/0.jsonl", f"{shelf}/1.parquet"])
    assert check_columns(broken, Columns("id", "text")) == (Columns(None, "text"), [])
