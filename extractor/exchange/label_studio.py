"""Label Studio's tasks, read: JSON as it exports it, with annotations or predictions of labels, relations and texts.

It counts code points (charsToCodePoints in its editor), once UTF-16 code units; CR and LF are one each.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from extractor.errors import UserError
from extractor.evaluation.gold import GoldDocument
from extractor.exchange.account import Account
from extractor.exchange.counting import Counting, Quote, Unit, counting, fitting
from extractor.exchange.form import gold_document
from extractor.exchange.marks import ALIAS, Marked, TextMark
from extractor.exchange.said import from_text, json_objects, listed, objects

UNITS: tuple[Unit, ...] = ("code-points", "utf-16", "lines")
SUMMARY = "summary"  # the name of the text field that is the summary
_LABELS = ("labels", "hypertextlabels")
_FIELDS = {"textarea": "text", "choices": "choices", "taxonomy": "taxonomy", "rating": "rating", "number": "number"}
_OURS = ("doc_id", "lang", SUMMARY)  # what we put beside a text
NAME, NOTE = "name", ": "  # a note to a region: what it is about, and what that is
Result = Mapping[str, Any]


def is_label_studio(row: dict[str, Any]) -> bool:
    """Whether this is a task as Label Studio has it."""
    return isinstance(row.get("data"), dict) and any(name in row for name in ("annotations", "predictions"))


def read(path: Path, unit: Unit | None, account: Account, predictions: bool = False) -> Iterator[GoldDocument]:
    """The annotated tasks of a file; `predictions` takes these where nobody has annotated. UserError for what is no
    task."""
    for place, row in json_objects(path):
        data = row.get("data")
        if not isinstance(data, dict):
            raise UserError(f"{place}: no data; export the project as JSON (not JSON-MIN)")
        if (results := _results(place, row, predictions, account)) is not None:
            yield _document(place, {"id": row.get("id"), **data}, results, unit, account)


def _results(place: str, row: dict[str, Any], predictions: bool, account: Account) -> list[dict[str, Any]] | None:
    done = [one for one in objects(place, row, "annotations") if not one.get("was_cancelled")]
    account.left_out["annotations of tasks that have a later one"] += max(len(done) - 1, 0)
    guessed = objects(place, row, "predictions") if predictions else []
    found = sorted(done, key=lambda one: str(one.get("updated_at") or "")) or guessed
    if not found:
        account.left_out["tasks that nobody has annotated"] += 1
        return None
    return objects(place, found[-1], "result")


def _document(
    place: str, data: dict[str, Any], results: Sequence[Result], unit: Unit | None, account: Account
) -> GoldDocument:
    regions = [(str(one.get("id")), *_span(one), _value(one)) for one in results if one.get("type") in _LABELS]
    quotes: list[Quote] = [
        (start, end, value["text"]) for _, start, end, value in regions if isinstance(value.get("text"), str)
    ]
    text = _text_of(place, data, quotes)
    counted = counting(text, unit) if unit else fitting(text, quotes, UNITS)
    marks: dict[str, TextMark] = {}
    for region in regions:  # of several with one id each says a type of the same
        if mark := _mark(place, region, counted, account):
            before = marks[mark.id].types if mark.id in marks else ()
            marks[mark.id] = replace(mark, types=tuple(dict.fromkeys((*before, *mark.types))))
    for one in results:
        if (mark := marks.get(str(one.get("id")))) and isinstance(one.get("meta"), dict):
            marks[mark.id] = _with_notes(mark, one["meta"].get("text"), account)
    marked, fields = Marked(), dict[str, Any]()
    for one in results:
        if one.get("type") == "relation":
            _take_relation(place, marked, one, marks, account)
        elif str(one.get("type")) in _FIELDS:
            _take_field(fields, one, marks)
        elif one.get("type") not in _LABELS:
            account.left_out[f"results of type {one.get('type')}"] += 1
    marked.marks.extend(marks.values())
    said = {SUMMARY: data.get(SUMMARY), **{name: value for name, value in fields.items() if name == SUMMARY}}
    kept = data["record"] if isinstance(data.get("record"), dict) else {}
    record = {**kept, **{name: value for name, value in fields.items() if name != SUMMARY}}
    return gold_document(place, {**data, **said, "record": record or None}, text, marked)


def _value(result: Result) -> dict[str, Any]:
    found = result.get("value")
    return found if isinstance(found, dict) else {}


def _span(region: Result) -> tuple[int, int]:
    """Where it says that it stands; (-1, -1) where it does not say so in numbers, as in HTML."""
    value = _value(region)
    told = value.get("globalOffsets")
    for said in (value, told if isinstance(told, dict) else {}):
        start, end = str(said.get("start")), str(said.get("end"))
        if start.isdecimal() and end.isdecimal():
            return int(start), int(end)
    return -1, -1


def _text_of(place: str, data: Mapping[str, Any], quotes: Sequence[Quote]) -> str:
    """The text of a task: `text`, else the only one, else the one in which all stands that is marked."""
    texts = {name: value for name, value in data.items() if isinstance(value, str) and name not in _OURS}
    if "text" in texts or len(texts) == 1:
        return texts["text"] if "text" in texts else next(iter(texts.values()))
    fits = [text for text in texts.values() if all(any(way.says(q) for way in _ways(text)) for q in quotes)]
    if len(fits) != 1 or not quotes:
        raise UserError(f"{place}: which of {', '.join(texts) or 'no texts'} is the text? call it text in data")
    return fits[0]


def _ways(text: str) -> Iterator[Counting]:
    return (counting(text, unit) for unit in UNITS)


def _mark(
    place: str, region: tuple[str, int, int, Mapping[str, Any]], text: Counting, account: Account
) -> TextMark | None:
    region_id, start, end, value = region
    types = tuple(map(str, listed(place, value, "labels") or listed(place, value, "hypertextlabels")))
    span = text.ours(start, end)
    if not types:
        account.left_out["regions without a label"] += 1
    elif start < 0:
        account.left_out["regions in HTML that are told by XPath alone"] += 1
    elif span is None:
        raise UserError(f"{place}: region {region_id}: [{start}, {end}] is no span of the text; was the text changed?")
    elif isinstance(value.get("text"), str) and not text.says((start, end, value["text"])):
        account.left_out["regions whose text does not stand at their place"] += 1
    else:
        return TextMark(region_id, text.text[slice(*span)], span, types)
    return None


def _with_notes(mark: TextMark, notes: Any, account: Account) -> TextMark:
    """The mark with what the notes to it say: `name: …` is its thing's name, any other `key: …` an attribute."""
    for line in notes if isinstance(notes, list) else [notes] if notes else []:
        key, told, said = str(line).partition(NOTE)
        if not told:
            account.left_out["notes to regions"] += 1
        elif key == NAME:
            mark = replace(mark, name=str(from_text(said)))
        else:
            mark = replace(mark, attributes={**mark.attributes, key: from_text(said)})
    return mark


