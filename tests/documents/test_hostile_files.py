"""Files that are broken, huge or meant to harm: clear rows, bounded memory, and the next file is read."""

import gzip
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backports import zstd

from extractor.documents import Columns, count, locate, read
from extractor.types import Document, SourceFault

pytestmark = pytest.mark.slow

COLUMNS = Columns("id", "text")
LINES = b"".join(b'{"id": "d%d", "text": "%032x"}\n' % (i, random.Random(i).getrandbits(128)) for i in range(20_000))
SQUEEZE: dict[str, Callable[[bytes], bytes]] = {"a.jsonl.gz": gzip.compress, "a.jsonl.zst": zstd.compress}


def documents(folder: Path) -> tuple[list[Document], list[SourceFault]]:
    """What is read before a file that is well, and what cannot be read."""
    (folder / "z.jsonl").write_text('{"id": "next file", "text": "fine"}\n')
    reading = read(locate([str(folder)]), COLUMNS, pauses=())
    *found, last = reading
    assert (last.id, last.problem) == ("next file", None)
    assert f"{folder}/z.jsonl" in reading.whole and not reading.whole & {fault.source for fault in reading.faults}
    return found, reading.faults


@pytest.mark.parametrize("name", SQUEEZE)
@pytest.mark.parametrize("share", [0.0001, 0.3, 0.999])
def test_truncated_compressed_files_are_read_as_far_as_they_go(tmp_path: Path, name: str, share: float) -> None:
    data = SQUEEZE[name](LINES)
    (tmp_path / name).write_bytes(data[: int(len(data) * share)])
    before, [fault] = documents(tmp_path)
    assert (fault.source, fault.first, fault.rows) == (str(tmp_path / name), len(before) + 1, None)
    assert fault.detail.startswith(f"from row {len(before) + 1} on the file cannot be read: ")
    assert [(d.id, d.problem) for d in before] == [(f"d{i}", None) for i in range(len(before))]
    assert len(before) >= 20_000 * share * 0.5 - 4000  # a block of zstd is whole or nothing


@pytest.mark.parametrize("name", SQUEEZE)
def test_corrupt_compressed_files(tmp_path: Path, name: str) -> None:
    data = bytearray(SQUEEZE[name](LINES))
    middle = len(data) // 2
    data[middle : middle + 100] = random.Random(7).randbytes(100)
    (tmp_path / name).write_bytes(data)
    before, [fault] = documents(tmp_path)
    assert before[0].id == "d0" and fault.first > len(before)  # a line of what is corrupt may be blank


def test_a_suffix_that_promises_compression(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(LINES)
    found, [fault] = documents(tmp_path)
    assert found == [] and "cannot be read: Not a gzipped file" in fault.detail


@pytest.mark.parametrize("squeeze", SQUEEZE.values())
def test_compression_that_no_suffix_promises(tmp_path: Path, squeeze: Callable[[bytes], bytes]) -> None:
    (tmp_path / "a.jsonl").write_bytes(squeeze(LINES))
    assert [d.id for d in documents(tmp_path)[0]] == [f"d{i}" for i in range(20_000)]


@pytest.mark.parametrize("window", [28, 31])
def test_zstd_with_a_long_window(tmp_path: Path, window: int) -> None:
    options: dict[int, int] = {zstd.CompressionParameter.window_log: window}
    with zstd.ZstdFile(tmp_path / "a.jsonl.zst", "w", options=options) as file:  # told no size, it keeps the window
        for _ in range(2):
            file.write(LINES[: len(LINES) // 2])
    found, faults = documents(tmp_path)
    assert len(found) > 10_000 and faults == []


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", b"no parquet at all"])
def test_what_is_no_parquet(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(data)
    found, [fault] = documents(tmp_path)
    assert (found, fault.source, fault.first) == ([], f"{tmp_path}/a.parquet", 1)
    assert count(locate([str(tmp_path)])) is None


def test_a_truncated_parquet_file_has_no_footer(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ["a"], "text": ["x"]}), path)
    path.write_bytes(path.read_bytes()[:-20])
    found, [fault] = documents(tmp_path)
    assert (found, fault.first, fault.rows) == ([], 1, None)


def test_a_corrupt_row_group_costs_that_row_group(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"id": [f"d{i}" for i in range(300)], "text": [os.urandom(20).hex() for i in range(300)]})
    pq.write_table(table, path, row_group_size=100, write_page_checksum=True, use_dictionary=False)
    data, at = bytearray(path.read_bytes()), pq.read_metadata(path).row_group(1).column(1).data_page_offset
    data[at + 200 : at + 300] = os.urandom(100)
    path.write_bytes(data)
    found, [fault] = documents(tmp_path)
    assert [d.id for d in found if not d.problem] == [f"d{i}" for i in [*range(100), *range(200, 300)]]
    assert (fault.first, fault.rows) == (101, 100) and fault.detail.startswith("rows 101 to 200 cannot be read: ")


@pytest.mark.parametrize("seed", range(20))
def test_parquet_with_any_bytes_changed_never_stops_the_run(tmp_path: Path, seed: int) -> None:
    path, chance = tmp_path / "a.parquet", random.Random(seed)
    pq.write_table(pa.table({"id": [f"d{i}" for i in range(99)], "text": ["text"] * 99}), path, row_group_size=33)
    data = bytearray(path.read_bytes())
    for _ in range(5):
        data[chance.randrange(len(data))] = chance.randrange(256)
    path.write_bytes(data)
    found, faults = documents(tmp_path)
    assert len({d.id for d in found}) == len(found) and (found or faults)
    json.dumps([[d.id, d.text, d.problem and d.problem.detail] for d in found], ensure_ascii=False).encode()


def test_a_file_that_may_not_be_read_or_is_gone(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINES)
    sources = locate([str(tmp_path)])
    (tmp_path / "a.jsonl").unlink()
    reading = read(sources, COLUMNS)
    assert list(reading) == [] and reading.whole == set()
    assert "No such file" in reading.faults[0].detail
    assert count(sources) is None


def test_a_document_of_a_million_tokens_passes(tmp_path: Path) -> None:
    text = "很长的文本 with words " * 250_000
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "long", "text": text}) + "\n")
    pq.write_table(pa.table({"id": ["long too"], "text": [text]}), tmp_path / "b.parquet")
    assert [(d.id, d.text == text, d.problem) for d in documents(tmp_path)[0]] == [
        ("long", True, None),
        ("long too", True, None),
    ]


