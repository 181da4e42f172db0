"""A value of any kind as the text that other tools have for it, and back; and files of JSON, read and written."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from extractor.errors import UserError
from extractor.escape import in_json, in_line


def as_text(value: Any) -> str:
    """A text as it is, where it would be read as itself; anything else as JSON."""
    is_plain = isinstance(value, str) and value == value.strip() and value == in_line(value) and value
    return value if is_plain and from_text(value) == value else in_json(value)


def from_text(text: str) -> Any:
    """The value that a text says."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return text


def _no_constant(word: str) -> None:
    raise ValueError(word)


def listed(place: str, held: Mapping[str, Any], name: str) -> list[Any]:
    """What a field holds, which must be a list; [] where it is absent or null. UserError for anything else."""
    found = held.get(name)
    if found is not None and not isinstance(found, list):
        raise UserError(f"{place}: {name} is no list, but {in_json(found)[:50]}; export it again")
    return found or []


def objects(place: str, held: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The same, where each must be an object."""
    found = listed(place, held, name)
    if odd := [one for one in found if not isinstance(one, dict)]:
        raise UserError(f"{place}: {in_json(odd[0])[:50]} in {name} is no object; export it again")
    return found


def json_objects(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each object of a file of JSON lines, of one array or of one object, with where it stands ("file:3").

    UserError for a file that cannot be read, and for what is no object.
    """
    text = read_text(path)
    whole = text.lstrip()[:1] == "["
    for place, value in _array(path, text) if whole else _lines(path, text):
        if not isinstance(value, dict):
            raise UserError(f"{place}: not a JSON object; every document is an object, {{…}}")
        yield place, value


def read_text(path: Path) -> str:
    """What a file of UTF-8 says, without a mark of its byte order. UserError where it is another encoding."""
    try:
        return path.read_bytes().decode("utf-8").removeprefix("\ufeff")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: not UTF-8; `iconv -t UTF-8` makes it so") from None


def _array(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not JSON: {error}; export it again") from None
    return ((f"{path}, number {number}", value) for number, value in enumerate(found, 1))


def _lines(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    lines = [(f"{path}:{number}", line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    try:
        return iter([(place, json.loads(line)) for place, line in lines])
    except (ValueError, RecursionError):
        return iter([_one(path, text, lines)])


def _one(path: Path, text: str, lines: list[tuple[str, str]]) -> tuple[str, Any]:
    """An object over many lines."""
    try:
        return str(path), json.loads(text)
    except (ValueError, RecursionError):
        pass
    for place, line in lines:
        try:
            json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{place}: not JSON: {error}; write one object a line, or one array") from None
    raise UserError(f"{path}: not JSON")
