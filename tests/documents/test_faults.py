"""Sources that cannot be read to their end: what is there is read, the rest is nobody's fault and nobody's row."""

import gzip
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backports import zstd

from extractor.documents import Columns, Reading, locate, read
from extractor.documents.patient import PatientFile
from extractor.types import SourceFault

pytestmark = pytest.mark.slow

COLUMNS = Columns("id", "text")
SQUEEZE: dict[str, Callable[[bytes], bytes]] = {
    "a.jsonl": bytes,
    "a.jsonl.gz": gzip.compress,
    "a.jsonl.zst": zstd.compress,
}


def lines(first: int, last: int, word: str = "text") -> bytes:
    return b"".join(
        b'{"id": "%b%d", "text": "%b %d"}\n' % (word[:1].encode(), i, word.encode(), i) for i in range(first, last)
    )


def reading(path: Path) -> Reading:
    return read(locate([str(path)]), COLUMNS, pauses=())


class Flaky(io.BytesIO):
    """Fails at each of these places, once."""

    def __init__(self, data: bytes, places: list[int]) -> None:
        super().__init__(data)
        self.places = places

    def read(self, size: int | None = -1) -> bytes:
        if self.places and self.tell() <= self.places[0] < self.tell() + (size or 0):
            self.places.pop(0)
            raise ConnectionResetError("the line went dead")
        return super().read(size)


def test_a_file_is_read_on_where_it_broke() -> None:
    data, places = os.urandom(1_000_000), [0, 0, 300_000, 300_000, 999_999]
    file = io.BufferedReader(PatientFile(lambda: Flaky(data, places), (0.0, 0.0)), 1 << 16)
    assert file.read(100) + file.read() == data and places == []
    assert file.seek(-10, os.SEEK_END) == 999_990 and file.read() == data[-10:]


def test_what_fails_again_and_again_is_raised_and_what_no_pause_mends_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConnectionResetError):
        PatientFile(lambda: Flaky(b"x", [0] * 9), (0.0, 0.0)).read(1)
    with pytest.raises(FileNotFoundError):
        PatientFile(lambda: (tmp_path / "none").open("rb"), (1e6,)).read()


