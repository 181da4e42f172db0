"""Gold: what a person says is in each document, read from Parquet or JSONL and checked row by row."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BeforeValidator, TypeAdapter, ValidationError

from extractor.errors import UserError
from extractor.evaluation.gold_rows import GoldRow, Json, gold_rows
from extractor.evaluation.scored_tables import SCORED
from extractor.tables import ENTITIES, RELATIONS, Table
from extractor.tasks.reviewed import rows_of

Annotation = Literal["exhaustive", "partial", "none"]

# words in labels.json that say "what is not annotated may still be true"
PARTIAL_WORDS = ("partial", "silver", "not fully")


def _span(value: Any) -> Any:
    return (value.get("start"), value.get("end")) if isinstance(value, dict) else value


def _id(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value


Span = Annotated[tuple[int, int], BeforeValidator(_span)]


@dataclass(frozen=True, slots=True)
class GoldEntity:
    """An entity; right is whoever gives its name, an alias or a mention's text, with its type or one of `alt_types`."""

    name: str
    type: str = ""
    mentions: tuple[Span, ...] = ()  # [start, end) in code points
    aliases: tuple[str, ...] = ()
    alt_types: tuple[str, ...] = ()
    attributes: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GoldRelation:
    """A relation whose ends are names of entities."""

    subject: str
    predicate: str
    object: str


@dataclass(frozen=True, slots=True)
class GoldDocument:
    """One row of the gold file; `summaries` are further references beside `summary`, `rows` those of further tables."""

    doc_id: Annotated[str, BeforeValidator(_id)]
    lang: str | None = None
    text: str | None = None
    entities: tuple[GoldEntity, ...] = ()
    relations: tuple[GoldRelation, ...] = ()
    summary: str | None = None
    summaries: tuple[str, ...] = ()
    record: Json | None = None
    rows: dict[str, tuple[GoldRow, ...]] = field(default_factory=dict)  # by table

    def kinds(self, table: Table) -> list[str]:
        """The kind of each thing that it marks of a scored table, "" where it says none."""
        if table.name == ENTITIES.name:
            return [entity.type for entity in self.entities]
        if table.name == RELATIONS.name:
            return [relation.predicate for relation in self.relations]
        return [row.values.get(table.kind or "", "") for row in self.rows.get(table.name, ())]


@dataclass(frozen=True, slots=True)
class Gold:
    """All gold documents by id, and how far their annotation goes."""

    source: str
    documents: dict[str, GoldDocument]
    annotation: dict[str, Annotation]  # by table; "partial": recall only; "none": not scored
    symmetric: frozenset[str]  # predicates whose direction says nothing


def load_gold(path: str, labels: str | None = None) -> Gold:
    """The gold of a Parquet or JSONL file; `labels` defaults to labels.json beside it. UserError names file and row."""
    documents: dict[str, GoldDocument] = {}
    for where, row in _rows(path):
        document = _document(where, row)
        if document.doc_id in documents:
            raise UserError(f"{where}: doc_id {document.doc_id!r} is there twice; keep one row for each document")
        documents[document.doc_id] = document
    if not documents:
        raise UserError(
            f"{path}: no gold documents in it; give one JSON object a line with doc_id, entities, relations"
        )
    described = _labels(path, labels)
    marked = {table.name: any(d.kinds(table) for d in documents.values()) for table in SCORED}
    far = {table.name: _annotation(described.get(f"{table.one}_annotation"), marked[table.name]) for table in SCORED}
    return Gold(path, documents, far, frozenset(described.get("symmetric_relations", ())))


def _rows(path: str) -> Iterator[tuple[str, Any]]:
    if not Path(path).exists() or Path(path).is_dir():
        raise UserError(f"{path}: no such gold file; give a .jsonl or .parquet file")
    if path.endswith(".parquet"):
        for number, row in enumerate(pq.read_table(path).to_pylist(), 1):
            yield f"{path}:{number}", row
        return
    with pa.input_stream(path, compression="detect") as stream:
        yield from rows_of(stream.read(), path, _json)


def _json(where: str, text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UserError(f"{where}: not JSON ({error}); write one object a line") from None


def _document(where: str, row: Any) -> GoldDocument:
    try:
        said = _without_nulls(row)
        rows = gold_rows(said)
        document = _ROW.validate_python({**said, "rows": rows})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the row"
        raise UserError(f"{where}: {place}: {first['msg']}; see `extract evaluate --help` for the form") from None
    for entity in document.entities:
        _check_spans(where, entity, len(document.text) if document.text is not None else None)
    return document


def _check_spans(where: str, entity: GoldEntity, length: int | None) -> None:
    if not entity.name.strip():
        raise UserError(f"{where}: an entity has an empty name; name it or take it out")
    for start, end in entity.mentions:
        if not 0 <= start < end or (length is not None and end > length):
            raise UserError(f"{where}: mention [{start}, {end}] of {entity.name!r} is no [start, end) inside the text")


def _without_nulls(value: Any) -> Any:
    """Parquet writes what a row lacks as null: take it as absent, except inside free-form records and attributes."""
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    if not isinstance(value, dict):
        return value
    free = ("record", "attributes")
    return {k: v if k in free else _without_nulls(v) for k, v in value.items() if v is not None}


def _labels(path: str, labels: str | None) -> dict[str, Any]:
    file = Path(labels) if labels else Path(path).with_name("labels.json")
    if not file.exists():
        if labels:
            raise UserError(f"{labels}: no such labels file; leave --labels away to score everything as exhaustive")
        return {}
    described = _json(str(file), file.read_bytes())
    if not isinstance(described, dict):
        raise UserError(
            f"{file}: want one JSON object with entity_annotation, relation_annotation, symmetric_relations"
        )
    return described


def _annotation(word: Any, something: bool) -> Annotation:
    if not something:
        return "none"
    if any(partial in str(word).casefold() for partial in PARTIAL_WORDS):
        return "partial"
    return "exhaustive"


_ROW = TypeAdapter(GoldDocument)
