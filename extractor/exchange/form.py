"""What a document says beside its marked spans, as fields of a JSON object, and documents as lines of gold."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from extractor.errors import UserError
from extractor.evaluation.gold import GoldDocument
from extractor.evaluation.gold_rows import gold_rows
from extractor.evaluation.scored_tables import FURTHER
from extractor.exchange.marks import Marked, gathered

_WORDS = ("lang", "summary", "summaries", "record")
_DOCUMENT = TypeAdapter(GoldDocument)


def beside(document: GoldDocument) -> dict[str, Any]:
    """The fields of a document but its text, entities and relations; those that say nothing are left out."""
    said: dict[str, Any] = {"doc_id": document.doc_id, **{name: getattr(document, name) for name in _WORDS}}
    for table in FURTHER:
        said[table.word] = [
            {**row.values, "aliases": list(row.aliases), "alt_types": list(row.alt_types)}
            for row in document.rows.get(table.name, ())
        ]
    return {name: _plain(value) for name, value in said.items() if value not in (None, (), [], {})}


def gold_document(place: str, fields: Mapping[str, Any], text: str, marked: Marked) -> GoldDocument:
    """The document that these fields and marks make; its id is `doc_id`, else `id`. UserError for what is malformed."""
    doc_id = fields.get("doc_id", fields.get("id"))
    if doc_id is None or isinstance(doc_id, float | dict | list):
        raise UserError(f"{place}: no id; give every document a field id, or doc_id")
    entities, relations = gathered(marked)
    said = {name: fields[name] for name in _WORDS if fields.get(name) is not None}
    further = {table.word: fields[table.word] for table in FURTHER if fields.get(table.word) is not None}
    try:
        rows = gold_rows(further)
        return _DOCUMENT.validate_python(
            {**said, "doc_id": str(doc_id), "text": text, "rows": rows, "entities": entities, "relations": relations}
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(f"{place}: {where}: {first['msg']}; mend it, or take it out") from None


def gold_row(document: GoldDocument) -> dict[str, Any]:
    """The document as a line of gold, as `extract evaluate --help` tells its form."""
    row = {"doc_id": document.doc_id, "lang": document.lang, "text": document.text}
    row = {name: value for name, value in row.items() if value is not None}
    entities = [_said(entity) for entity in document.entities]
    relations = [_said(relation) for relation in document.relations]
    return row | {"entities": entities, "relations": relations} | beside(document)


def _said(one: Any) -> dict[str, Any]:
    """An entity or a relation; what says nothing is left out, but for names and types."""
    fields = {name: _plain(getattr(one, name)) for name in one.__slots__}
    return {name: value for name, value in fields.items() if value not in ([], {}, None)}


def _plain(value: Any) -> Any:
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
