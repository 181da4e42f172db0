"""Files behind URLs, from a server on this machine."""

import functools
import gzip
import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from extractor.documents import Columns, check_columns, count, locate, read
from extractor.errors import UserError

pytestmark = pytest.mark.slow

COLUMNS = Columns("id", "text")


class Plain(SimpleHTTPRequestHandler):
    """Python's own: always the whole file."""

    def log_message(self, format: str, *args: object) -> None:
        pass


class Ranges(Plain):
    """Gives the bytes that are asked for, as object stores do."""

    def send_head(self) -> Any:
        asked, path = self.headers.get("Range"), self.translate_path(self.path)
        if not asked:
            return super().send_head()
        size = os.path.getsize(path)
        start, end = (int(number or size - 1) for number in asked.removeprefix("bytes=").split("-"))
        end = min(end, size - 1)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{end}/{size}")
        self.send_header("Content-Length", str(end - start + 1))
        self.end_headers()
        return io.BytesIO(Path(path).read_bytes()[start : end + 1])

    def end_headers(self) -> None:
        self.send_header("Accept-Ranges", "bytes")
        super().end_headers()


class Breaks(Plain):
    """Promises more than it sends, as a connection that breaks does."""

    def copyfile(self, source: Any, outputfile: Any) -> None:
        outputfile.write(source.read()[:-100])


class BreaksRanges(Ranges):
    """The same, of the bytes that are asked for, where these are many."""

    def copyfile(self, source: Any, outputfile: Any) -> None:
        data = source.read()
        outputfile.write(data[:-100] if len(data) > 100 else data)


class BreaksOnce(Plain):
    """The connection breaks only the first time."""

    broken: ClassVar[set[str]] = set()

    def copyfile(self, source: Any, outputfile: Any) -> None:
        data, place = source.read(), f"{self.server.server_address}{self.path}"
        outputfile.write(data if place in self.broken or len(data) < 2 else data[:-100])
        self.broken.add(place)


class BreaksRangesOnce(BreaksOnce, Ranges):
    """The same, of the bytes that are asked for."""


@contextmanager
def serve(handler: type[Plain], folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = "".join(f'{{"id": "d{i}", "text": "text {i}"}}\n' for i in range(1000)).encode()
    (tmp_path / "a.jsonl").write_bytes(lines)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines))
    table = pa.table({"id": [f"d{i}" for i in range(1000)], "text": [os.urandom(50).hex() for _ in range(1000)]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=300)
    return tmp_path


@pytest.mark.parametrize("handler", [Plain, Ranges])
@pytest.mark.parametrize(("name", "rows"), [("a.jsonl", None), ("a.jsonl.gz", None), ("a.parquet", 1000)])
def test_files_over_http(folder: Path, handler: type[Plain], name: str, rows: int | None) -> None:
    with serve(handler, folder) as root:
        sources = locate([f"{root}/{name}?token=secret"])
        columns, existing = check_columns(sources, COLUMNS)
        found = list(read(sources, columns))
        assert (existing, count(sources)) == (["id", "text"], rows)
    assert [(d.id, d.problem) for d in found] == [(f"d{i}", None) for i in range(1000)]
    assert found[0].source == f"{root}/{name}:1"  # no token in what is written


@pytest.mark.parametrize("handler", [Breaks, BreaksRanges])
@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.parquet"])
def test_a_connection_that_always_breaks_is_a_fault_of_the_source(
    folder: Path, handler: type[Plain], name: str
) -> None:
    with serve(handler, folder) as root:
        reading = read(locate([f"{root}/{name}"]), COLUMNS, pauses=(0.0, 0.0))
        assert not any(document.problem for document in reading)
    assert {fault.source for fault in reading.faults} == {f"{root}/{name}"} and reading.whole == set()


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.parquet"])
@pytest.mark.parametrize("handler", [BreaksOnce, BreaksRangesOnce])
def test_a_connection_that_breaks_once_is_read_on(folder: Path, handler: type[Plain], name: str) -> None:
    with serve(handler, folder) as root:
        reading = read(locate([f"{root}/{name}"]), COLUMNS, pauses=(0.0, 0.0))
        assert [(d.id, d.problem) for d in reading] == [(f"d{i}", None) for i in range(1000)]
    assert reading.faults == [] and reading.whole == {f"{root}/{name}"}


def test_lines_are_fetched_as_they_are_read(folder: Path) -> None:
    lines = b"".join(b'{"id": "d%d", "text": "%s"}\n' % (i, os.urandom(500).hex().encode()) for i in range(20_000))
    (folder / "a.jsonl").write_bytes(lines)
    with serve(Ranges, folder) as root:
        found = read(locate([f"{root}/a.jsonl"]), COLUMNS, pauses=())
        before = [next(found).id for _ in range(100)]
        (folder / "a.jsonl").write_bytes(lines[:1000])
        after = [document.id for document in found]
    assert 100 < len(before + after) < 20_000
    [fault] = found.faults
    assert (fault.source, fault.first, found.whole) == (f"{root}/a.jsonl", len(before + after) + 1, set())


def test_an_address_is_told_without_its_secrets(folder: Path) -> None:
    with serve(Plain, folder) as root:
        sources = locate([root.replace("//", "//user:secret@") + "/a.jsonl?token=secret"])
        (folder / "a.jsonl").unlink()
        reading = read(sources, COLUMNS)
        assert list(reading) == []
    assert reading.faults[0].source == f"{root}/a.jsonl"
    assert "secret" not in repr(reading.faults)


def test_what_is_not_there(folder: Path) -> None:
    missing = r"nothing is at http://.*/b.jsonl: check the address"
    with serve(Plain, folder) as root, pytest.raises(UserError, match=missing):
        locate([f"{root}/b.jsonl?token=secret"])
    with pytest.raises(UserError, match=r"http://.*/b.jsonl cannot be reached|" + missing):
        locate([f"{root}/b.jsonl"])


@pytest.mark.parametrize(("scheme", "module"), [("s3", "s3fs"), ("gs", "gcsfs"), ("hf", "huggingface_hub")])
def test_a_missing_extra_is_named(scheme: str, module: str) -> None:
    if find_spec(module):
        pytest.skip(f"{module} is installed")
    with pytest.raises(UserError, match=rf"reading {scheme}:// needs a package .*pip install '\.\[{scheme}\]'"):
        locate([f"{scheme}://bucket/a.jsonl"])


def test_an_unknown_scheme() -> None:
    with pytest.raises(UserError, match="ftp:// is no address we read: use a local path or one of http, https, s3"):
        locate(["ftp://host/a.jsonl"])
