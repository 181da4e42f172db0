"""Small output folders and gold files, written by hand for the reading room's tests."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from extractor.evaluation.scored_tables import FURTHER
from extractor.store.tables import SCHEMAS
from extractor.tables import Table

TOKENS = {"attempts": 1, "prompt_tokens": 100, "cached_tokens": 64, "thinking_tokens": 0, "answer_tokens": 20}
SECONDS = {"queue_seconds": 0.5, "first_token_seconds": 0.25, "thinking_seconds": None, "answer_seconds": 1.0}


def entity(name: str, kind: str | None, *spans: tuple[int, int], **attributes: Any) -> dict[str, Any]:
    mentions = [{"start": start, "end": end} for start, end in spans]
    return {"name": name, "type": kind, "mentions": mentions, "match": "exact", "attributes": json.dumps(attributes)}


def document(doc_id: str, **more: Any) -> dict[str, Any]:
    """One document of a run: columns, entities, (subject, predicate, object) relations, summary, record, and rows of
    any further table by its name."""
    return {"doc_id": doc_id, "status": "ok", "mode": "no_think", "thinking_end": "none", **TOKENS, **SECONDS, **more}


def write_run(out: Path, documents: list[dict[str, Any]], manifest: dict[str, Any] | None = None) -> str:
    """Writes the shelf of design.md; gives its path."""
    kept = pa.schema([*SCHEMAS["documents"], pa.field("lang", pa.string())])
    _write(out / "documents", [{**d, "record": _text(d.get("record"))} for d in documents], kept)
    _write(out / "entities", [row for d in documents for row in _entities(d)], SCHEMAS["entities"])
    _write(out / "relations", [row for d in documents for row in _relations(d)], SCHEMAS["relations"])
    _write(out / "summaries", [d for d in documents if d.get("summary")], SCHEMAS["summaries"])
    for table in FURTHER:
        if rows := [_row(table, d, n, row) for d in documents for n, row in enumerate(d.get(table.name, ()), 1)]:
            _write(out / table.name, rows, table.columns)
    (out / "manifest.json").write_text(json.dumps(manifest or {}))
    return str(out)


def write_gold(path: Path, rows: list[dict[str, Any]], **labels: Any) -> str:
    """Writes gold as JSONL, with a labels.json beside it if there are labels; gives its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    if labels:
        path.with_name("labels.json").write_text(json.dumps(labels))
    return str(path)


def _text(record: Any) -> str | None:
    return None if record is None else json.dumps(record, ensure_ascii=False)


def _entities(row: dict[str, Any]) -> list[dict[str, Any]]:
    found = row.get("entities", [])
    return [{"doc_id": row["doc_id"], "entity_id": f"e{number}", **item} for number, item in enumerate(found, 1)]


def _relations(row: dict[str, Any]) -> list[dict[str, Any]]:
    ids = {item["name"]: item["entity_id"] for item in _entities(row)}
    names = ("doc_id", "relation_id", "subject", "predicate", "object", "subject_id", "object_id", "attributes")
    return [
        dict(zip(names, (row["doc_id"], f"r{n}", s, p, o, ids.get(s), ids.get(o), "{}"), strict=True))
        for n, (s, p, o) in enumerate(row.get("relations", []), 1)
    ]


def _row(table: Table, of: dict[str, Any], number: int, row: dict[str, Any]) -> dict[str, Any]:
    said = {"doc_id": of["doc_id"], f"{table.one}_id": f"{table.one}{number}", **row}
    return said | {"attributes": json.dumps(row.get("attributes", {}))}


def _write(folder: Path, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
    """In two parts, as a real run would have more than one."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, half in enumerate((rows[::2], rows[1::2])):
        whole = [{name: row.get(name) for name in schema.names} for row in half]
        pq.write_table(pa.Table.from_pylist(whole, schema), folder / f"part-{number}.parquet")
