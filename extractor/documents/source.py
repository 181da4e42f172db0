"""One input file: what a person sees, how it is opened, which columns its folders' names give."""

import io
import os
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import BinaryIO, Literal
from urllib.parse import unquote

from extractor.documents import remote
from extractor.documents.row import without_secrets
from extractor.errors import UserError

Format = Literal["parquet", "jsonl"]
Codec = Literal["", "gzip", "zstd"]

SUFFIXES = "{.jsonl,.ndjson,.json}[.gz,.zst] or .parquet"
_SUFFIX = re.compile(r"\.(?:(parquet|parq|pq)|(?:jsonl|ndjson|json)(?:\.(?:(gz|gzip)|(zst|zstd)))?)$", re.IGNORECASE)
_NO_PARTITION = "__HIVE_DEFAULT_PARTITION__"  # what Hive writes for null
_HEAD = 1 << 20  # bytes of standard input that may be looked at before it is read


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read. `name` is for people: printable, and without the secrets of a URL."""

    name: str
    format: Format
    place: str  # local path, URL, or "-"
    codec: Codec = ""

    def open(self) -> BinaryIO:
        """The file's bytes, still compressed. Raises whatever the file system raises."""
        if self.place == "-":
            return io.BufferedReader(standard_input(sys.stdin.buffer).again(), _HEAD)
        if "://" in self.place:
            return remote.open_url(self.place, seekable=self.format == "parquet")
        return open(self.place, "rb", buffering=1 << 18)

    @property
    def partitions(self) -> dict[str, str | None]:
        """The columns that Hive-style folder names give: {"lang": "zh"} for `lang=zh/part.parquet`."""
        pairs = (part.split("=", 1) for part in PurePosixPath(self.name).parts[:-1] if "=" in part)
        return {unquote(key): None if value == _NO_PARTITION else unquote(value) for key, value in pairs}


def as_source(place: str) -> Source | None:
    """The source at a local path or URL; None where its suffix is none that we read."""
    shown = _shown(place)
    if not (match := _SUFFIX.search(shown)):
        return None
    parquet, gzip, zstd = match.groups()
    codec: Codec = "gzip" if gzip else "zstd" if zstd else ""
    return Source(shown, "parquet" if parquet else "jsonl", place, codec)


def _shown(place: str) -> str:
    place = without_secrets(place)
    text = os.fsencode(place).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def standard_input_source() -> Source:
    """JSONL on standard input, compressed or not (told by its first bytes). Raises UserError on a terminal."""
    if sys.stdin is None or sys.stdin.isatty():
        raise UserError("'-' reads JSONL from standard input, which is a terminal here, or closed: pipe a file into it")
    head = standard_input(sys.stdin.buffer).head
    codecs: dict[bytes, Codec] = {b"\x1f\x8b": "gzip", b"\x28\xb5": "zstd"}
    return Source("stdin", "jsonl", "-", codecs.get(head[:2], ""))


class StandardInput:
    """A stream whose beginning can be looked at before it is read."""

    def __init__(self, stream: BinaryIO) -> None:
        self.head = b""
        self._stream = stream
        while len(self.head) < _HEAD and b"\n" not in self.head and (block := _some(stream)):
            self.head += block

    def again(self) -> io.RawIOBase:
        """The stream from its beginning; only the first reader gets what comes after the head."""
        return _Joined(io.BytesIO(self.head), self._stream)


@lru_cache(maxsize=1)
def standard_input(stream: BinaryIO) -> StandardInput:
    """One for each stream, so that looking twice loses nothing."""
    return StandardInput(stream)


class _Joined(io.RawIOBase):
    def __init__(self, *streams: BinaryIO) -> None:
        self._streams = list(streams)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while self._streams:
            if block := _some(self._streams[0], len(buffer)):
                buffer[: len(block)] = block
                return len(block)
            self._streams.pop(0)
        return 0


def _some(stream: BinaryIO, size: int = 1 << 16) -> bytes:
    return stream.read1(size)  # type: ignore[attr-defined, no-any-return]
