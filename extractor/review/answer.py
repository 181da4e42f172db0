"""The whole record by the person's schema: the run's, with the items of it changed, added and taken out by where they
stand. What cannot be said in it is a fault in words, and no answer."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from jsonschema.exceptions import best_match

from extractor.evaluation.scored_tables import SCORED
from extractor.review.asked import ReviewedRow
from extractor.review.edits import Edits
from extractor.review.form import fill
from extractor.review.minimal import minimal
from extractor.review.origins import key_of_row
from extractor.review.places import SchemaPlaces
from extractor.review.put import NoPlace
from extractor.review.quotes import Quotes
from extractor.system.limit import TooSlow, time_limit
from extractor.tables import ENTITIES, Ground, Table, rows_from

CHECKING_SECONDS = 5.0  # of processor time
Rows = Mapping[str, Sequence[Mapping[str, Any]]]  # by the table's word


@dataclass(frozen=True, slots=True)
class MendedAnswer:
    """The record, or why there is none that says what the person said."""

    answer: Any
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class ReviewedDocument:
    """What a person left of a document: its rows by the table's word, and the values of the form."""

    text: str
    tables: Mapping[str, Sequence[ReviewedRow]]
    form: Sequence[Any] | None = None


def answer_of(places: SchemaPlaces, record: Any, rows: Rows, reviewed: ReviewedDocument) -> MendedAnswer:
    """The answer that gives these rows; `record` and `rows` are the run's, None and none where it gave no answer."""
    quotes = Quotes(reviewed.text, reviewed.tables.get(ENTITIES.word, ()))
    edits = Edits(places, minimal(places.root) if record is None else deepcopy(record), quotes)
    try:
        for table in SCORED:
            edits.mend(table, rows.get(table.word, ()), reviewed.tables.get(table.word, ()))
        edits.finish()
        fill(edits.record, places, reviewed.form)
    except NoPlace as none:
        return MendedAnswer(None, str(none))
    fault = _invalid(places, edits.record) or _says_else(places, edits.record, reviewed)
    return MendedAnswer(None, fault) if fault else MendedAnswer(edits.record)


def _invalid(places: SchemaPlaces, record: Any) -> str | None:
    try:
        with time_limit(CHECKING_SECONDS):
            error = best_match(places.validation.iter_errors(record))
    except (TooSlow, RecursionError):
        return "the schema takes too long to check the answer"
    if error is None:
        return None
    return f"at {'/'.join(map(str, error.absolute_path)) or 'the root'}: {error.message[:200]}"


def _says_else(places: SchemaPlaces, record: Any, reviewed: ReviewedDocument) -> str | None:
    """Why the rows of a record are not those that were reviewed, None where they are."""
    given, _ = rows_from(record, places.fields, Ground(reviewed.text))
    for table in SCORED:
        said = Counter(_key(table, row.values) for row in reviewed.tables.get(table.word, ()))
        made = Counter(_key(table, _columns(row)) for row in given[table.name])
        if set(said) != set(made):
            wrong = next(iter(set(said) ^ set(made)))
            what = "would be lost from" if wrong in said else "would be left in"
            return f"{table.one} {json.dumps(wrong, ensure_ascii=False)} {what} the answer"
    return None


def _columns(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}


def _key(table: Table, values: Mapping[str, Any]) -> tuple[Any, ...]:
    kind, *names = key_of_row(table, values)
    return kind, *sorted(str(name) for name in names)
