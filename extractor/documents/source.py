"""One input file: what a person sees, how it is opened, which columns its folders' names give."""

import io
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import BinaryIO, Literal
from urllib.parse import unquote

from extractor.documents import remote
from extractor.documents.patient import PAUSES, PatientFile
from extractor.documents.row import without_secrets
from extractor.errors import UserError

Format = Literal["parquet", "jsonl"]
Codec = Literal["", "gzip", "zstd"]

SUFFIXES = "{.jsonl,.ndjson,.json}[.gz,.zst] or .parquet"
_SUFFIX = re.compile(r"\.(?:(parquet|parq|pq)|(?:jsonl|ndjson|json)(?:\.(?:(gz|gzip)|(zst|zstd)))?)$", re.IGNORECASE)
_NO_PARTITION = "__HIVE_DEFAULT_PARTITION__"  # what Hive writes for null
_LINE = 1 << 20  # bytes of standard input in which its first line is waited for: a pipe may bring it in pieces
_BUFFER = 1 << 18  # bytes


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read. `name` is for people: printable, and without the secrets of a URL."""

    name: str
    format: Format
    place: str  # local path, URL, or "-"
    codec: Codec = ""

    def open(self, pauses: Sequence[float] = PAUSES) -> io.BufferedReader:
        """The file's bytes, still compressed; a read that fails is tried again after each of the pauses (seconds).

        Raises what the file system raises. Standard input can be opened once.
        """
        raw = standard_input(sys.stdin.buffer).taken() if self.place == "-" else PatientFile(self._opened, pauses)
        return io.BufferedReader(raw, _BUFFER)

    def look(self) -> io.BufferedReader:
        """The same, to read the file's beginning before it is opened."""
        if self.place == "-":
            return io.BufferedReader(standard_input(sys.stdin.buffer).looked_at(), _BUFFER)
        return self.open()

    @property
    def is_local(self) -> bool:
        """Whether it is a file of this machine."""
        return self.place != "-" and "://" not in self.place

    def _opened(self) -> BinaryIO:
        return open(self.place, "rb", buffering=0) if self.is_local else remote.open_url(self.place)

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
    """JSONL on standard input, compressed or not (its first bytes tell). Raises UserError on a terminal."""
    if sys.stdin is None or sys.stdin.isatty():
        raise UserError("'-' reads JSONL from standard input, which is a terminal here, or closed: pipe a file into it")
    return Source("stdin", "jsonl", "-")


class StandardInput:
    """A stream that can be looked at before it is read: what was looked at is held until then."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._held = stream, bytearray()

    def looked_at(self) -> io.RawIOBase:
        """The stream from its beginning; it can be had again."""
        return _Look(self)

    def taken(self) -> io.RawIOBase:
        """The stream from its beginning, for good: whoever comes later finds only what is left."""
        held, self._held = bytes(self._held), bytearray()
        return _Joined(io.BytesIO(held), self._stream)

    def held(self, start: int, size: int) -> bytes:
        """Bytes from `start` on, at least one unless the stream ends there; from its beginning on, a whole line."""
        while start >= len(self._held) or (start == 0 and not self._has_line()):
            block = _some(self._stream, size)
            self._held += block
            if not block:
                break
        return bytes(self._held[start : start + size])

    def _has_line(self) -> bool:
        return b"\n" in self._held or len(self._held) >= _LINE


class _Look(io.RawIOBase):
    def __init__(self, whole: StandardInput) -> None:
        self._whole, self._at = whole, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        block = self._whole.held(self._at, len(buffer))
        buffer[: len(block)] = block
        self._at += len(block)
        return len(block)


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