def _take_relation(place: str, marked: Marked, result: Result, marks: Mapping[str, TextMark], account: Account) -> None:
    one, two = str(result.get("from_id")), str(result.get("to_id"))
    if one not in marks or two not in marks:
        account.left_out["relations with an end that is not marked"] += 1
        return
    if result.get("direction") == "left":
        one, two = two, one
    labels = [str(label) for label in listed(place, result, "labels")]
    account.left_out["relations without a label"] += not labels
    for label in labels:
        if label.casefold() == ALIAS:
            marked.same.append((two, one))
            continue
        marked.relations.append((one, label, two))
        if result.get("direction") == "bi":
            marked.relations.append((two, label, one))


def _take_field(fields: dict[str, Any], result: Result, marks: dict[str, TextMark]) -> None:
    """What was written or chosen for the document; for a region it is an attribute of what that names."""
    name, said = str(result.get("from_name")), _value(result).get(_FIELDS[str(result["type"])])
    value = said[0] if isinstance(said, list) and len(said) == 1 else said
    mark = marks.get(str(result.get("id")))
    if mark:
        marks[mark.id] = replace(mark, attributes={**mark.attributes, name: value})
    elif name == SUMMARY and isinstance(said, list):
        fields[name] = "\n".join(map(str, said))
    elif value is not None:
        fields[name] = value
