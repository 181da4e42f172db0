"""brat's folders, written: for each document its text as it is, an .ann, and one annotation.conf for all."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from extractor.documents.ids import content_id
from extractor.evaluation.gold import GoldDocument
from extractor.evaluation.gold_rows import GoldRow
from extractor.evaluation.scored_tables import FURTHER
from extractor.exchange.account import Account
from extractor.exchange.brat import ASIDE, NAME, ROLE
from extractor.exchange.counting import Counting, Unit, counting
from extractor.exchange.form import beside
from extractor.exchange.marking import Marking
from extractor.exchange.marks import Marked, TextMark
from extractor.exchange.said import as_text
from extractor.tables.events import EVENTS

_LONGEST = 200  # bytes of a file's name, its ending not counted
_BREAK = re.compile(r"[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")  # where who reads an .ann by lines may end one
_NO_NAME = re.compile(r'[\x00-\x1f"%*/:<>?\\|]')  # what some disk takes in no name
_WORDS = {"lang": "languages", "summary": "summaries", "summaries": "further summaries", "record": "records"}
_NO_EVENT = "Event"  # the type of events that have none


def write(documents: Sequence[GoldDocument], unit: Unit | None, account: Account) -> Iterator[tuple[str, str]]:
    """Files by their names: what is in the texts, and annotation.conf."""
    kinds = _Kinds()
    for document in documents:
        name = _name(document.doc_id, account)
        for field in beside(document):
            account.left_out[_WORDS.get(field, field)] += field in _WORDS
        yield f"{name}.txt", document.text or ""
        yield f"{name}.ann", "".join(_AnnText(document, unit or "lines", account, kinds).lines())
    yield "annotation.conf", kinds.text()


class _Kinds:
    """The types of all documents, as annotation.conf declares them."""

    def __init__(self) -> None:
        self.entities, self.relations, self.events = set[str](), set[str](), set[str]()

    def text(self) -> str:
        """The file."""
        relations = (f"{word}\tArg1:<ENTITY>, Arg2:<ENTITY>" for word in sorted(self.relations))
        events = (f"{word}\t{ROLE}*:<ENTITY>" for word in sorted(self.events))
        sections = {"entities": sorted(self.entities), "relations": relations, "events": events, "attributes": ()}
        return "\n".join(line for name, lines in sections.items() for line in (f"[{name}]", *lines, ""))


class _AnnText:
    """One document as the lines of its .ann."""

    def __init__(self, document: GoldDocument, unit: Unit, account: Account, kinds: _Kinds) -> None:
        self.document, self.account, self.kinds = document, account, kinds
        self.marking = Marking(document, account)
        self.marked: Marked = self.marking.marked()
        self.marking.leave_out(types=True)
        self.text: Counting = counting(document.text or "", unit)
        self.there, self._attributes, self._marks = set[str](), 0, len(self.marked.marks)

    def lines(self) -> Iterator[str]:
        """The lines, with their ends."""
        for mark in self.marked.marks:
            yield from self._mark(mark)
        for group in self.marked.same:
            names = [name for name in group if name in self.there]
            if len(names) > 1:
                yield f"*\tEquiv {' '.join(names)}\n"
        number = 0
        for one, word, two in self.marked.relations:
            if one in self.there and two in self.there:
                number += 1
                kind = self._word(word, "predicates")
                self.kinds.relations.add(kind)
                yield f"R{number}\t{kind} Arg1:{one} Arg2:{two}\n"
        for number, event in enumerate(self.document.rows.get(EVENTS.name, ()), 1):
            yield from self._event(f"E{number}", event)
        for table in FURTHER:
            if table.name != EVENTS.name:
                self.account.left_out[table.word] += len(self.document.rows.get(table.name, ()))

    def _mark(self, mark: TextMark) -> Iterator[str]:
        kind = self._word(mark.types[0], "types")
        line = self._placed(mark.id, kind, mark.span or (0, 0))
        if line is None:
            self.account.left_out["mentions of nothing but line ends"] += 1
            return
        self.kinds.entities.add(kind)
        self.there.add(mark.id)
        yield line
        yield from self._said(mark.id, mark.attributes)
        if mark.name is not None:
            yield f"#{mark.id[1:]}\tAnnotatorNotes {mark.id}\t{NAME}{as_text(mark.name)}\n"

    def _placed(self, name: str, kind: str, span: tuple[int, int]) -> str | None:
        """A line T, in parts where a line ends within; None for what holds nothing but ends of lines."""
        said = self.text.text[slice(*span)]
        parts, at = list[tuple[int, int]](), 0
        for found in (*_BREAK.finditer(said), None):
            upto = found.start() if found else len(said)
            if upto > at:
                parts.append((span[0] + at, span[0] + upto))
            at = found.end() if found else at
        if not parts:
            return None
        self.account.changed["mentions that began or ended at a line's end, now without it"] += (
            parts[0][0],
            parts[-1][1],
        ) != span
        places = [self.text.theirs(*part) or part for part in parts]
        texts = (self.text.text[slice(*part)] for part in parts)
        return f"{name}\t{kind} {';'.join(f'{start} {end}' for start, end in places)}\t{' '.join(texts)}\n"

    def _said(self, name: str, attributes: dict[str, object]) -> Iterator[str]:
        for key, value in attributes.items():
            if not key.strip():
                self.account.left_out["attributes without a name"] += 1
                continue
            self._attributes += 1
            told = "" if value is True else f" {as_text(value)}"
            yield f"A{self._attributes}\t{self._word(key, 'names of attributes')} {name}{told}\n"

    def _event(self, name: str, event: GoldRow) -> Iterator[str]:
        said = event.values
        self.account.left_out["aliases and further types of events"] += bool(event.aliases or event.alt_types)
        span = self.marking.place_of(said["name"])
        kind = self._word((said.get("type") or _NO_EVENT).replace(":", " "), "types")
        trigger = f"T{self._marks + 1}"
        line = span and self._placed(trigger, kind, span)
        if not line:
            self.account.left_out["events that do not stand in their texts"] += 1
            return
        self._marks += 1
        self.kinds.events.add(kind)
        yield line
        joined = [self.marking.find(one) for one in said.get("participants") or ()]
        ids = [self.marking.id_of(one) for one in joined if one is not None]
        self.account.left_out["participants of events that are no entities"] += len(joined) - len(ids)
        roles = (f" {ROLE}{number if number > 1 else ''}:{one}" for number, one in enumerate(ids, 1))
        yield f"{name}\t{kind}:{trigger}{''.join(roles)}\n"
        aside = {column: said[column] for column in ASIDE if said.get(column)}
        yield from self._said(name, {**aside, **(said.get("attributes") or {})})

    def _word(self, text: str, what: str) -> str:
        """As one word, which brat's types are."""
        word = re.sub(r"\s", "_", text)
        self.account.changed[f"{what} with blanks, now with _"] += word != text
        return word


def _name(doc_id: str, account: Account) -> str:
    """As a file may be called."""
    name = _NO_NAME.sub(lambda found: quote(found[0], safe=""), doc_id)
    if len(name.encode()) <= _LONGEST:
        return name
    account.changed["ids too long for the name of a file, now shorter"] += 1
    return f"{_NO_NAME.sub('_', doc_id[:20])}-{content_id(doc_id)}"
