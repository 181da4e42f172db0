"""brat's folders, read: name.txt with its text and name.ann with what is marked in it.

Offsets are code points of the text as Python reads it: CR LF is one (github.com/nlplab/brat/issues/853). Where another
tool counted otherwise, the texts that stand in the lines of an .ann say so.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from extractor.errors import UserError
from extractor.evaluation.gold import GoldDocument
from extractor.exchange.account import Account
from extractor.exchange.brat_lines import AnnLines, Placed, lines_of
from extractor.exchange.counting import Counting, Quote, Span, Unit, counting, fitting, seen
from extractor.exchange.form import gold_document
from extractor.exchange.marks import Marked, TextMark
from extractor.exchange.said import from_text

UNITS: tuple[Unit, ...] = ("lines", "code-points", "utf-16")
NAME = "name: "  # how a note says what a mark's thing is called
ROLE = "Participant"  # of an event's arguments, as we write them
ASIDE = ("when", "where")  # columns of an event that are attributes here
_BOM = "\ufeff"


def is_brat(folder: Path) -> bool:
    """Whether a folder holds texts with annotations as brat has them."""
    return next(folder.rglob("*.ann"), None) is not None


def read(folder: Path, unit: Unit | None, account: Account) -> Iterator[GoldDocument]:
    """The annotated documents of a folder and those within. UserError with file and line for what is not brat's."""
    texts = sorted(path for path in folder.rglob("*.txt") if path.is_file())
    lonely = {_ann(path) for path in texts}.symmetric_difference(folder.rglob("*.ann"))
    if orphans := sorted(path for path in lonely if path.exists()):
        raise UserError(f"{orphans[0]}: its text is not beside it; bring the .txt back, or take the .ann away")
    for path in texts:
        if _ann(path).exists():
            doc_id = unquote(path.relative_to(folder).as_posix().removesuffix(".txt"))
            yield _Document(path, lines_of(_ann(path)), unit, account).gold(doc_id)
        else:
            account.left_out["texts without an .ann"] += 1


def _ann(path: Path) -> Path:
    return path.with_name(f"{path.name.removesuffix('.txt')}.ann")


class _Document:
    """A text, and the lines of its .ann as what they say together."""

    def __init__(self, path: Path, lines: AnnLines, unit: Unit | None, account: Account) -> None:
        self.path, self.lines, self.account = path, lines, account
        self.text = _counted(path, lines, unit)
        self.said: dict[str, dict[str, Any]] = {}
        for place, whose, name, value in lines.attributes:
            if whose not in lines.marks and whose not in lines.events:
                raise UserError(f"{place}: no line of this file is {whose}; take this one out, or bring that one back")
            self.said.setdefault(whose, {})[name] = value
        triggers = {event.trigger for event in lines.events.values()}
        self.marks = {name: self._mark(name, placed) for name, placed in lines.marks.items() if name not in triggers}
        for about, note in lines.notes:
            if about in self.marks and note.startswith(NAME):
                named = str(from_text(note.removeprefix(NAME)))
                self.marks[about] = replace(self.marks[about], name=named)
            else:
                account.left_out["notes of annotators"] += 1

    def gold(self, doc_id: str) -> GoldDocument:
        """The document that they make."""
        found = Marked(list(self.marks.values()))
        for place, word, one, two in self.lines.relations:
            self._known(place, one, two)
            if one in self.marks and two in self.marks:
                found.relations.append((one, word, two))
            else:
                self.account.left_out["relations between events"] += 1
        for place, names in self.lines.same:
            self._known(place, *names)
            found.same.append(tuple(name for name in names if name in self.marks))
        found.same[:] = [names for names in found.same if len(names) > 1]
        return gold_document(str(self.path), {"doc_id": doc_id, "events": list(self._events())}, self.text.text, found)

    def _known(self, place: str, *names: str) -> None:
        for name in names:
            if name not in self.lines.marks and name not in self.lines.events:
                raise UserError(f"{place}: no line of this file is {name}; take this one out, or bring that one back")

    def _mark(self, name: str, placed: Placed) -> TextMark:
        """Parts that only blanks keep apart are one span."""
        spans = [self._span(placed, *span) for span in placed.spans]
        whole = spans[0][0], spans[-1][1]
        gaps = (self.text.text[one[1] : two[0]] for one, two in pairwise(spans))
        attributes = self.said.get(name, {})
        if not any(gap.strip() for gap in gaps):
            self._check(placed, whole)
            return TextMark(name, self.text.text[slice(*whole)], whole, (placed.type,), None, attributes)
        self.account.changed["things whose parts are apart, now named without a place"] += 1
        said = " ".join(self.text.text[slice(*span)] for span in spans)
        return TextMark(name, said, None, (placed.type,), None, attributes)

    def _span(self, placed: Placed, start: int, end: int) -> Span:
        span = self.text.ours(start, end)
        if span is None:
            raise UserError(f"{placed.place}: {start} {end} is no span of {self.path}; was the text changed?")
        return span

    def _check(self, placed: Placed, span: Span) -> None:
        stands = self.text.text[slice(*span)]
        if placed.text and seen(stands) != seen(placed.text):
            raise UserError(
                f"{placed.place}: {stands[:50]!r} stands there in {self.path.name}, not {placed.text[:50]!r}; was the"
                " text changed?"
            )

    def _events(self) -> Iterator[dict[str, Any]]:
        for name, event in self.lines.events.items():
            self._known(event.place, event.trigger, *(whom for _, whom in event.arguments))
            said = dict(self.said.get(name, {}))
            roles = [role for role, _ in event.arguments if role.rstrip("0123456789") != ROLE]
            self.account.left_out["roles of who takes part in events"] += len(roles)
            yield {
                "name": self._called(event.trigger),
                "type": event.type,
                **{column: str(said.pop(column)) for column in ASIDE if column in said},
                "participants": [self._called(whom) for _, whom in event.arguments],
                **({"attributes": said} if said else {}),
            }

    def _called(self, name: str) -> str:
        """What stands at a mark, or what its thing is called; an event is called as its trigger."""
        if name in self.lines.events:
            return self._called(self.lines.events[name].trigger)
        mark = self.marks.get(name) or self._mark(name, self.lines.marks[name])
        return mark.name if mark.name is not None else mark.text


def _counted(path: Path, lines: AnnLines, unit: Unit | None) -> Counting:
    """The text, counted so that what the lines say stands at its places; without a mark of its byte order, if so."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{path}: not UTF-8; `iconv -t UTF-8` makes it so") from None
    quotes: list[Quote] = [
        (placed.spans[0][0], placed.spans[-1][1], placed.text) for placed in lines.marks.values() if placed.text
    ]
    ways = [counting(text, unit) if unit else fitting(text, quotes, UNITS)]
    if text.startswith(_BOM):
        ways.append(fitting(text.removeprefix(_BOM), quotes, UNITS))
    return max(ways, key=lambda way: sum(map(way.says, quotes)))