@pytest.mark.parametrize("name", SQUEEZE)
def test_a_source_that_is_whole_is_said_to_be(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(SQUEEZE[name](lines(0, 10) + b"oops\n"))
    found = reading(path)
    *_, bad = found
    assert found.whole == {str(path)} and found.faults == []
    assert found.gave("t3") and found.gave(bad.id) and not found.gave("t10")


def test_a_source_that_a_limit_cuts_is_not_whole(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(0, 10))
    found = read(locate([str(tmp_path)]), COLUMNS, limit=9)
    assert len(list(found)) == 9 and found.whole == set() and found.faults == []


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst"])
def test_half_a_line_before_the_cut_is_no_row(tmp_path: Path, name: str) -> None:
    path, data = tmp_path / name, SQUEEZE[name](lines(0, 8_000))
    for size in range(len(data) // 2, len(data), len(data) // 12):
        path.write_bytes(data[:size])
        found = reading(path)
        assert not any(document.problem for document in found)
        assert [(fault.source, fault.rows) for fault in found.faults] == [(str(path), None)]


@pytest.mark.parametrize("name", SQUEEZE)
def test_what_is_found_well_later_leaves_no_ghost(tmp_path: Path, name: str) -> None:
    path, data = tmp_path / name, SQUEEZE[name](lines(0, 8_000))
    path.write_bytes(data[: len(data) // 2])
    first = {document.id for document in reading(path)}
    path.write_bytes(data)
    second = reading(path)
    assert {document.id for document in second} == {f"t{i}" for i in range(8_000)}
    ghosts = {id for id in first if not second.gave(id)}
    assert second.whole == {str(path)} and ghosts == {id for id in first if id.startswith("bad-")}


def middle(found: Reading, count: int = 100) -> Iterator[str]:
    """The first documents, and then, when the file was changed, the others."""
    yield from (next(found).id for _ in range(count))


@pytest.mark.parametrize("name", SQUEEZE)
@pytest.mark.parametrize("new", [b"", lines(0, 10, "new"), lines(0, 30_000, "new")])
def test_a_file_that_is_overwritten_while_it_is_read(tmp_path: Path, name: str, new: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(SQUEEZE[name](lines(0, 20_000)))
    found = reading(path)
    before = list(middle(found))
    path.write_bytes(SQUEEZE[name](new))
    after = [document for document in found]
    assert before == [f"t{i}" for i in range(100)]
    [fault] = found.faults
    assert fault.source == str(path) and found.whole == set()
    assert sum(document.problem is not None for document in after) == 0


@pytest.mark.parametrize("rest", [b"", b'{"id": "half", "te'])
def test_a_log_that_grows_while_it_is_read_is_read_as_far_as_it_is_written(tmp_path: Path, rest: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(0, 20_000))
    found = reading(path)
    before = list(middle(found))
    with path.open("ab") as file:
        file.write(lines(20_000, 20_100) + rest)
    after = list(found)
    assert before + [d.id for d in after] == [f"t{i}" for i in range(20_100)]
    assert not any(document.problem for document in after)
    assert [fault.first for fault in found.faults] == ([20_101] if rest else [])


def test_half_a_line_of_a_file_that_stays_as_it_is_is_a_bad_line(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(0, 10) + b'{"id": "half", "te')
    found = reading(tmp_path)
    assert [document.problem.kind for document in found if document.problem] == ["bad_line"]
    assert found.faults == []


def test_a_file_that_is_only_touched_or_gone_after_it_was_opened_is_whole(tmp_path: Path) -> None:
    for change in (Path.touch, Path.unlink):
        path = tmp_path / "a.jsonl"
        path.write_bytes(lines(0, 20_000))
        found = reading(path)
        list(middle(found))
        change(path)
        assert len(list(found)) == 19_900 and found.faults == []


def test_parquet_that_is_another_file_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"id": [f"t{i}" for i in range(3000)], "text": [os.urandom(500).hex() for i in range(3000)]})
    pq.write_table(table, path, row_group_size=1000)
    found = reading(path)
    before = list(middle(found))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    after = [document.id for document in found]
    assert (before + after)[:1000] == [f"t{i}" for i in range(1000)]
    assert len(before + after) + sum(fault.rows or 0 for fault in found.faults) == 3000
    assert found.faults and found.whole == set()


STDIN = """
import json, sys
from extractor.documents import Columns, check_columns, kept_schema, locate, read
sources = locate(["-"])
columns, _ = check_columns(sources, Columns("id", "text", ("n",)))
kept_schema(sources, columns)
reading = read(sources, columns)
ids = [document.id for document in reading]
print(json.dumps([len(ids), ids[-1], [fault.detail for fault in reading.faults], list(reading.whole)]))
"""


@pytest.mark.parametrize("name", SQUEEZE)
@pytest.mark.parametrize(("count", "size", "first"), [(1, 9, 9), (99, 9, 1000), (5000, 9, 1), (3000, 800, 1000)])
def test_all_of_standard_input_is_read(name: str, count: int, size: int, first: int) -> None:
    texts = (os.urandom(size).hex().encode() for _ in range(count))
    data = b"".join(b'{"id": "d%d", "text": "%b", "n": %d}\n' % (i, text, i) for i, text in enumerate(texts))
    squeezed = SQUEEZE[name](data)
    with subprocess.Popen([sys.executable, "-c", STDIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        for piece in (squeezed[:first], squeezed[first:]):
            process.stdin.write(piece)
            process.stdin.flush()
            time.sleep(2 if len(piece) == first < 9 else 0.5)  # so that it is read in pieces
        process.stdin.close()
        assert json.load(process.stdout) == [count, f"d{count - 1}", [], []]


def test_standard_input_that_is_cut_is_a_fault() -> None:
    data = gzip.compress(b"".join(b'{"id": "d%d", "text": "x", "n": 1}\n' % i for i in range(50_000)))[:-1000]
    done = subprocess.run([sys.executable, "-c", STDIN], input=data, capture_output=True, check=True)
    found, _, [fault], _ = json.loads(done.stdout)
    assert fault.startswith(f"from row {found + 1} on the file cannot be read: ")


def two_files(tmp_path: Path, name: str, first: bytes) -> tuple[Path, Reading]:
    """A file that cannot be read to its end, and another one; both are read up to the middle of the other."""
    path, other = tmp_path / name, tmp_path / "b.jsonl"
    path.write_bytes(first)
    other.write_bytes(lines(0, 100, "other"))
    found = reading(tmp_path)
    for document in found:
        if document.id == "o50":
            return path, found
    raise AssertionError("the other file was not read")


def wholly(tmp_path: Path, name: str) -> bytes:
    if name.endswith("parquet"):
        pq.write_table(pa.table({"id": [f"t{i}" for i in range(8000)], "text": ["text"] * 8000}), tmp_path / "whole")
        return (tmp_path / "whole").read_bytes()
    return SQUEEZE[name](lines(0, 8_000))


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst", "a.parquet"])
def test_a_source_that_is_well_when_the_others_are_read_is_read_to_its_end(tmp_path: Path, name: str) -> None:
    data = wholly(tmp_path, name)
    path, found = two_files(tmp_path, name, data[: len(data) // 2])
    assert [fault.source for fault in found.faults] == [str(path)] and found.whole == set()
    path.write_bytes(data)
    rest = [document.id for document in found]
    assert rest[:49] == [f"o{i}" for i in range(51, 100)] and len(set(rest)) == len(rest)
    assert rest[-1] == "t7999" and all(found.gave(f"t{i}") for i in range(8000))
    assert found.faults == [] and found.whole == {str(path), str(tmp_path / "b.jsonl")}


def test_a_source_that_is_broken_still_is_told_once_and_gives_nothing_twice(tmp_path: Path) -> None:
    data = wholly(tmp_path, "a.jsonl.gz")
    _, found = two_files(tmp_path, "a.jsonl.gz", data[: len(data) // 2])
    before = found.faults
    assert [document.id for document in found] == [f"o{i}" for i in range(51, 100)]
    assert found.faults == before and len(before) == 1


def test_a_source_that_is_another_file_by_then_is_left_to_the_next_run(tmp_path: Path) -> None:
    data = wholly(tmp_path, "a.jsonl.gz")
    path, found = two_files(tmp_path, "a.jsonl.gz", data[: len(data) // 2])
    path.write_bytes(gzip.compress(lines(0, 9_000, "new")))
    assert [document.id for document in found] == [f"o{i}" for i in range(51, 100)]
    assert [fault.source for fault in found.faults] == [str(path)] and str(path) not in found.whole


def test_a_line_that_was_being_written_is_read_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(0, 20_000))
    (tmp_path / "b.jsonl").write_bytes(lines(0, 9, "other"))
    found = reading(tmp_path)
    list(middle(found))
    with path.open("ab") as file:
        file.write(b'{"id": "half", "te')
    assert next(document.id for document in found if document.id[0] == "o") == "o0" and len(found.faults) == 1
    with path.open("ab") as file:
        file.write(b'xt": "whole"}\n')
    assert [document.id for document in found] == [*(f"o{i}" for i in range(1, 9)), "half"]
    assert found.faults == [] and str(path) in found.whole


@pytest.mark.parametrize(
    ("before", "now", "both"),
    [((5, None), (9, None), (9, None)), ((5, 10), (3, None), (5, 10)), ((5, 10), (9, 20), (9, 6)), ((5, 2), (7, 1), 0)],
)
def test_rows_that_two_readings_lack(before: tuple[int, int], now: tuple[int, int], both: tuple[int, int]) -> None:
    found = SourceFault("a", *before, "x").in_common(SourceFault("a", *now, "y"))
    assert found == (SourceFault("a", *both, "x" if before[0] >= now[0] else "y") if both else None)
