"""Parquet, of whatever types → documents."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.documents import Columns, count, kept_schema, locate, read
from extractor.documents.kept import kept_table
from extractor.types import Document

COLUMNS = Columns("id", "text")


def documents(path: Path, columns: Columns = COLUMNS) -> list[Document]:
    return list(read(locate([str(path)]), columns, pauses=()))


def kept(path: Path, *names: str) -> list[dict[str, Any]]:
    """The kept columns of all documents, as they would be stored."""
    sources, columns = locate([str(path)]), Columns("id", "text", names)
    table = kept_table([d.kept for d in read(sources, columns)], kept_schema(sources, columns))
    found: list[dict[str, Any]] = table.to_pylist()
    return found


def write(path: Path, **columns: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def kinds(found: list[Document]) -> list[str | None]:
    return [d.problem.kind if d.problem else None for d in found]


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
    assert [(d.problem, d.unfit) for d in found] == [(None, ()), (None, ("tags",)), (None, ("tags",)), (None, ())]
    assert [row["tags"] for row in kept(path, "tags")] == [["fine"], None, None, ["also fine"]]


@pytest.mark.parametrize(
    ("ids", "names"),
    [
        (pa.array([1, 2]), ["1", "2"]),
        (pa.array([1.5, 2.0]), ["1.5", "2"]),
        (pa.array([1e300, 2.0**53]), ["1e+300", "9007199254740992.0"]),
        (pa.array([-1.0, -0.0], pa.float32()), ["-1", "0"]),
        (pa.array([Decimal("13.00"), Decimal("13.50")]), ["13", "13.50"]),
        (pa.array([UUID(int=1).bytes, UUID(int=2).bytes], pa.uuid()), [str(UUID(int=1)), str(UUID(int=2))]),
        (pa.array([19000, -1_000_000], pa.date32()), ["2022-01-08", "-0768-02-04"]),
        (
            pa.array([0, 3 * 10**17], pa.timestamp("us", "No/Zone")),
            ["1970-01-01 00:00:00.000000Z", "11476-08-15 05:20:00.000000Z"],
        ),
        (pa.array([1_000, 1_001], pa.timestamp("ns")), ["1970-01-01 00:00:00.000001", "1970-01-01 00:00:00.000001001"]),
        (pa.array(["x", "y"]).dictionary_encode(), ["x", "y"]),
        (pa.array(["x", "y"], pa.string_view()), ["x", "y"]),
        (pa.array(['"x"', '"y"'], pa.json_()), ['"x"', '"y"']),
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
    assert [d.id for d in found if d.problem and d.problem.kind == "duplicate_id"] == ["1#594e519a", "1#594e519a#2"]
    assert len({d.id for d in found}) == 5


def test_ids_that_a_tool_made_floats_of(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", id=[11, 12], text=["x", "y"])
    write(tmp_path / "b.parquet", id=[13.0, None], text=["z", "w"])
    found = documents(tmp_path)
    assert [d.id for d in found][:3] == ["11", "12", "13"] and kinds(found) == [None, None, None, "missing_id"]


def test_ids_that_duckdb_writes_as_uuids(tmp_path: Path) -> None:
    id = str(UUID(int=0x1234567890ABCDEF1234567890ABCDEF))
    duckdb.sql(f"copy (select '{id}'::uuid as id, 'x' as text) to '{tmp_path}/a.parquet' (format parquet)")
    assert [d.id for d in documents(tmp_path)] == ["12345678-90ab-cdef-1234-567890abcdef"]


def test_hive_folders_are_columns_that_may_be_kept(tmp_path: Path) -> None:
    write(tmp_path / "lang=zh/day=1/a.parquet", id=["a"], text=["x"])
    write(tmp_path / "lang=en/day=__HIVE_DEFAULT_PARTITION__/b.parquet", id=["b"], text=["y"])
    (tmp_path / "lang=fr/day=2").mkdir(parents=True)
    (tmp_path / "lang=fr/day=2/c.jsonl").write_text('{"id": "c", "text": "z", "day": "its own"}')
    columns = Columns("id", "text", ("lang", "day"))
    assert kept_schema(locate([str(tmp_path)]), columns).types == [pa.string(), pa.string()]
    found = {row["lang"]: row["day"] for row in kept(tmp_path, "lang", "day")}
    assert found == {"zh": "1", "en": None, "fr": "its own"}


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


def test_of_a_bad_row_of_parquet_its_values_are_told(tmp_path: Path) -> None:
    table = pa.table({"id": ["a", "b"], "text": pa.array([b"caf\xe9", None], pa.binary())})
    pq.write_table(table, tmp_path / "a.parquet")
    found = list(read(locate([str(tmp_path)]), Columns("id", "text")))
    assert [d.text for d in found] == ["{'id': 'a', 'text': 'caf\\udce9'}", "{'id': 'b', 'text': None}"]
