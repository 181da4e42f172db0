"""Whether a decision can be meant: offsets inside the text, names that are not empty, kinds that the schema has."""

from collections.abc import Sequence
from typing import Any

from extractor.errors import UserError
from extractor.evaluation.scored_tables import SCORED, key_columns, said_columns
from extractor.review.asked import AskedDecision, ReviewedRow
from extractor.review.draft import RunRows
from extractor.review.places import SchemaPlaces
from extractor.tables import ENTITIES, RELATIONS, Table
from extractor.tables.fold import fold


def check(asked: AskedDecision, places: SchemaPlaces, text: str, found: RunRows) -> None:
    """UserError with what is wrong in a line, and how it is mended."""
    if strange := sorted(asked.tables.keys() - {table.word for table in SCORED}):
        raise UserError(f"{strange[0]}: no such table; reload the page")
    if asked.form is not None and len(asked.form) != len(places.form):
        raise UserError("the form is not that of the schema; reload the page")
    for table in SCORED:
        rows, known = asked.tables.get(table.word, []), len(found.rows[table.word])
        origins = [row.origin for row in rows if row.origin is not None]
        if len(set(origins)) < len(origins) or any(not 0 <= origin < known for origin in origins):
            raise UserError(f"{table.word}: rows that the run has not; reload the page")
        if rows and not places.of(table):
            raise UserError(f"the schema has no place for {table.word}; take them out")
        for row in rows:
            if strange := sorted(row.values.keys() - {*said_columns(table)}):
                raise UserError(f"{table.one}: no column {strange[0]}; reload the page")
            before = {} if row.origin is None else found.rows[table.word][row.origin]
            _check_names(table, row)
            if row.values.get(table.kind or "") != before.get(table.kind or "") or row.origin is None:
                _check_kind(table, row, places)
            _check_spans(row, len(text))
    _check_ends(asked.tables, places, found)


def _check_names(table: Table, row: ReviewedRow) -> None:
    for column in key_columns(table):
        before = row.values.get(column)
        if not isinstance(before, str) or not before.strip():
            if table is RELATIONS and row.origin is not None and before is None:
                continue  # the answer did not say it
            raise UserError(f"{table.one}: {column} is empty; name it or delete the {table.one}")


def _check_kind(table: Table, row: ReviewedRow, places: SchemaPlaces) -> None:
    kind, known = row.values.get(table.kind or ""), places.labels(table)
    if (isinstance(kind, str) and kind in known) or (
        places.is_open(table) and (kind is None or (isinstance(kind, str) and kind.strip()))
    ):
        return
    raise UserError(f"{table.one}: {table.kind} {kind!r} is none of the schema's; choose one of {', '.join(known)}")


def _check_spans(row: ReviewedRow, length: int) -> None:
    for start, end in row.mentions:
        if not 0 <= start < end <= length:
            raise UserError(f"mention [{start}, {end}] is no [start, end) inside the text; reload the page")


def _check_ends(tables: dict[str, list[ReviewedRow]], places: SchemaPlaces, found: RunRows) -> None:
    types: dict[str, set[str]] = {}
    for row in tables.get(ENTITIES.word, ()):
        types.setdefault(fold(row.values["name"]), set()).add(row.values.get("type") or "")
    gone = {fold(str(values["name"])) for values in found.rows[ENTITIES.word]} - types.keys()
    for row in tables.get(RELATIONS.word, ()):
        subject, predicate, target = (row.values.get(name) for name in ("subject", "predicate", "object"))
        said = f"{subject} → {predicate} → {target}"
        ends = [fold(str(end or "")) for end in (subject, target)]
        if ends[0] == ends[1] and ends[0] and len(types.get(ends[0], ())) < 2:
            raise UserError(f"{said} relates a thing to itself; choose another end, or delete it")
        if missing := [end for end, name in zip((subject, target), ends, strict=True) if name in gone]:
            raise UserError(f"{said}: {missing[0]} is deleted; delete the relation too, or bring it back")
        _check_joins(said, [types.get(name, set()) for name in ends], places.ends.get(predicate or ""))


def _check_joins(said: str, types: Sequence[set[str]], wanted: Any) -> None:
    """An end of several types, or that is no entity, contradicts nothing that one of them does not."""
    for own, allowed in zip(types, wanted or (None, None), strict=True):
        if allowed is not None and own and "" not in own and not own & set(allowed):
            joined = " → ".join("any" if end is None else " or ".join(end) for end in wanted)
            given = " → ".join(" or ".join(sorted(one)) or "any" for one in types)
            raise UserError(f"{said} joins {joined}, this is {given}; choose another predicate or type, or delete it")
