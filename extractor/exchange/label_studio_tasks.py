"""Label Studio's tasks, written: JSON to import, and the interface in which its names are at home."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

from extractor.escape import in_json
from extractor.evaluation.gold import GoldDocument
from extractor.exchange.account import Account
from extractor.exchange.counting import Unit, counting
from extractor.exchange.form import beside
from extractor.exchange.label_studio import NAME, NOTE, SUMMARY
from extractor.exchange.marking import Marking
from extractor.exchange.marks import ALIAS, TextMark
from extractor.exchange.said import as_text

_INTERFACE = ".xml"
Result = dict[str, Any]


def write(
    documents: Sequence[GoldDocument], unit: Unit | None, account: Account, predictions: bool = False
) -> Iterator[tuple[str, str]]:
    """The file's lines, each with "", and its labeling interface with ".xml"; what was found stands as annotations,
    or as predictions."""
    results: list[Result] = []
    for number, document in enumerate(documents):
        found = list(_results(document, unit or "code-points", account))
        results += found
        task = {"data": _data(document), ("predictions" if predictions else "annotations"): [{"result": found}]}
        yield "", f"{'[' if number == 0 else ','}\n{in_json(task)}"
    yield "", "\n]\n"
    yield _INTERFACE, _interface(results)


def _data(document: GoldDocument) -> dict[str, Any]:
    said = beside(document)
    record = {name: value for name, value in (document.record or {}).items() if not _is_field(name, value)}
    said |= {"record": record}
    hidden = {SUMMARY} | ({"record"} if not record else set())
    return {"text": document.text, **{name: value for name, value in said.items() if name not in hidden}}


def _is_field(name: str, value: Any) -> bool:
    """Whether it can be written into a text field, and read back as it is."""
    return isinstance(value, str) and bool(value) and name != SUMMARY


def _results(document: GoldDocument, unit: Unit, account: Account) -> Iterator[Result]:
    marking = Marking(document, account)
    marked, text = marking.marked(), counting(document.text or "", unit)
    marking.leave_out()
    there = set()
    for mark in marked.marks:
        if mark.span and (place := text.theirs(*mark.span)):
            there.add(mark.id)
            yield _region(mark, place, account)
        else:
            account.left_out["mentions that begin or end inside a grapheme"] += 1
    aliases = [(other, ALIAS, group[0]) for group in marked.same for other in group[1:]]
    for one, word, two in (*marked.relations, *aliases):
        if one in there and two in there:
            yield {"from_id": one, "to_id": two, "type": "relation", "direction": "right", "labels": [word]}
    if document.summary is not None:
        yield _written(SUMMARY, document.summary)
    for name, value in (document.record or {}).items():
        if _is_field(name, value):
            yield _written(name, value)


def _region(mark: TextMark, place: tuple[int, int], account: Account) -> Result:
    start, end = place
    value = {"start": start, "end": end, "text": mark.text, "labels": list(mark.types)}
    region = {"id": mark.id, "from_name": "label", "to_name": "text", "type": "labels", "value": value}
    account.left_out["attributes called name, or with a colon in their name"] += sum(map(_is_odd, mark.attributes))
    named = {} if mark.name is None else {NAME: mark.name}
    notes = named | {key: value for key, value in mark.attributes.items() if not _is_odd(key)}
    lines = [f"{key}{NOTE}{as_text(value)}" for key, value in notes.items()]
    return region | ({"meta": {"text": lines}} if lines else {})


def _is_odd(key: str) -> bool:
    return key == NAME or NOTE in key


def _written(name: str, text: str) -> Result:
    there = {"id": f"field-{name}", "from_name": name, "to_name": "text"}
    return {**there, "type": "textarea", "value": {"text": [text]}}


def _interface(results: Iterable[Mapping[str, Any]]) -> str:
    """The labeling interface: paste it into the project's settings."""
    labels = _words(label for one in results if one["type"] == "labels" for label in one["value"]["labels"])
    relations = _words(label for one in results if one["type"] == "relation" for label in one["labels"])
    fields = _words(one["from_name"] for one in results if one["type"] == "textarea")
    lines = ["<View>", '  <Labels name="label" toName="text">']
    lines += [f"    <Label value={quoteattr(label)}/>" for label in labels]
    lines += ["  </Labels>", "  <Relations>", *(f"    <Relation value={quoteattr(word)}/>" for word in relations)]
    lines += ["  </Relations>", '  <Text name="text" value="$text" granularity="symbol"/>']
    lines += [
        f'  <Header value={quoteattr(name)}/>\n  <TextArea name={quoteattr(name)} toName="text" editable="true"/>'
        for name in fields
    ]
    return "\n".join([*lines, "</View>", ""])


def _words(said: Iterable[str]) -> list[str]:
    return sorted({*said})
