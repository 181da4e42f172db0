"""Files that are broken, huge or meant to harm: clear rows, bounded memory, and the next file is read."""

import gzip
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backports import zstd

from extractor.documents import Columns, count, locate, read
from extractor.types import Document

COLUMNS = Columns("id", "text")
LINES = b"".join(b'{"id": "d%d", "text": "%032x"}\n' % (i, random.Random(i).getrandbits(128)) for i in range(20_000))
SQUEEZE = {"a.jsonl.gz": gzip.compress, "a.jsonl.zst": zstd.compress}


def documents(folder: Path) -> list[Document]:
    (folder / "z.jsonl").write_text('{"id": "next file", "text": "fine"}\n')
    *found, last = list(read(locate([str(folder)]), COLUMNS))
    assert (last.id, last.problem) == ("next file", None)
    return found


@pytest.mark.parametrize("name", SQUEEZE)
@pytest.mark.parametrize("share", [0.0001, 0.3, 0.999])
def test_truncated_compressed_files_are_read_as_far_as_they_go(tmp_path: Path, name: str, share: float) -> None:
    data = SQUEEZE[name](LINES)
    (tmp_path / name).write_bytes(data[: int(len(data) * share)])
    *before, last = documents(tmp_path)
    assert last.problem and last.problem.kind == "unreadable"
    assert last.problem.detail.startswith(f"from row {len(before) + 1} on the file cannot be read: ")
    assert last.source == f"{tmp_path / name}:{len(before) + 1}"
    assert [d.id for d in before] == [f"d{i}" for i in range(len(before))]
    assert len(before) >= 20_000 * share * 0.5 - 4000  # a block of zstd is whole or nothing


@pytest.mark.parametrize("name", SQUEEZE)
def test_corrupt_compressed_files(tmp_path: Path, name: str) -> None:
    data = bytearray(SQUEEZE[name](LINES))
    middle = len(data) // 2
    data[middle : middle + 100] = os.urandom(100)
    (tmp_path / name).write_bytes(data)
    *before, last = documents(tmp_path)
    assert before[0].id == "d0"
    assert last.problem and last.problem.kind == "unreadable"


def test_a_suffix_that_promises_compression(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(LINES)
    [bad] = documents(tmp_path)
    assert bad.problem and "cannot be read: Not a gzipped file" in bad.problem.detail


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", b"no parquet at all"])
def test_what_is_no_parquet(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(data)
    [bad] = documents(tmp_path)
    assert bad.problem and bad.problem.kind == "unreadable"
    assert bad.source == f"{tmp_path}/a.parquet:1"
    assert count(locate([str(tmp_path)])) == 2


def test_a_truncated_parquet_file_has_no_footer(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ["a"], "text": ["x"]}), path)
    path.write_bytes(path.read_bytes()[:-20])
    [bad] = documents(tmp_path)
    assert bad.problem and bad.problem.kind == "unreadable"


def test_a_corrupt_row_group_costs_that_row_group(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"id": [f"d{i}" for i in range(300)], "text": [os.urandom(20).hex() for i in range(300)]})
    pq.write_table(table, path, row_group_size=100, write_page_checksum=True, use_dictionary=False)
    data, at = bytearray(path.read_bytes()), pq.read_metadata(path).row_group(1).column(1).data_page_offset
    data[at + 200 : at + 300] = os.urandom(100)
    path.write_bytes(data)
    found = documents(tmp_path)
    assert [d.id for d in found if not d.problem] == [f"d{i}" for i in [*range(100), *range(200, 300)]]
    [bad] = [d for d in found if d.problem]
    assert bad.problem and bad.problem.kind == "unreadable"
    assert bad.problem.detail.startswith("rows 101 to 200 cannot be read: ")


@pytest.mark.parametrize("seed", range(20))
def test_parquet_with_any_bytes_changed_never_stops_the_run(tmp_path: Path, seed: int) -> None:
    path, chance = tmp_path / "a.parquet", random.Random(seed)
    pq.write_table(pa.table({"id": [f"d{i}" for i in range(99)], "text": ["text"] * 99}), path, row_group_size=33)
    data = bytearray(path.read_bytes())
    for _ in range(5):
        data[chance.randrange(len(data))] = chance.randrange(256)
    path.write_bytes(data)
    found = documents(tmp_path)
    assert len({d.id for d in found}) == len(found) > 0
    json.dumps([[d.id, d.text, d.problem and d.problem.detail] for d in found], ensure_ascii=False).encode()


def test_a_file_that_may_not_be_read_or_is_gone(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINES)
    sources = locate([str(tmp_path)])
    (tmp_path / "a.jsonl").unlink()
    [bad] = read(sources, COLUMNS)
    assert bad.problem and bad.problem.kind == "unreadable" and "No such file" in bad.problem.detail
    assert count(sources) == 1


def test_a_document_of_a_million_tokens_passes(tmp_path: Path) -> None:
    text = "很长的文本 with words " * 250_000
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "long", "text": text}) + "\n")
    pq.write_table(pa.table({"id": ["long too"], "text": [text]}), tmp_path / "b.parquet")
    assert [(d.id, d.text == text, d.problem) for d in documents(tmp_path)] == [
        ("long", True, None),
        ("long too", True, None),
    ]


MEASURE = """
import sys
from pathlib import Path
from extractor.documents import Columns, check_columns, locate, read
sources = locate([sys.argv[1]])
peak = lambda: int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
before = peak()
columns, _ = check_columns(sources, Columns("id", "text"))
for document in read(sources, columns):
    print(document.id[:4], document.problem and document.problem.kind, flush=True)
print((peak() - before) >> 10)
"""


def measured(path: Path) -> tuple[list[str], int]:
    """What was read, and by how many MiB the peak of memory rose."""
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, check=True, text=True)
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
