"""doccano's JSON lines: a text and its labels, or its entities with relations; all else of a row is kept beside it.

Its page counts UTF-16 code units (JavaScript's), or graphemes in projects that say so; the file does not say which.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from extractor.errors import UserError
from extractor.escape import in_json
from extractor.evaluation.gold import GoldDocument
from extractor.exchange.account import Account
from extractor.exchange.counting import Counting, Unit, counting
from extractor.exchange.form import beside, gold_document
from extractor.exchange.marking import Marking
from extractor.exchange.marks import ALIAS, Marked, TextMark
from extractor.exchange.said import json_objects, listed, objects

USUAL: Unit = "utf-16"


def is_doccano(row: dict[str, Any]) -> bool:
    """Whether this is a document with spans as doccano has them."""
    spans, found = row.get("label", row.get("labels")), row.get("entities")
    triples = isinstance(spans, list) and all(isinstance(one, list) and len(one) == 3 for one in spans)
    return triples or (isinstance(found, list) and any("start_offset" in one for one in found))


def read(path: Path, unit: Unit | None, account: Account) -> Iterator[GoldDocument]:
    """The documents of a file. UserError where one is not as doccano writes it."""
    for place, row in json_objects(path):
        text = row.get("text", row.get("data"))
        if not isinstance(text, str):
            raise UserError(f"{place}: no text; export a project of sequence labeling as JSONL")
        counted = counting(text, unit or USUAL)
        if unit is None and len(counted.places) != len(text) + 1:
            account.changed["texts beyond U+FFFF, read by UTF-16 code units (--offsets says otherwise)"] += 1
        marked = Marked(list(_marks(place, row, counted)))
        known = {mark.id for mark in marked.marks}
        for one in objects(place, row, "relations"):
            ends = str(one.get("from_id")), str(one.get("to_id"))
            if not known.issuperset(ends):
                raise UserError(f"{place}: a relation joins {ends[0]} and {ends[1]}, which are not both entities")
            if str(one.get("type")).casefold() == ALIAS:
                marked.same.append(ends[::-1])
            else:
                marked.relations.append((ends[0], str(one.get("type", "")), ends[1]))
        others = row.get("Comments") or row.get("comments")
        account.left_out["comments"] += len(others) if isinstance(others, list) else bool(others)
        meta = row.get("meta")
        yield gold_document(place, {**(meta if isinstance(meta, dict) else {}), **row}, text, marked)


def _marks(place: str, row: dict[str, Any], text: Counting) -> Iterator[TextMark]:
    spans = listed(place, row, "label" if "label" in row else "labels")
    for number, one in enumerate([*spans, *objects(place, row, "entities")], 1):
        try:
            start, end, label = one if isinstance(one, list) else (one["start_offset"], one["end_offset"], one["label"])
            span = text.ours(int(start), int(end))
        except (TypeError, ValueError, KeyError):
            cure = "export a project of sequence labeling, in which a label is [start, end, label]"
            raise UserError(f"{place}: {in_json(one)[:100]} marks no span; {cure}") from None
        if span is None:
            cure = "say how they were counted: --offsets code-points, utf-16 or graphemes"
            raise UserError(f"{place}: [{start}, {end}] is no span of the text; {cure}")
        mark_id = str(one["id"]) if isinstance(one, dict) and "id" in one else f"n{number}"
        yield TextMark(mark_id, text.text[slice(*span)], span, (str(label),))


def write(documents: Sequence[GoldDocument], unit: Unit | None, account: Account) -> Iterator[tuple[str, str]]:
    """The lines of a file, each with "": in the form with relations where there are any."""
    rows = []
    for document in documents:
        marking = Marking(document, account)
        marking.leave_out(attributes=True, types=True, names=True)
        rows.append((document, marking.marked()))
    with_relations = any(marked.relations or marked.same for _, marked in rows)
    first = 1
    for document, marked in rows:
        row = _row(document, marked, with_relations, counting(document.text or "", unit or USUAL), account, first)
        first += len(marked.marks) + len(marked.relations)
        yield "", in_json(row) + "\n"


def _row(
    document: GoldDocument, marked: Marked, related: bool, text: Counting, account: Account, first: int
) -> dict[str, Any]:
    numbers = {mark.id: number for number, mark in enumerate(marked.marks, first)}
    spans: list[tuple[int, int, int, str]] = []
    for mark in marked.marks:
        if mark.span and (place := text.theirs(*mark.span)):
            spans.append((numbers[mark.id], *place, mark.types[0]))
        else:
            account.left_out["mentions that begin or end inside a grapheme"] += 1
    row = {"text": document.text, **beside(document)}
    if not related:
        return row | {"label": [[start, end, label] for _, start, end, label in spans]}
    row["entities"] = [
        {"id": number, "label": label, "start_offset": start, "end_offset": end} for number, start, end, label in spans
    ]
    there = {number for number, *_ in spans}
    aliases = [(other, ALIAS, group[0]) for group in marked.same for other in group[1:]]
    joined = [(numbers[one], word, numbers[two]) for one, word, two in (*marked.relations, *aliases)]
    kept = [triple for triple in joined if there.issuperset((triple[0], triple[2]))]
    account.left_out["relations with an end that is not marked"] += len(joined) - len(kept)
    row["relations"] = [
        {"id": number, "from_id": one, "to_id": two, "type": word}
        for number, (one, word, two) in enumerate(kept, first + len(marked.marks))
    ]
    return row
