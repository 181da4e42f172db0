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
_NAMES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}


def decompress(stream: BinaryIO, codec: str) -> BinaryIO:
    """The plain bytes, block by block; what comes before a damaged place is still given."""
    if codec == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=stream))
    if codec == "zstd":
        return cast(BinaryIO, zstd.ZstdFile(stream))
    return io.BufferedReader(cast(io.RawIOBase, stream), 1 << 18)


def rows(stream: BinaryIO, codec: str) -> Iterator[Row]:
    """Every line that is not blank, numbered from 1; lines end in \\n, \\r\\n or \\r. A bad line carries its problem.

    At most LINE_LIMIT characters of a line are held. Raises what the stream raises, after the lines before it.
    """
    with io.TextIOWrapper(decompress(stream, codec), "utf-8", "surrogateescape") as text:
        for number in count(1):
            line = text.readline(LINE_LIMIT + 1)
            if not line:
                return
            if number == 1:
                line = line.removeprefix("\ufeff")
            if len(line) > LINE_LIMIT and not line.endswith("\n"):
                _skip_line(text)
                yield Row(number, {}, line, Problem("bad_line", f"the line has more than {LINE_LIMIT:,} characters"))
            elif line and not line.isspace():
                yield _row(number, line.removesuffix("\n"))


def _skip_line(text: TextIO) -> None:
    while (more := text.readline(1 << 20)) and not more.endswith("\n"):
        pass


def _row(number: int, line: str) -> Row:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Row(number, {}, line, _not_utf8(line) or Problem("bad_line", _no_json(error)))
    if not isinstance(value, dict):
        return Row(number, {}, line, Problem("bad_line", _no_object(value)))
    return Row(number, value, line, _not_utf8(line))


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


def count_lines(stream: BinaryIO, codec: str) -> int:
    """Lines, blank ones too. Raises what the stream raises."""
    lines, last = 0, b"\n"
    with decompress(stream, codec) as plain:
        while block := plain.read(1 << 18):
            lines += block.count(b"\n")
            last = block[-1:]
    return lines + (last != b"\n")


def schema(stream: BinaryIO, codec: str) -> pa.Schema:
    """The keys of the first 100 lines, with the types that their values fit (see `_arrow_type`).

    Of a damaged file, what the lines before the damage say.
    """
    kinds: dict[str, set[type]] = {}
    try:
        for row in islice(rows(stream, codec), _SAMPLE):
            for key, value in row.values.items():
                kinds.setdefault(key, set()).add(_kind(value))
    except Exception:  # the reader will meet it too, and settle it as a row
        pass
    return pa.schema([(key, _arrow_type(found)) for key, found in kinds.items() if is_text(key)])


def _kind(value: Any) -> type:
    is_wide = type(value) is int and not -(2**63) <= value < 2**63
    return object if is_wide else type(value)


def _arrow_type(kinds: set[type]) -> pa.DataType:
    """bool, int64 or float64 where all values but nulls are of that type; a string for all else."""
    kinds = kinds - {type(None)}
    if kinds == {bool}:
        return pa.bool_()
    if kinds == {int}:
        return pa.int64()
    return pa.float64() if kinds in ({float}, {int, float}) else pa.string()
