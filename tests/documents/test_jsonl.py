"""JSON lines, good and bad → documents."""

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from backports import zstd
from hypothesis import assume, given
from hypothesis import strategies as st

from extractor.documents import Columns, check_columns, count, kept_schema, locate, read
from extractor.documents.kept import kept_table
from extractor.errors import UserError
from extractor.types import Document

MISSHAPEN = re.compile(
    rb"(\x1f\x8b|\x28\xb5\x2f\xfd|.\x2a\x4d\x18|\xff\xfe|\xfe\xff|[{[]\0|\0[{[])|(\xef\xbb\xbf)?\s*(\{|\[|\[.*[{,])\s*(\n|\r|$)"
)
GOOD = b'{"id": "good", "text": "fine"}\n'


def documents(path: Path, data: bytes | None = None, columns: Columns = Columns("id", "text")) -> list[Document]:
    if data is not None:
        path.write_bytes(data)
    return list(read(locate([str(path)]), columns, pauses=()))


def test_a_good_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    line = '{"id": 7, "text": "他说 \\"好\\"", "tag": {"k": [1, null]}, "mode": "think", "other": NaN}\n'
    columns = Columns("id", "text", keep=("tag", "none"), mode="mode")
    [document] = documents(path, line.encode(), columns)
    kept = {"tag": '{"k": [1, null]}', "none": None}
    assert document == Document("7", '他说 "好"', f"{path}:1", kept, "think")


@pytest.mark.parametrize(
    ("line", "id", "kind", "detail"),
    [
        (b"{oops", "bad-935aaf3a54c0648c", "bad_line", "not JSON: Expecting property name .* at character 2"),
        (b'{"id": "a", "text": "cut', None, "bad_line", "not JSON: Unterminated string starting at character 21"),
        (b'{"id": "a"} {"id": "b"}', None, "bad_line", "not JSON: Extra data at character 13"),
        (b"[1, 2]", None, "bad_line", r"an array, not a JSON object; `jq -c '.\[\]'` makes lines of an array"),
        (b'"text"', None, "bad_line", "a string, not a JSON object"),
        (b"null", None, "bad_line", "null, not a JSON object"),
        (b"NaN", None, "bad_line", "a number, not a JSON object"),
        (b"[" * 100_000, None, "bad_line", "nested too deep"),
        (b'{"id": ' + b"1" * 5000 + b"}", None, "bad_line", "JSON that we cannot read: Exceeds the limit"),
        (b'{"id": "a", "text": "caf\xe9"}', "a", "bad_encoding", "the line is not UTF-8"),
        (b'{"id": "a", "text": "\xed\xa0\x80"}', "a", "bad_encoding", "the line is not UTF-8"),
        (b'{"id": "a", "text": "caf\xe9', None, "bad_encoding", "the line is not UTF-8"),
        (b'{"id": "a", "text": "\\ud83d"}', "a", "bad_encoding", "column 'text' .* holds half a surrogate pair"),
        (b'{"id": "\\ud83d", "text": "x"}', None, "bad_encoding", "column 'id'"),
        (b'{"id": "a"}', "a", "no_text", "column 'text' is missing, not text"),
        (b'{"id": "a", "text": null}', "a", "no_text", "column 'text' is null, not text"),
        (b'{"id": "a", "text": " \\n\\t"}', "a", "no_text", "column 'text' is blank"),
        (b'{"id": "a", "text": 12}', "a", "no_text", "column 'text' is a number, not text"),
        (b'{"id": "a", "text": NaN}', "a", "no_text", "column 'text' is a number, not text"),
        (b'{"id": "a", "text": ["x"]}', "a", "no_text", "column 'text' is an array, not text"),
        (b'{"text": "x"}', None, "missing_id", "column 'id' is missing, where an id is wanted"),
        (b'{"id": null, "text": "x"}', None, "missing_id", "column 'id' is null"),
        (b'{"id": "", "text": "x"}', None, "missing_id", "column 'id' is blank"),
        (b'{"id": " ", "text": "x"}', None, "missing_id", "column 'id' is blank"),
        (b'{"id": NaN, "text": "x"}', None, "missing_id", "column 'id' is a number"),
        (b'{"id": ["a"], "text": "x"}', None, "missing_id", "column 'id' is an array"),
        (b'{"id": "good", "text": "other"}', "good#d9298a10", "duplicate_id", "an earlier row has the id 'good'"),
        (GOOD.strip(), "good#d14a58ba", "duplicate_id", "an earlier row has the id 'good'"),
    ],
)
def test_a_bad_line_is_settled_and_the_next_is_read(
    tmp_path: Path, line: bytes, id: str | None, kind: str, detail: str
) -> None:
    path = tmp_path / "a.jsonl"
    data = GOOD + line + b'\n{"id": "next", "text": "fine"}\n'
    first, bad, last = documents(path, data, Columns("id", "text", keep=("tag",)))
    assert (first.id, first.problem, last.id, last.problem) == ("good", None, "next", None)
    assert bad.problem and bad.problem.kind == kind
    assert re.search(detail, bad.problem.detail)
    assert bad.source == f"{path}:2"
    assert bad.id == id if id else bad.id.startswith("bad-") and len(bad.id) == 20
    json.dumps([bad.id, bad.text, bad.kept, bad.problem.detail], ensure_ascii=False).encode()


