"""A document as a page shows it: what the run found, or what was decided on it before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.evaluation.runs import Run
from extractor.evaluation.scored_tables import FURTHER, SCORED, said_columns
from extractor.review.decisions import Decision
from extractor.review.form import form_of
from extractor.review.origins import key_of_row
from extractor.review.places import SchemaPlaces
from extractor.tables import ENTITIES, RELATIONS, Ground, Table
from extractor.tables.table import CONFIDENCE

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunRows:
    """What the run has of one document: its record, None where it gave none, and its rows by the table's word."""

    doc_id: str
    record: Any
    rows: dict[str, list[Row]]
    spans: list[list[tuple[int, int]]]  # where each entity stands, by its number


def found_in(run: Run, doc_id: str, record: Any) -> RunRows:
    """The run's rows as the page and the answer call them, in its order."""
    entities, relations = run.entities.get(doc_id, []), run.relations.get(doc_id, [])
    rows: dict[str, list[Row]] = {
        ENTITIES.word: [{"name": one.name, "type": one.type} for one in entities],
        RELATIONS.word: [
            {"subject": one.subject, "predicate": one.predicate, "object": one.object} for one in relations
        ],
    }
    for table in FURTHER:
        rows[table.word] = [columns_of(table, row) for row in run.further_rows(table, doc_id)]
    return RunRows(doc_id, record, rows, [list(one.mentions) for one in entities])


def columns_of(table: Table, row: Mapping[str, Any]) -> Row:
    """What a row says, less how sure the model was."""
    return {name: row[name] for name in said_columns(table) if name != CONFIDENCE.name and row.get(name) is not None}


def drafted(run: Run, found: RunRows, places: SchemaPlaces, text: str) -> Row:
    """What a person begins with: {tables: {word: [row, …]}, form, moved: whether the text is not that of the run}."""
    entities, relations = run.entities.get(found.doc_id, []), run.relations.get(found.doc_id, [])
    moved = any(text[start:end] != one.name for one in entities if one.match == "exact" for start, end in one.mentions)
    ground = Ground(text) if moved else None
    tables: dict[str, list[Row]] = {
        ENTITIES.word: [
            _row(n, values, one.confidence, one.attributes)
            | {"mentions": ground.find(one.name).mentions if ground else one.mentions, "match": one.match}
            for n, (values, one) in enumerate(zip(found.rows[ENTITIES.word], entities, strict=True))
        ],
        RELATIONS.word: [
            _row(n, values, one.confidence, {})
            for n, (values, one) in enumerate(zip(found.rows[RELATIONS.word], relations, strict=True))
        ],
    }
    for table in FURTHER:
        said = run.further_rows(table, found.doc_id)
        tables[table.word] = [
            _row(n, values, row.get(CONFIDENCE.name), row["attributes"])
            for n, (values, row) in enumerate(zip(found.rows[table.word], said, strict=True))
        ]
    return {"tables": tables, "form": form_of(found.record, places), "moved": moved}


def decided(found: RunRows, places: SchemaPlaces, last: Decision) -> Row:
    """What was decided before, each row with the number of the run's row that it was."""
    tables = {table.word: list(_again(table, found.rows[table.word], last.get(table.word) or ())) for table in SCORED}
    record = last["answer"] if last.get("answer") is not None else _of_gold(last, places)
    return {"tables": tables, "form": form_of(record, places), "moved": False}


def _of_gold(last: Decision, places: SchemaPlaces) -> Row:
    """The values of the form, as far as gold has them: those of a summary in several texts are one there."""
    summaries = [one.path for one in places.form if one.summary]
    whole = {summaries[0][0]: last.get("summary")} if len(summaries) == 1 and len(summaries[0]) == 1 else {}
    return (last.get("record") or {}) | whole


def _again(table: Table, rows: Sequence[Row], said: Sequence[Row]) -> Any:
    left = {n: key_of_row(table, row) for n, row in enumerate(rows)}
    for row in said:
        key = key_of_row(table, row)
        same = next((n for n, known in left.items() if known == key), None)
        alike = next((n for n, known in left.items() if known[1:] == key[1:]), None) if same is None else same
        left.pop(-1 if alike is None else alike, None)
        yield _row(alike, columns_of(table, row), None, row.get("attributes") or {}) | (
            {"mentions": row.get("mentions", []), "match": "exact"} if table is ENTITIES else {}
        )


def _row(origin: int | None, values: Row, sure: float | None, attributes: Row) -> Row:
    return {"origin": origin, "values": values, "confidence": sure, "attributes": attributes}
