"""The lines of one of brat's .ann files, by their kinds; see brat.nlplab.org/standoff.html."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from extractor.errors import UserError
from extractor.exchange.said import from_text, read_text

_PLACED = re.compile(r"(\S+) (\d+ \d+(?:;\d+ \d+)*)")
_CURE = "see brat.nlplab.org/standoff.html, or take the line out"


@dataclass(frozen=True, slots=True)
class Placed:
    """A line T: a type, one span or several that belong together, and the text that stands there."""

    place: str  # of the line, as people are told
    type: str
    spans: list[tuple[int, int]]
    text: str


@dataclass(frozen=True, slots=True)
class Happening:
    """A line E: a type, the T that says it, and by role who takes part."""

    place: str
    type: str
    trigger: str
    arguments: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class AnnLines:
    """All lines of a file; what others name is by its id."""

    path: Path
    marks: dict[str, Placed] = field(default_factory=dict)
    events: dict[str, Happening] = field(default_factory=dict)
    relations: list[tuple[str, str, str, str]] = field(default_factory=list)  # place, type, one end, other end
    attributes: list[tuple[str, str, str, Any]] = field(default_factory=list)  # place, whose, name, value
    notes: list[tuple[str, str]] = field(default_factory=list)  # about what, text
    same: list[tuple[str, list[str]]] = field(default_factory=list)  # place, the T that are one thing


def lines_of(path: Path) -> AnnLines:
    """The lines of a file. UserError with file and line for one that is not as brat writes it."""
    found = AnnLines(path)
    for number, line in enumerate(read_text(path).replace("\r\n", "\n").split("\n"), 1):
        if not line.strip():
            continue
        place, name = f"{path}:{number}", line.partition("\t")[0]
        fields = line.split("\t", 2)[1:]
        take = _KINDS.get(name[:1])
        try:
            if take is None or not fields:
                raise ValueError("no line of brat's")
            take(found, place, name, fields)
        except (ValueError, IndexError) as error:
            raise UserError(f"{place}: {line[:80]!r}: {error}; {_CURE}") from None
    return found


def _take_mark(found: AnnLines, place: str, name: str, fields: list[str]) -> None:
    said = _PLACED.fullmatch(fields[0].strip())
    if said is None:
        raise ValueError("no TYPE START END")
    spans = [tuple(map(int, one.split(" "))) for one in said[2].split(";")]
    if name in found.marks:
        raise ValueError(f"{name} is there twice")
    found.marks[name] = Placed(place, said[1], sorted(spans), fields[1] if len(fields) > 1 else "")  # type: ignore[arg-type]


def _take_event(found: AnnLines, place: str, name: str, fields: list[str]) -> None:
    first, *others = (word.split(":", 1) for word in fields[0].split())
    if any(len(pair) != 2 for pair in (first, *others)):
        raise ValueError("no TYPE:TRIGGER ROLE:ID …")
    found.events[name] = Happening(place, first[0], first[1], [(role, whom) for role, whom in others])


def _take_relation(found: AnnLines, place: str, name: str, fields: list[str]) -> None:
    word, *ends = fields[0].split()
    if len(ends) != 2 or any(":" not in end for end in ends):
        raise ValueError("no TYPE Arg1:ID Arg2:ID")
    one, two = (end.split(":", 1)[1] for end in ends)
    found.relations.append((place, word, one, two))


def _take_attribute(found: AnnLines, place: str, name: str, fields: list[str]) -> None:
    word, whose, *value = fields[0].split(" ", 2)
    said = "\t".join([*value, *fields[1:]])
    found.attributes.append((place, whose.strip(), word, from_text(said) if said.strip() else True))


def _take_reference(found: AnnLines, place: str, name: str, fields: list[str]) -> None:
    word, whose, reference = fields[0].split(" ", 2)
    found.attributes.append((place, whose, word, reference))


def _take_note(found: AnnLines, place: str, name: str, fields: list[str]) -> None:
    _, about = fields[0].split(" ", 1)
    found.notes.append((about.strip(), fields[1] if len(fields) > 1 else ""))


def _take_same(found: AnnLines, place: str, name: str, fields: list[str]) -> None:
    _, *names = fields[0].split()
    if len(names) < 2:
        raise ValueError("fewer than two are the same")
    found.same.append((place, names))


_KINDS: dict[str, Callable[[AnnLines, str, str, list[str]], None]] = {
    "T": _take_mark,
    "E": _take_event,
    "R": _take_relation,
    "A": _take_attribute,
    "M": _take_attribute,
    "N": _take_reference,
    "#": _take_note,
    "*": _take_same,
}