def test_a_lone_surrogate_in_a_column_that_is_not_used_does_no_harm(tmp_path: Path) -> None:
    [document] = documents(tmp_path / "a.jsonl", b'{"id": "a", "text": "\\u4f60", "\\ud800": "\\ud800"}')
    assert (document.text, document.problem) == ("你", None)


def test_byte_order_mark_line_ends_and_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [json.dumps({"id": f"d{i}", "text": "x"}).encode() for i in range(6)]
    data = b"\xef\xbb\xbf%s\r\n\r\n%s\n  \n%s\r%s\n\n\n%s\r\n%s" % tuple(rows)
    read_back = documents(path, data)
    assert [(d.id, d.source, d.problem) for d in read_back] == [
        (f"d{i}", f"{path}:{row}", None) for i, row in enumerate([1, 3, 5, 6, 9, 10])
    ]


def test_ids_are_data_whatever_they_hold(tmp_path: Path) -> None:
    ids = ["../../etc/passwd", "/abs/path", "a\x00b", "tab\tline\nend", "con", "..", " spaced ", "名" * 5000, "🙂"]
    lines = "".join(json.dumps({"id": id, "text": "x"}) + "\n" for id in ids)
    read_back = documents(tmp_path / "a.jsonl", lines.encode())
    assert [d.id for d in read_back] == ids
    assert not any(d.problem for d in read_back)


def test_without_an_id_column_ids_are_content_hashes(tmp_path: Path) -> None:
    data = '{"text": "你好"}\n{"text": "x"}\n{"text": "你好"}\n{"text": ""}\n{"text": ""}\n'.encode()
    read_back = documents(tmp_path / "a.jsonl", data, Columns(None, "text"))
    assert [(d.id[:16], d.problem and d.problem.kind) for d in read_back] == [
        ("670d9743542cae3e", None),
        ("2d711642b726b044", None),
        ("670d9743542cae3e", "duplicate_id"),
        ("bad-" + read_back[3].id[4:16], "no_text"),
        (read_back[3].id[:16], "no_text"),
    ]
    assert len({d.id for d in read_back}) == 5


def test_ids_do_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    lines = [b'{"id": "a", "text": "x"}', b"{oops", b'{"id": "b", "text": null}', b'{"text": "y"}', b'{"id": 1}', b"[]"]
    one = documents(tmp_path / "a.jsonl", b"\n".join(lines))
    other = documents(tmp_path / "b.jsonl", b"\r\n".join(reversed(lines)) + b"\r\n")
    assert {d.id for d in one} == {d.id for d in other}


