"""JSON lines → rows: streaming, whatever the lines hold."""

import gzip
import io
import json
from collections.abc import Iterator
from itertools import count, islice
from typing import Any, BinaryIO, TextIO, cast

import pyarrow as pa
from backports import zstd

from extractor.documents.row import Row, in_short, is_text
from extractor.types import Problem

LINE_LIMIT = 64 << 20  # characters
_SAMPLE = 100  # lines that tell which columns there are, and of which types
_HEAD = 1 << 12  # bytes that tell whether a file holds JSON lines
_UTF16 = (b"\xff\xfe", b"\xfe\xff", b"{\0", b"\0{", b"[\0", b"\0[")
_ANY_WINDOW: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 31}  # of `zstd --long`, at most 2 GiB
_NAMES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}


class Misshapen(Exception):
    """A file that is no JSON lines at all; says what it is, and what makes lines of it."""


def decompress(stream: io.BufferedReader, codec: str) -> BinaryIO:
    """The plain bytes, block by block; what comes before a damaged place is still given.

    What the first bytes say goes before `codec`, which a file's name promises.
    """
    codec = _codec(stream.peek(4)[:4]) or codec
    if codec == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=stream))
    return cast(BinaryIO, zstd.ZstdFile(stream, options=_ANY_WINDOW)) if codec == "zstd" else stream


def _codec(head: bytes) -> str:
    if head[:4] == b"\x28\xb5\x2f\xfd" or head[1:4] == b"\x2a\x4d\x18":  # a frame, or one to be skipped
        return "zstd"
    return "gzip" if head[:2] == b"\x1f\x8b" else ""


def rows(stream: io.BufferedReader, codec: str) -> Iterator[Row]:
    """Every line that is not blank, numbered from 1; lines end in \\n, \\r\\n or \\r. A bad line carries its problem.

    At most LINE_LIMIT characters of a line are held. Raises what the stream raises, after the lines before it, and
    Misshapen for a file that holds no lines of JSON.
    """
    with decompress(stream, codec) as plain:
        _check_shape(plain)
        yield from _rows(io.TextIOWrapper(plain, "utf-8", "surrogateescape"))


def check_shape(stream: io.BufferedReader, codec: str) -> None:
    """Raises Misshapen for a file that holds no lines of JSON, and what the stream raises."""
    with decompress(stream, codec) as plain:
        _check_shape(plain)


def _rows(text: TextIO) -> Iterator[Row]:
    for number in count(1):
        line = text.readline(LINE_LIMIT + 1)
        if not line:
            return
        line = line.lstrip("\ufeff") if line[0] == "\ufeff" else line  # of a file that others were joined to
        if len(line) > LINE_LIMIT and not line.endswith("\n"):
            _skip_line(text)
            yield Row(number, {}, line, Problem("bad_line", f"the line has more than {LINE_LIMIT:,} characters"))
        elif line and not line.isspace():
            yield _row(number, line)


def _check_shape(plain: BinaryIO) -> None:
    head = plain.peek(_HEAD)[:_HEAD]  # type: ignore[attr-defined]
    lines = head.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True)
    first = next((line.strip() for line in lines if line.strip() and line.endswith((b"\n", b"\r"))), b"")
    if head[:2] in _UTF16:
        raise Misshapen("is UTF-16, not UTF-8: `iconv -f UTF-16 -t UTF-8` makes it so")
    if first == b"[" or (first[:1] == b"[" and first[-1:] in (b"{", b",")):
        raise Misshapen("is one JSON array over many lines, not JSON lines: `jq -c '.[]'` makes lines of it")
    if first == b"{":
        raise Misshapen("holds JSON objects over many lines, not JSON lines: `jq -c .` makes lines of them")


def _skip_line(text: TextIO) -> None:
    while (more := text.readline(1 << 20)) and not more.endswith("\n"):
        pass


def _row(number: int, line: str) -> Row:
    line, ended = line.removesuffix("\n"), line.endswith("\n")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Row(number, {}, line, _not_utf8(line) or Problem("bad_line", _no_json(error)), ended)
    if not isinstance(value, dict):
        return Row(number, {}, line, Problem("bad_line", _no_object(value)), ended)
    return Row(number, value, line, _not_utf8(line), ended)


def _not_utf8(line: str) -> Problem | None:
    return None if is_text(line) else Problem("bad_encoding", "the line is not UTF-8")


def _no_json(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg.removesuffix(' at')} at character {error.pos + 1}"
    return f"JSON that we cannot read: {'nested too deep' if isinstance(error, RecursionError) else in_short(error)}"


def _no_object(value: Any) -> str:
    cure = "; `jq -c '.[]'` makes lines of an array" if isinstance(value, list) else ""
    return f"{json_type(value)}, not a JSON object{cure}"


def json_type(value: Any) -> str:
    """What JSON calls the type of a value: "null", "a number", "an array" …"""
    if value is None:
        return "null"
    name = _NAMES.get(type(value), type(value).__name__)
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def count_lines(stream: io.BufferedReader, codec: str) -> int:
    """Lines, blank ones too. Raises what the stream raises."""
    lines, last = 0, b"\n"
    with decompress(stream, codec) as plain:
        while block := plain.read(1 << 18):
            lines += block.count(b"\n")
            last = block[-1:]
    return lines + (last != b"\n")


def schema(stream: io.BufferedReader, codec: str) -> pa.Schema:
    """The keys of the first 100 lines, with the types that their values fit (see `_arrow_type`).

    Of a damaged file, what the lines before the damage say. Raises Misshapen for a file that holds no lines of JSON.
    """
    kinds: dict[str, set[type]] = {}
    try:
        for row in islice(rows(stream, codec), _SAMPLE):
            for key, value in row.values.items():
                kinds.setdefault(key, set()).add(_kind(value))
    except Misshapen:
        raise
    except Exception:  # the reader will meet it too
        pass
    return pa.schema([(key, _arrow_type(found)) for key, found in kinds.items() if is_text(key)])


def _kind(value: Any) -> type:
    is_wide = type(value) is int and not -(2**63) <= value < 2**63
    return object if is_wide else type(value)


def _arrow_type(kinds: set[type]) -> pa.DataType:
    """bool, int64 or float64 where all values but nulls are of that type, null where all are; a string for all else."""
    kinds = kinds - {type(None)}
    if not kinds:
        return pa.null()
    if kinds == {bool}:
        return pa.bool_()
    if kinds == {int}:
        return pa.int64()
    return pa.float64() if kinds in ({float}, {int, float}) else pa.string()
