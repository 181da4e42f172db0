"""What a run found, as documents: so that people mend it in a tool of theirs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from extractor.evaluation.gold import GoldDocument, GoldEntity, GoldRelation
from extractor.evaluation.gold_rows import GoldRow
from extractor.evaluation.runs import Run, load_run
from extractor.evaluation.scored_tables import FURTHER
from extractor.exchange.account import Account
from extractor.exchange.counting import Unit
from extractor.report.texts import texts_of
from extractor.tables import TABLES
from extractor.tables.table import CONFIDENCE


def read(folder: Path, unit: Unit | None, account: Account) -> Iterator[GoldDocument]:
    """Every settled document whose text is still where the run read it, also one in which it found nothing."""
    run = load_run(str(folder))
    ids = list(run.rows)
    texts = texts_of([run], None, ids)
    account.left_out["documents whose texts are no longer where the run read them"] += len(ids) - len(texts)
    fields = zip(ids, run.values("record", ids), run.values("lang", ids), strict=True)
    for doc_id, record, lang in fields:
        if doc_id in texts:
            yield _document(run, doc_id, texts[doc_id], json.loads(record or "null"), lang)


def _document(run: Run, doc_id: str, text: str, record: Any, lang: Any) -> GoldDocument:
    entities = run.entities.get(doc_id, [])
    names = {entity.entity_id: entity.name for entity in entities}
    summary = run.summaries.get(doc_id)
    return GoldDocument(
        doc_id=doc_id,
        lang=lang if isinstance(lang, str) else None,
        text=text,
        entities=tuple(GoldEntity(e.name, e.type or "", tuple(e.mentions), attributes=e.attributes) for e in entities),
        relations=tuple(
            GoldRelation(
                names.get(r.subject_id or "", r.subject or ""),
                r.predicate or "",
                names.get(r.object_id or "", r.object or ""),
            )
            for r in run.relations.get(doc_id, [])
        ),
        summary=summary,
        record=_free(record, summary) or None,
        rows={
            table.name: tuple(GoldRow(_said(row)) for row in rows)
            for table in FURTHER
            if (rows := run.further_rows(table, doc_id))
        },
    )


def _said(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value not in (None, [], {}) and name != CONFIDENCE.name}


def _free(record: Any, summary: str | None) -> dict[str, Any]:
    """The fields of a record that feed no table."""
    words = {word for table in TABLES for word in (table.word, table.name)}
    fields = record.items() if isinstance(record, dict) else ()
    return {
        name: value
        for name, value in fields
        if name not in words and value not in (None, summary) and not isinstance(value, list | dict)
    }