def test_kept_values_fit_their_schema(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows: list[dict[str, Any]] = [
        {"i": 1, "f": 1, "b": True, "s": "x", "wide": 2**70, "mixed": 1, "o": {"k": "好"}, "n": None},
        {"i": None, "f": 0.5, "b": False, "s": None, "wide": 1, "mixed": "y", "o": [1], "n": None},
        *[{}] * 99,
        {"i": 2.5, "f": "x", "b": 1, "s": 5, "wide": "z", "mixed": [True], "o": "plain", "n": 3},
    ]
    path.write_text("".join(json.dumps({"id": k, "text": "t", **row}) + "\n" for k, row in enumerate(rows)))
    columns = Columns("id", "text", keep=("i", "f", "b", "s", "wide", "mixed", "o", "n"))
    schema = kept_schema(locate([str(path)]), columns)
    assert schema.types == [pa.int64(), pa.float64(), pa.bool_(), *[pa.string()] * 5]
    read_back = documents(path, None, columns)
    kept = [d.kept for d in read_back if isinstance(d.kept, dict)]
    assert list(kept[0].values()) == [1, 1.0, True, "x", str(2**70), "1", '{"k": "好"}', None]
    assert list(kept[1].values()) == [None, 0.5, False, None, "1", "y", "[1]", None]
    assert list(kept[-1].values()) == [None, None, None, "5", "z", "[true]", "plain", "3"]
    assert [d.unfit for d in read_back if d.unfit] == [("i", "f", "b")]
    assert kept_table(kept, schema).num_rows == len(rows)


def test_a_kept_value_that_no_utf8_can_say_is_null_or_escaped(tmp_path: Path) -> None:
    data = b'{"id": "a", "text": "x", "tag": "\\ud83d"}\n{"id": "b", "text": "x", "tag": {"k": "\\ud83d"}}\n'
    found = documents(tmp_path / "a.jsonl", data, Columns("id", "text", ("tag",)))
    assert [(d.problem, d.unfit, d.kept) for d in found] == [
        (None, ("tag",), {"tag": None}),
        (None, (), {"tag": '{"k": "\\ud83d"}'}),
    ]


def test_the_whole_text_of_a_row_with_a_problem_is_not_carried(tmp_path: Path) -> None:
    line = json.dumps({"id": "a", "text": "x" * 1_000_000}).encode()
    first, *others = documents(tmp_path / "a.jsonl", b"\n".join([line] * 3))
    assert len(first.text) == 1_000_000
    assert [(d.problem and d.problem.kind, d.text) for d in others] == [("duplicate_id", "x" * 100_000)] * 2


def test_limit_counts_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"oops\n" + GOOD * 9)
    assert len(list(read(locate([str(path)]), Columns("id", "text"), limit=3))) == 3
    assert len(list(read(locate([str(path)]), Columns("id", "text"), limit=0))) == 0


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "a.jsonl": bytes,
    "a.jsonl.gz": gzip.compress,
    "a.jsonl.zst": zstd.compress,
}


@pytest.mark.parametrize("name", COMPRESS)
def test_compressed_files_of_several_members(tmp_path: Path, name: str) -> None:
    path, squeeze = tmp_path / name, COMPRESS[name]
    read_back = documents(path, squeeze(b'{"id": 1, "text": "x"}\n{"id": 2, ') + squeeze(b'"text": "y"}\n{"id": 3'))
    assert [(d.id, d.problem and d.problem.kind) for d in read_back][:2] == [("1", None), ("2", None)]
    assert [d.problem and d.problem.kind for d in read_back][2:] == ["bad_line"]
    assert count(locate([str(path)])) == 3


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
ROWS = st.lists(st.fixed_dictionaries({}, optional={"id": VALUES, "text": VALUES, "tag": VALUES}) | VALUES, max_size=8)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r", b"\n\n", b"\n \t\r\n"])


@pytest.mark.slow
@given(rows=ROWS, end=ENDS, ascii=st.booleans(), bom=st.booleans(), name=st.sampled_from([*COMPRESS]))
def test_every_row_is_accounted_for_and_good_text_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[object], end: bytes, ascii: bool, bom: bool, name: str
) -> None:
    lines = [json.dumps(row, ensure_ascii=ascii).encode("utf-8", "surrogatepass") for row in rows]
    data = (b"\xef\xbb\xbf" if bom else b"") + b"".join(line + end for line in lines)
    path = tmp_path_factory.mktemp("rows") / name
    read_back = documents(path, COMPRESS[name](data), Columns("id", "text", keep=("tag",)))
    assert len(read_back) == len(rows)
    assert len({d.id for d in read_back}) == len(rows)
    for row, document in zip(rows, read_back, strict=True):
        if not document.problem:
            assert isinstance(row, dict) and (document.id, document.text) == (str(row["id"]), row["text"])
    pa.array([json.dumps([d.id, d.text, d.source, d.kept], ensure_ascii=False) for d in read_back], pa.string())


