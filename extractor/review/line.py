"""A decision as a line of the log: gold's form, with the whole answer and how it came about."""

import json
from collections.abc import Sequence
from typing import Any

from extractor.evaluation.scored_tables import SCORED
from extractor.review.answer import MendedAnswer, ReviewedDocument, answer_of
from extractor.review.asked import AskedDecision, ReviewedRow
from extractor.review.decisions import Decision
from extractor.review.draft import RunRows
from extractor.review.form import fill, form_of
from extractor.review.order import Queued
from extractor.review.places import SchemaPlaces
from extractor.store.manifest import now
from extractor.tables import ENTITIES, Table
from extractor.tables.items import texts_of
from extractor.tables.summaries import SUMMARIES


def line_of(asked: AskedDecision, found: RunRows, places: SchemaPlaces, text: str, about: dict[str, Any]) -> Decision:
    """The line; `about` is what the queue and the person add to its `review`."""
    told = {"by": about["by"], "at": now(), "seconds": round(asked.seconds, 1)}
    told |= {name: about[name] for name in ("drawn", "why")} | {"note": asked.note}
    head: dict[str, Any] = {"doc_id": found.doc_id, "text": text}
    head |= {"lang": about["lang"]} if about.get("lang") else {}
    if asked.verdict == "skipped":
        return head | {"answer": None, "review": {"verdict": "skipped", **told, "fault": None}}
    answered, changed = _answered(asked, found, places, text)
    verdict = "mended" if changed else "accepted"
    review = {"verdict": verdict, **told, "fault": answered.fault}
    return head | gold_of(asked, places, found) | {"answer": answered.answer, "review": review}


def _answered(asked: AskedDecision, found: RunRows, places: SchemaPlaces, text: str) -> tuple[MendedAnswer, bool]:
    """The answer, and whether it is another than the run's."""
    reviewed = ReviewedDocument(text, asked.tables, asked.form)
    return answer_of(places, found.record, found.rows, reviewed), _is_changed(asked, found, places)


def _is_changed(asked: AskedDecision, found: RunRows, places: SchemaPlaces) -> bool:
    """Whether a person says anything else than the run."""
    if found.record is None or (asked.form is not None and not _same(asked.form, form_of(found.record, places))):
        return True
    for table in SCORED:
        rows, said = found.rows[table.word], asked.tables.get(table.word, [])
        if [row.origin for row in said] != [*range(len(rows))]:
            return True
        if any(not _same(row.values, before) for row, before in zip(said, rows, strict=True)):
            return True
    mentions = [row.mentions for row in asked.tables.get(ENTITIES.word, ())]
    return mentions != found.spans


def _same(one: Any, two: Any) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)


def gold_of(asked: AskedDecision, places: SchemaPlaces, found: RunRows) -> dict[str, Any]:
    """Rows of each table that the schema feeds under its word, the summary, and the free fields as `record`."""
    gold: dict[str, Any] = {
        table.word: [_gold_row(table, row) for row in asked.tables.get(table.word, ())]
        for table in SCORED
        if places.of(table)
    }
    filled: dict[str, Any] = {}
    fill(filled, places, form_of(found.record, places) if asked.form is None else asked.form)
    parts = [str(item.said[SUMMARIES.word]) for item in texts_of(filled, places.fields, SUMMARIES.word)]
    gold |= {"summary": "\n\n".join(parts)} if parts else {}
    summaries = {one.path[0] for one in places.form if one.summary}
    free = {key: value for key, value in filled.items() if key not in summaries}
    return gold | ({"record": free} if free else {})


def _gold_row(table: Table, row: ReviewedRow) -> dict[str, Any]:
    said = {name: value for name, value in row.values.items() if value is not None}
    if table is ENTITIES:
        said["mentions"] = row.mentions
    return said | ({"attributes": row.attributes} if row.attributes else {})


def about(queued: Queued, by: str, lang: str | None) -> dict[str, Any]:
    """What the queue and the person add to a line."""
    return {"by": by, "drawn": queued.drawn, "why": list(queued.why), "lang": lang}


def seconds_each(seconds: Sequence[float]) -> float | None:
    """How long a document took, in the middle; None before the first."""
    ordered = sorted(seconds)
    return ordered[len(ordered) // 2] if ordered else None