MEASURE = """
import sys
from collections.abc import Callable
from pathlib import Path
from extractor.documents import Columns, check_columns, locate, read
sources = locate([sys.argv[1]])
peak = lambda: int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
before = peak()
columns, _ = check_columns(sources, Columns("id", "text", tuple(sys.argv[2:])))
for document in read(sources, columns):
    print(document.id[:4], document.problem and document.problem.kind, flush=True)
print((peak() - before) >> 10)
"""


def measured(path: Path, *keep: str) -> tuple[list[str], int]:
    """What was read, with these columns kept, and by how many MiB the peak of memory rose."""
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path), *keep], capture_output=True, check=True, text=True)
    *lines, mib = done.stdout.splitlines()
    return lines, int(mib)


@pytest.mark.slow
def test_a_line_of_100_mb_is_skipped_and_not_held(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        file.write(b'{"id": "a", "text": "x"}\n{"id": "b", "text": "' + b"x" * 100_000_000 + b'"}\n')
        file.write(b'{"id": "c", "text": "x"}\n')
    lines, mib = measured(path)
    assert lines == ["a None", "bad- bad_line", "c None"]
    assert mib < 300


@pytest.mark.slow
@pytest.mark.parametrize("name", SQUEEZE)
def test_a_bomb_of_one_endless_line_needs_no_more_memory_than_a_line(tmp_path: Path, name: str) -> None:
    path, compress = tmp_path / name, SQUEEZE[name]
    bomb = compress(bytes(16 << 20)) * 32  # one line of 512 MiB, in members that follow each other
    path.write_bytes(compress(b'{"id": "a", "text": "x"}\n') + bomb + compress(b'\n{"id": "c", "text": "x"}\n'))
    assert path.stat().st_size < 1 << 20
    lines, mib = measured(path)
    assert lines == ["a None", "bad- bad_line", "c None"]
    assert mib < 300


@pytest.mark.slow
def test_a_large_row_group_is_read_by_small_batches(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"id": [f"{i}" for i in range(5000)], "text": [f"{i}" + "x" * 100_000 for i in range(5000)]})
    pq.write_table(table, path, row_group_size=5000, use_dictionary=False)  # 500 MB, and 25 on disk
    lines, mib = measured(path)
    assert len(lines) == 5000
    assert mib < 400  # the text alone is 477 MiB


def dictionary_of(value: str, rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([value]))


@pytest.mark.slow
@pytest.mark.parametrize("column", ["text", "kept", "list"])
def test_a_bomb_of_one_value_in_every_row_is_held_once(tmp_path: Path, column: str) -> None:
    path, rows = tmp_path / "a.parquet", 500
    columns = {"id": pa.array(f"{i}" for i in range(rows)), "text": pa.array(["x"] * rows)}
    bomb = [["x" * (1 << 20)] * 16] * rows if column == "list" else dictionary_of("x" * (16 << 20), rows)
    pq.write_table(pa.table({**columns, column: bomb}), path, compression="zstd", dictionary_pagesize_limit=1 << 30)
    assert path.stat().st_size < 1 << 20  # and 8 GB in memory
    lines, mib = measured(path, *([column] if column != "text" else []))
    assert len(lines) == rows and all(line.endswith("None") for line in lines)
    assert mib < 700


@pytest.mark.parametrize("is_dictionary", [True, False])
def test_a_bomb_of_one_column_is_not_unpacked(tmp_path: Path, is_dictionary: bool) -> None:
    path, text = tmp_path / "a.parquet", pa.array([c * (270 << 20) for c in "ab"])
    table = pa.table({"id": ["a", "b"], "text": text, "other": ["x", "y"]})
    pq.write_table(table, path, compression="zstd", use_dictionary=is_dictionary, dictionary_pagesize_limit=1 << 30)
    found = read(locate([str(path)]), Columns("id", "text"), pauses=())
    [fault] = [] if list(found) else found.faults
    assert (fault.first, fault.rows) == (1, 2) and "column 'text' would grow from" in fault.detail
    assert [d.text for d in read(locate([str(path)]), Columns("id", "other"))] == ["x", "y"]