@given(st.lists(st.binary(max_size=30), max_size=8), st.sampled_from([*COMPRESS]))
def test_any_bytes_at_all_are_one_document_for_each_line(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], name: str
) -> None:
    data = b"\n".join(lines)
    assume(not MISSHAPEN.match(data))
    path = tmp_path_factory.mktemp("bytes") / name
    read_back = documents(path, COMPRESS[name](data))
    plain = (
        data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("\r", "\n")
    )
    assert len(read_back) == sum(bool(line.lstrip("\ufeff").strip()) for line in plain.split("\n"))


@given(st.binary(max_size=200), st.sampled_from(["a.jsonl.gz", "a.jsonl.zst", "a.parquet"]))
def test_any_bytes_under_a_name_that_promises_more_never_stop_the_run(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    path = tmp_path_factory.mktemp("bytes") / name
    assert documents(path, data) == []


def test_byte_order_marks_of_files_that_were_joined(tmp_path: Path) -> None:
    path, mark = tmp_path / "a.jsonl", b"\xef\xbb\xbf"
    lines = [b'{"id": "a", "text": "x"}\r\n', b"\r\n", b'{"id": "b", "text": "y"}\n']
    found = documents(path, b"".join(mark + line for line in lines))
    assert [(d.id, d.source, d.problem) for d in found] == [("a", f"{path}:1", None), ("b", f"{path}:3", None)]


ROW = {"id": "a", "text": "x"}
SHAPES = {
    "UTF-16, not UTF-8: `iconv -f UTF-16 -t UTF-8`": [
        json.dumps(ROW).encode("utf-16"),
        json.dumps(ROW).encode("utf-16-be"),
        json.dumps([ROW]).encode("utf-16-le"),
        b"\xff\xfe" + json.dumps(ROW).encode("utf-16-le"),
    ],
    "one JSON array over many lines, not JSON lines: `jq -c '.[]'`": [
        json.dumps([ROW], indent=2).encode(),
        b"\xef\xbb\xbf" + json.dumps([ROW] * 2, indent=1).encode(),
        b'[\n{"id": "a", "text": "x"},\n{"id": "b", "text": "y"}\n]\n',
        b'[{"id": "a", "text": "x"},\r\n {"id": "b", "text": "y"}]\r\n',
    ],
    "JSON objects over many lines, not JSON lines: `jq -c .`": [
        json.dumps(ROW, indent=2).encode() * 3,
        b"\n" + json.dumps({"info": {}}, indent=2).encode(),
    ],
}


@pytest.mark.parametrize("name", COMPRESS)
@pytest.mark.parametrize(("cure", "data"), [(cure, data) for cure, all in SHAPES.items() for data in all])
def test_what_is_no_json_lines_is_refused_with_the_cure(tmp_path: Path, name: str, cure: str, data: bytes) -> None:
    (tmp_path / "a.jsonl").write_bytes(GOOD)
    (tmp_path / f"z{name}").write_bytes(COMPRESS[name](data))
    sources = locate([str(tmp_path)])
    with pytest.raises(UserError, match=re.escape(cure)) as caught:
        check_columns(sources, Columns("id", "text"))
    assert str(caught.value).startswith(f"{tmp_path}/z{name} ") and "\n" not in str(caught.value)
    reading = read(sources, Columns("id", "text"))
    assert [d.id for d in reading] == ["good"] and cure in reading.faults[0].detail  # as if it came later


@pytest.mark.parametrize(
    ("line", "stored"),
    [
        (b' {"id": "a", "text": "cut \r', '{"id": "a", "text": "cut'),
        (b'{"id": "a", "text": "caf\xe9 \xff\xf0\x9f"}', '{"id": "a", "text": "caf\\xe9 \\xff\\xf0\\x9f"}'),
        (b'{"id": "a", "text": "\xed\xa0\x80"}', '{"id": "a", "text": "\\xed\\xa0\\x80"}'),
        (b'{"id": "a", "text": "\\ud83d"}', '{"id": "a", "text": "\\ud83d"}'),
        (b'{"id": "a", "text": null}', '{"id": "a", "text": null}'),
        (b'{"id": "", "text": "fine"}', "fine"),
        (b"\xff" * 200_000, "\\xff" * 25_000),
        ("饭".encode() * 200_000, "饭" * 100_000),
    ],
)
def test_of_a_bad_row_its_beginning_is_told(tmp_path: Path, line: bytes, stored: str) -> None:
    [bad] = documents(tmp_path / "a.jsonl", line + b"\n")
    assert bad.problem and bad.text == stored
