"""Kept columns: every value of every Arrow type, through the reader, the shelf and a merge of its parts."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shop import settle, some

from extractor.documents import Columns, kept_schema, locate, read
from extractor.documents.kept import kept_table
from extractor.store.compact import compact
from extractor.store.status import output_status
from extractor.types import KeptRow

FAR = 10**18  # microseconds: the year 33658, which Python has not
WORDS = pa.array(["x", "y", None])
DICTIONARY = WORDS.dictionary_encode()
OFFSETS = pa.array([0, 1, 3, 3], pa.int32())
COLUMNS: dict[str, pa.Array] = {
    "date": pa.array([-1_000_000, 0, None], pa.date32()),
    "time_of_a_zone": pa.array([FAR, 0, None], pa.timestamp("us", "Europe/Berlin")),
    "time_of_no_zone": pa.array([FAR, -FAR, None], pa.timestamp("us", "Nowhere/Atall")),
    "nanoseconds": pa.array([1_700_000_000_123_456_789, 1, None], pa.timestamp("ns")),
    "nested_nanoseconds": pa.array([[1], [], None], pa.list_(pa.timestamp("ns"))),
    "duration": pa.array([FAR * 9, 1, None], pa.duration("us")),
    "duration_ns": pa.array([1, 2, None], pa.duration("ns")),
    "time_ns": pa.array([1, 2, None], pa.time64("ns")),
    "decimal": pa.array([Decimal("1.25"), Decimal("-2.50"), None], pa.decimal128(8, 2)),
    "wide_decimal": pa.array([Decimal("12345678901234567890123456789012345678901.5"), None, Decimal("1.5")]),
    "unsigned": pa.array([2**64 - 1, 0, None], pa.uint64()),
    "half": pa.array([1.5, -2.5, None], pa.float16()),
    "floats": pa.array([float("nan"), float("inf"), None], pa.float32()),
    "bytes": pa.array([b"\xff\x00", b"", None]),
    "uuid": pa.array([b"0" * 16, b"1" * 16, None], pa.uuid()),
    "json": pa.array(['{"a": 1}', "null", None], pa.json_()),
    "struct": pa.array([{"a": 1, "b": ["x"]}, {"a": None, "b": []}, None]),
    "structs": pa.array([[{"a": 1}], [], None]),
    "map": pa.array([[("p", 1)], [], None], pa.map_(pa.string(), pa.int64())),
    "large_list": pa.array([["x"], [], None], pa.large_list(pa.large_string())),
    "pair": pa.array([[1.0, 2.0], [3.0, 4.0], None], pa.list_(pa.float32(), 2)),
    "dictionary": DICTIONARY,
    "dictionaries": pa.ListArray.from_arrays(OFFSETS, DICTIONARY),
    "dictionary_inside": pa.StructArray.from_arrays([DICTIONARY, pa.array([1, 2, 3])], ["word", "n"]),
}
PLAIN = {
    "view": (WORDS.cast(pa.string_view()), pa.string()),
    "views": (pa.array([["x"], [], None], pa.list_(pa.string_view())), pa.list_(pa.string())),
    "nothing": (pa.nulls(3), pa.string()),
}


def write(path: Path, name: str, column: pa.Array, first: int = 0, **how: Any) -> None:
    ids = [f"d{number}" for number in range(first, first + len(column))]
    table = pa.table({"id": ids, "text": ["Alice meets Bob."] * len(column), name: column})
    path.parent.mkdir(exist_ok=True)
    pq.write_table(table, path, **how)


def kept(folder: Path, *names: str) -> tuple[pa.Table, list[tuple[str, ...]]]:
    """The kept columns of all documents as they are stored, and which of them did not fit."""
    sources, columns = locate([str(folder)]), Columns("id", "text", names)
    documents = list(read(sources, columns))
    assert not any(document.problem for document in documents)
    return kept_table([d.kept for d in documents], kept_schema(sources, columns)), [d.unfit for d in documents]


def same(one: pa.Array, other: pa.Array) -> bool:
    """As Arrow writes them, which tells values apart that Python has not."""
    return str(pa.table({"": one})) == str(pa.table({"": other})) or one.to_pylist() == other.to_pylist()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "column", "type"),
    [*((n, c, c.type) for n, c in COLUMNS.items()), *((name, *pair) for name, pair in PLAIN.items())],
)
def test_any_type_comes_through_unchanged(tmp_path: Path, name: str, column: pa.Array, type: pa.DataType) -> None:
    write(tmp_path / "in" / "a.parquet", name, column)
    settle(tmp_path / "in", tmp_path / "out", keep=[name], part_documents=2)
    compact(tmp_path / "out", 100)
    [part] = (tmp_path / "out" / "documents").glob("*.parquet")
    stored = pq.ParquetFile(part).read(["doc_id", name]).combine_chunks()
    rows = [stored["doc_id"].to_pylist().index(id) for id in ("d0", "d1", "d2")]
    found = pa.concat_arrays([stored[name].chunk(0).slice(row, 1) for row in rows])
    assert found.type == type
    assert same(found, column)
    assert output_status(tmp_path / "out").unfit == {}


def test_int96_counts_in_microseconds(tmp_path: Path) -> None:
    times = [dt.datetime(9999, 12, 31, 2), dt.datetime(2024, 5, 1, 1, 2, 3, 456789), dt.datetime(1, 1, 1)]
    write(tmp_path / "a.parquet", "t", pa.array(times), use_deprecated_int96_timestamps=True)
    assert kept(tmp_path, "t")[0]["t"].to_pylist() == times


@pytest.mark.slow
@pytest.mark.parametrize("bad", range(0, 600, 149))
def test_a_value_that_is_none_of_its_type_is_null_and_counted(tmp_path: Path, bad: int) -> None:
    raw = pa.array([b"caf\xe9" if number == bad else b"fine" for number in range(600)])
    write(tmp_path / "in" / "a.parquet", "tag", pa.Array.from_buffers(pa.string(), 600, raw.buffers()))
    table, unfit = kept(tmp_path / "in", "tag")
    assert table["tag"].to_pylist() == [None if number == bad else "fine" for number in range(600)]
    assert [number for number, names in enumerate(unfit) if names == ("tag",)] == [bad]
    settle(tmp_path / "in", tmp_path / "out", keep=["tag"], part_documents=100)
    assert output_status(tmp_path / "out").unfit == {"tag": 1}


@pytest.mark.parametrize(
    ("one", "other", "type", "values"),
    [
        (pa.array([1], pa.int32()), pa.array([3_000_000_000]), pa.int64(), [1, 3_000_000_000]),
        (pa.array([1]), pa.array([0.5]), pa.float64(), [1.0, 0.5]),
        (
            pa.array([Decimal("1.25")], pa.decimal128(8, 2)),
            pa.array([Decimal("3.125")], pa.decimal128(12, 3)),
            pa.decimal128(12, 3),
            [Decimal("1.250"), Decimal("3.125")],
        ),
        (
            pa.array([Decimal("1.25")], pa.decimal128(8, 2)),
            pa.array([2**62]),
            pa.decimal128(38, 2),
            [Decimal("1.25"), Decimal(2**62)],
        ),
        (pa.array(["x"]), pa.array([7]), pa.string(), ["x", "7"]),
        (pa.array(["x"]), pa.array([["y", None]]), pa.string(), ["x", '["y", null]']),
        (pa.array([{"a": True}]), pa.array([1.5]), pa.string(), ['{"a": true}', "1.5"]),
        (pa.nulls(1), pa.array([1.5]), pa.float64(), [None, 1.5]),
        (pa.array(["x"]), pa.array(["y"], pa.large_string()), pa.large_string(), ["x", "y"]),
        (pa.array(["x"]).dictionary_encode(), pa.array(["y"]), pa.string(), ["x", "y"]),
        (pa.array([[1]], pa.list_(pa.int8())), pa.array([[300]]), pa.list_(pa.int64()), [[1], [300]]),
        (
            pa.array([0], pa.timestamp("s", "Asia/Tokyo")),
            pa.array([1], pa.timestamp("us", "Nowhere/Atall")),
            pa.timestamp("us", "UTC"),
            [dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=dt.UTC)],
        ),
        (pa.array([b"0" * 16], pa.uuid()), pa.array(["y"]), pa.string(), ["30303030-3030-3030-3030-303030303030", "y"]),
        (pa.array([-1_000_000], pa.date32()), pa.array(["y"]), pa.string(), ["-0768-02-04", "y"]),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_files_agree_on_a_type(
    tmp_path: Path, one: pa.Array, other: pa.Array, type: pa.DataType, values: list[Any], turned: bool
) -> None:
    write(tmp_path / f"{'b' if turned else 'a'}.parquet", "k", one)
    write(tmp_path / f"{'a' if turned else 'b'}.parquet", "k", other, first=1)
    table, unfit = kept(tmp_path, "k")
    assert table.schema.field("k").type == type
    assert table["k"].to_pylist() == values[:: -1 if turned else 1]
    assert unfit == [(), ()]


def test_what_the_type_agreed_on_cannot_say_is_null_and_counted(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", "k", pa.array([0, FAR], pa.timestamp("us")))
    write(tmp_path / "b.parquet", "k", pa.array([1], pa.timestamp("ns")), first=2)
    write(tmp_path / "c.parquet", "n", pa.array([2**53 + 1, 1]), first=3)
    write(tmp_path / "d.parquet", "n", pa.array([0.5]), first=5)
    table, unfit = kept(tmp_path, "k", "n")
    assert table["k"].cast(pa.int64()).to_pylist() == [0, None, 1, None, None, None]
    assert table["n"].to_pylist() == [None, None, None, None, 1.0, 0.5]
    assert unfit == [(), ("k",), (), ("n",), (), ()]


def test_lines_and_parquet_agree_on_a_type(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", "k", pa.array([1], pa.int32()))
    lines = [{"id": "e", "text": "x", "k": value} for value in (2**40, *[None] * 100, 1.5, True, [1])]
    (tmp_path / "b.jsonl").write_text(
        "".join(json.dumps(line | {"id": f"e{n}"}) + "\n" for n, line in enumerate(lines))
    )
    (tmp_path / "c.jsonl").write_text('{"id": "f", "text": "x", "k": 0.5}\n{"id": "g", "text": "x", "k": "A-110"}\n')
    table, unfit = kept(tmp_path, "k")
    assert table.schema.field("k").type == pa.string()
    assert [value for value in table["k"].to_pylist() if value] == [
        "1",
        str(2**40),
        "1.5",
        "true",
        "[1]",
        "0.5",
        "A-110",
    ]
    assert not any(unfit)


def test_a_row_does_not_hold_on_to_its_neighbours(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", "page", pa.array([f"{number}" * 4000 for number in range(1000)]))
    columns = Columns("id", "text", ("page",))
    held = [d.kept for d in read(locate([str(tmp_path)]), columns)][::100]
    assert all(isinstance(one, KeptRow) and one.batch.get_total_buffer_size() < 100_000 for one in held)
    assert kept_table(held, kept_schema(locate([str(tmp_path)]), columns))["page"][3].as_py() == "300" * 4000


def test_parts_of_runs_that_differ_in_type_can_be_merged(tmp_path: Path) -> None:
    for number, column in enumerate([pa.array([1], pa.int32()), pa.array([2**40]), pa.array(["A-110"])]):
        write(tmp_path / "in" / "a.parquet", "k", column, first=number)
        settle(tmp_path / "in", tmp_path / "out", keep=["k"])
    compact(tmp_path / "out", 100)
    [part] = (tmp_path / "out" / "documents").glob("*.parquet")
    assert sorted(pq.ParquetFile(part).read()["k"].to_pylist()) == ["1", str(2**40), "A-110"]


def test_documents_done_again_keep_their_columns(tmp_path: Path) -> None:
    column = pa.ListArray.from_arrays(OFFSETS, DICTIONARY)
    write(tmp_path / "in" / "a.parquet", "k", column)
    settle(tmp_path / "in", tmp_path / "out", keep=["k"])
    write(tmp_path / "in" / "a.parquet", "k", column.slice(0, 1))
    settle(tmp_path / "in", tmp_path / "out", keep=["k"], supersede=True, max_answer_tokens=99)
    parts = [pq.ParquetFile(path).read() for path in (tmp_path / "out" / "documents").glob("*.parquet")]
    assert sorted(v for part in parts for v in zip(part["doc_id"].to_pylist(), part["k"].to_pylist(), strict=True)) == [
        ("d0", ["x"]),
        ("d1", ["y", None]),
        ("d2", []),
    ]


def test_some_documents_of_lines_and_some_of_parquet_are_stored_together(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.parquet", "n", pa.array([1, 2]))
    lines = [{"id": id, "text": text, "n": 7} for id, text in some(5)]
    (tmp_path / "in" / "b.jsonl").write_text(
        "".join(json.dumps(line | {"id": f"e{line['id']}"}) + "\n" for line in lines)
    )
    settle(tmp_path / "in", tmp_path / "out", keep=["n"], part_documents=100)
    [part] = (tmp_path / "out" / "documents").glob("*.parquet")
    assert sorted(pq.ParquetFile(part).read()["n"].to_pylist()) == [1, 2, 7, 7, 7, 7, 7]
