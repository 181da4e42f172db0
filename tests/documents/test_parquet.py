"""Parquet, of whatever types → documents."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.documents import Columns, count, kept_schema, locate, read
from extractor.types import Document

COLUMNS = Columns("id", "text")


def documents(path: Path, columns: Columns = COLUMNS) -> list[Document]:
    return list(read(locate([str(path)]), columns))


def write(path: Path, **columns: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def kinds(found: list[Document]) -> list[str | None]:
    return [d.problem and d.problem.kind for d in found]


@pytest.mark.parametrize(
    "type", [pa.string(), pa.large_string(), pa.binary(), pa.large_binary(), pa.dictionary(pa.int32(), pa.string())]
)
def test_text_of_every_type_that_holds_text(tmp_path: Path, type: pa.DataType) -> None:
    path = write(tmp_path / "a.parquet", id=pa.array(["a", "b"]), text=pa.array(["你好", None]).cast(type))
    good, bad = documents(path)
    assert good == Document("a", "你好", f"{path}:1")
    assert bad.problem and (bad.id, bad.problem.kind, bad.problem.detail) == (
        "b",
        "no_text",
        "column 'text' is null, not text",
    )


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (pa.array([1]), "column 'text' is a number, not text"),
        (pa.array([float("nan")]), "column 'text' is a number, not text"),
        (pa.array([["x"]]), "column 'text' is an array, not text"),
        (pa.array([{"k": "x"}]), "column 'text' is an object, not text"),
        (pa.array([dt.date(2024, 1, 2)]), "column 'text' is a date, not text"),
        (pa.nulls(1), "column 'text' is null, not text"),
        (pa.array([" \n"]), "column 'text' is blank"),
    ],
)
def test_a_text_column_of_the_wrong_type_is_settled(tmp_path: Path, text: pa.Array, detail: str) -> None:
    [document] = documents(write(tmp_path / "a.parquet", id=["a"], text=text))
    assert document.problem and (document.problem.kind, document.problem.detail) == ("no_text", detail)


def test_invalid_utf8_is_settled_row_by_row(tmp_path: Path) -> None:
    raw = pa.array([b"fine", b"caf\xe9", b"\xed\xa0\x80", b"also fine"])
    text = pa.Array.from_buffers(pa.string(), 4, raw.buffers())
    tags = pa.ListArray.from_arrays(pa.array([0, 1, 2, 3, 4], pa.int32()), text)
    path = write(tmp_path / "a.parquet", id=["a", "b", "c", "d"], text=text, tags=tags)
    assert kinds(documents(path)) == [None, "bad_encoding", "bad_encoding", None]
    found = documents(write(path, id=list("abcd"), text=list("wxyz"), tags=tags), Columns("id", "text", ("tags",)))
    assert kinds(found) == [None, "bad_encoding", "bad_encoding", None]
    assert [d.kept["tags"] for d in found] == [["fine"], None, None, ["also fine"]]


@pytest.mark.parametrize(
    ("ids", "names"),
    [
        (pa.array([1, 2]), ["1", "2"]),
        (pa.array([1.5, 2.0]), ["1.5", "2.0"]),
        (pa.array([b"ab", b"cd"]), ["ab", "cd"]),
        (pa.array([dt.date(2024, 1, 2), dt.date(2024, 1, 3)]), ["2024-01-02", "2024-01-03"]),
        (pa.array(["../x", "a/b\x00"]), ["../x", "a/b\x00"]),
    ],
)
def test_ids_of_every_type(tmp_path: Path, ids: pa.Array, names: list[str]) -> None:
    found = documents(write(tmp_path / "a.parquet", id=ids, text=["x", "y"]))
    assert [(d.id, d.problem) for d in found] == [(name, None) for name in names]


def test_ids_that_are_missing_or_double(tmp_path: Path) -> None:
    ids = pa.array([1.0, float("nan"), None, 1.0, 1.0])
    found = documents(write(tmp_path / "a.parquet", id=ids, text=["x", "y", "y", "z", "z"]))
    assert kinds(found) == [None, "missing_id", "missing_id", "duplicate_id", "duplicate_id"]
    assert [d.id for d in found if d.problem and d.problem.kind == "duplicate_id"] == ["1.0#594e519a", "1.0#594e519a#2"]
    assert len({d.id for d in found}) == 5


def test_kept_columns_keep_their_types(tmp_path: Path) -> None:
    moment = np.array(["2024-01-02T03:04:05.123456789"], "datetime64[ns]")
    columns = {
        "i": pa.array([7], pa.int32()),
        "s": pa.array(["x"]).dictionary_encode(),
        "t": pa.array(moment),
        "l": pa.array([["a", None]]),
        "m": pa.array([{"k": 1.5}]),
        "map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
        "b": pa.array([b"\xff"]),
        "d": pa.array([dt.date(2024, 1, 2)]),
        "a.b": pa.array([1]),
        "nothing": pa.nulls(1),
    }
    path = write(tmp_path / "a.parquet", id=["a"], text=["x"], **columns)
    wanted = Columns("id", "text", tuple(columns))
    schema = kept_schema(locate([str(path)]), wanted)
    [document] = documents(path, wanted)
    assert schema.field("i").type == pa.int32()
    assert schema.field("s").type == pa.string()
    assert schema.field("t").type == pa.timestamp("us")
    assert document.kept == {
        "i": 7,
        "s": "x",
        "t": dt.datetime(2024, 1, 2, 3, 4, 5, 123456),
        "l": ["a", None],
        "m": {"k": 1.5},
        "map": [("k", 1)],
        "b": b"\xff",
        "d": dt.date(2024, 1, 2),
        "a.b": 1,
        "nothing": None,
    }
    pq.write_table(pa.Table.from_pylist([document.kept], schema), tmp_path / "again.parquet")


def test_files_that_disagree_are_brought_to_the_first_ones_types(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", id=["a"], text=["x"], n=pa.array([1], pa.int32()), s=["x"])
    write(tmp_path / "b.parquet", id=["b"], text=["y"], n=["two"], s=[["y", "z"]])
    write(tmp_path / "c.parquet", id=["c"], n=[2**40])
    (tmp_path / "d.jsonl").write_text('{"id": "d", "text": "z", "n": 1.5, "s": {"k": 1}}\n')
    columns = Columns("id", "text", ("n", "s"))
    found = documents(tmp_path, columns)
    assert [d.kept for d in found] == [
        {"n": 1, "s": "x"},
        {"n": None, "s": '["y", "z"]'},
        {"n": None, "s": None},
        {"n": None, "s": '{"k": 1}'},
    ]
    assert kinds(found) == [None, None, "no_text", None]
    pa.Table.from_pylist([d.kept for d in found], kept_schema(locate([str(tmp_path)]), columns))


def test_hive_folders_are_columns_that_may_be_kept(tmp_path: Path) -> None:
    write(tmp_path / "lang=zh/day=1/a.parquet", id=["a"], text=["x"])
    write(tmp_path / "lang=en/day=__HIVE_DEFAULT_PARTITION__/b.parquet", id=["b"], text=["y"])
    (tmp_path / "lang=fr/day=2").mkdir(parents=True)
    (tmp_path / "lang=fr/day=2/c.jsonl").write_text('{"id": "c", "text": "z", "day": "its own"}')
    columns = Columns("id", "text", ("lang", "day"))
    assert kept_schema(locate([str(tmp_path)]), columns).types == [pa.string(), pa.string()]
    kept = {d.id: d.kept for d in documents(tmp_path, columns)}
    assert kept == {
        "a": {"lang": "zh", "day": "1"},
        "b": {"lang": "en", "day": None},
        "c": {"lang": "fr", "day": "its own"},
    }


def test_only_the_columns_that_are_asked_for_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", id=["a"], text=["x"], heavy=["y" * 1000])
    assert documents(path, Columns(None, "text"))[0].id == "2d711642b726b044"
    [document] = documents(path, Columns(None, "nowhere"))
    assert document.problem and document.problem.detail == "column 'nowhere' is missing, not text"


def test_rows_are_numbered_over_row_groups_and_counted(tmp_path: Path) -> None:
    table = pa.table({"id": [f"d{i}" for i in range(1000)], "text": ["x"] * 1000})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=300)
    pq.write_table(table.slice(0, 0), tmp_path / "b.parquet")
    found = documents(tmp_path)
    assert [d.source.rpartition(":")[2] for d in found] == [str(i) for i in range(1, 1001)]
    assert count(locate([str(tmp_path)])) == 1000


@given(
    st.lists(
        st.tuples(
            st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
            st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
        ),
        max_size=20,
    ),
    st.integers(1, 5),
)
def test_every_row_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str | None, str | None]], group: int
) -> None:
    path = tmp_path_factory.mktemp("rows") / "a.parquet"
    ids, texts = [row[0] for row in rows], [row[1] for row in rows]
    pq.write_table(pa.table({"id": pa.array(ids, pa.string()), "text": pa.array(texts, pa.string())}), path, group)
    found = documents(path)
    assert len(found) == len(rows) == len({d.id for d in found})
    assert all((d.id, d.text) == row for row, d in zip(rows, found, strict=True) if not d.problem)
