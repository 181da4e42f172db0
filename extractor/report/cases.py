"""What the browser of documents shows, as JSON values.

case:     {id, text: str|null, cut: characters left out, stale: offsets do not fit, agree: 0..1|null, differs: bool,
           summary: gold's, arms: [arm, …] in the order of the runs}
arm:      {status, mode, end, tokens: [prompt, thinking, answer], seconds, entities, relations, rows, missed_entities,
           missed_relations, missed_rows: {table: [values, …]}, score: [hits, wrong, missed]|null, summary, record,
           reasoning, loop: one was cut out of the answer, dropped: [a relation left out and why, …],
           passages: [[start, end, why it gave no answer or null], …], problem, detail, answer, source}
entity:   [name, type, [[start, end], …], arms that have it (bits), verdict, attributes, confidence]
relation: [subject, predicate, object, index of subject, index of object, arms that have it (bits), verdict, evidence,
           confidence]
rows:     {further table: [[values by column, arms that have it (bits), verdict], …]}

Offsets count code points. A verdict is 1 right, -1 wrong, 0 unknown (no gold, or gold marks only some).
"""

import json
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from extractor.evaluation.gold import Gold
from extractor.evaluation.marks import DocumentMarks, entity_key, marks, relation_keys
from extractor.evaluation.row_items import row_key
from extractor.evaluation.runs import Run, TableRow
from extractor.evaluation.scored_tables import FURTHER, key_columns, said_columns
from extractor.report.details import Details
from extractor.tables import TABLES, Entity, Table

Case = dict[str, Any]
Arms = Sequence[tuple[Run, Details]]
TEXT, REASONING = 40_000_000, 20_000_000  # characters of a whole page, shared out evenly


def tables_shown(runs: Sequence[Run], gold: Gold | None) -> list[dict[str, Any]]:
    """The further tables that a run has rows of, or gold marks: {name, key: columns, kind: column or null, others}."""
    marked = {name for name, annotation in gold.annotation.items() if annotation != "none"} if gold else set()
    found = {table.name for table in FURTHER if any(run.further[table.name] for run in runs)}
    return [_columns(table) for table in FURTHER if table.name in found | marked]


def _columns(table: Table) -> dict[str, Any]:
    key = key_columns(table)
    others = [name for name in said_columns(table) if name not in (*key, table.kind)]
    return {"name": table.name, "key": key, "kind": table.kind, "others": others}


def cases(arms: Arms, gold: Gold | None, texts: Mapping[str, str], agree: Mapping[str, float] | None) -> list[Case]:
    """One case for each document; `agree` holds those on which arms differ, None where there is one arm."""
    ids = list(arms[0][1].documents)
    room, thought = TEXT // max(len(ids), 1), REASONING // max(len(ids) * len(arms), 1)
    found = []
    for doc_id in ids:
        shown = _shown(arms, gold, doc_id, thought)
        text = texts.get(doc_id) or next(
            (m.quarantine[doc_id]["text"] for _, m in arms if doc_id in m.quarantine), None
        )
        reference = gold.documents.get(doc_id) if gold else None
        found.append(
            {
                "id": doc_id,
                "text": text and text[:room],
                "cut": max(len(text or "") - room, 0),
                "stale": bool(text) and any(_stale(run.entities.get(doc_id, ()), text or "") for run, _ in arms),
                "agree": None if agree is None else round(agree.get(doc_id, 1.0), 3),
                "differs": _differs(shown),
                "summary": reference.summary if reference else None,
                "arms": shown,
            }
        )
    return found


def _shown(arms: Arms, gold: Gold | None, doc_id: str, room: int) -> list[dict[str, Any]]:
    bits = _bits([_keys(run, doc_id) for run, _ in arms])
    return [
        _found(run, marks(run, gold, doc_id), doc_id, bits, details.evidence)
        | {"summary": run.summaries.get(doc_id)}
        | _document(details, doc_id, room)
        | {"record": _free(details.documents[doc_id].get("record"), run, doc_id)}
        for run, details in arms
    ]


def _keys(run: Run, doc_id: str) -> set[Hashable]:
    """What makes each thing that a run has in a document the same as another run's."""
    entities = run.entities.get(doc_id, [])
    own = [*map(entity_key, entities), *relation_keys(run.relations.get(doc_id, []), entities)]
    return {*own, *(_row_key(table, row) for table in FURTHER for row in run.further_rows(table, doc_id))}


def _row_key(table: Table, row: TableRow) -> Hashable:
    return table.name, row_key(table, row)


def _bits(keys: Sequence[set[Hashable]]) -> Counter[Hashable]:
    """For each thing, the arms that have it: bit n for arm n."""
    bits = Counter[Hashable]()
    for number, mine in enumerate(keys):
        bits.update(dict.fromkeys(mine, 1 << number))
    return bits


def _found(
    run: Run, marked: DocumentMarks, doc_id: str, bits: Mapping[Hashable, int], evidence: Mapping[Any, Any]
) -> dict[str, Any]:
    entities, relations = run.entities.get(doc_id, []), run.relations.get(doc_id, [])
    index = {e.entity_id: n for n, e in enumerate(entities)}
    return {
        "entities": [
            [e.name, e.type, e.mentions, bits[entity_key(e)], verdict, e.attributes, e.confidence]
            for e, verdict in zip(entities, marked.entities, strict=True)
        ],
        "relations": [
            [
                *(r.subject, r.predicate, r.object, index.get(r.subject_id or ""), index.get(r.object_id or "")),
                *(bits[key], verdict, evidence.get((doc_id, r.relation_id)), r.confidence),
            ]
            for r, key, verdict in zip(relations, relation_keys(relations, entities), marked.relations, strict=True)
        ],
        "rows": {t.name: _rows(run, marked, t, doc_id, bits) for t in FURTHER if run.further_rows(t, doc_id)},
        "missed_entities": marked.missed_entities,
        "missed_relations": marked.missed_relations,
        "missed_rows": {name: rows.missed for name, rows in marked.rows.items() if rows.missed},
        "score": marked.score,
    }


def _rows(run: Run, marked: DocumentMarks, table: Table, doc_id: str, bits: Mapping[Hashable, int]) -> list[list[Any]]:
    pairs = zip(run.further_rows(table, doc_id), marked.rows[table.name].verdicts, strict=True)
    return [[_said(row), bits[_row_key(table, row)], verdict] for row, verdict in pairs]


def _said(row: TableRow) -> TableRow:
    """The columns that say something."""
    return {name: value for name, value in row.items() if value not in (None, [], {})}


def _document(details: Details, doc_id: str, room: int) -> dict[str, Any]:
    """Status, cost, thought and, for a quarantined document, what went wrong."""
    row, fault = details.documents[doc_id], details.quarantine.get(doc_id, {})
    thought = row.get("reasoning") or fault.get("reasoning") or ""
    seconds = [row.get(name) for name in ("first_token_seconds", "thinking_seconds", "answer_seconds")]
    return {
        "status": row["status"],
        "mode": row.get("mode"),
        "end": row.get("thinking_end"),
        "tokens": [row.get(name) for name in ("prompt_tokens", "thinking_tokens", "answer_tokens")],
        "seconds": round(sum(s or 0 for s in seconds), 3) if any(s is not None for s in seconds) else None,
        "loop": row.get("finish") == "repetition" and not fault,
        "dropped": row.get("dropped") or [],
        "passages": details.passages.get(doc_id, []),
        "reasoning": thought
        if len(thought) <= room
        else f"{thought[:room]}… ({len(thought) - room:,} characters more)",
        **{name: fault[name] for name in ("problem", "detail", "answer", "source") if fault.get(name)},
    }


def _differs(shown: Sequence[Mapping[str, Any]]) -> bool:
    every = (1 << len(shown)) - 1
    having = [e[3] for arm in shown for e in arm["entities"]] + [r[5] for arm in shown for r in arm["relations"]]
    having += [row[1] for arm in shown for rows in arm["rows"].values() for row in rows]
    return any(bits != every for bits in having) or len({arm["status"] for arm in shown}) > 1


def _free(record: str | None, run: Run, doc_id: str) -> str | None:
    """What of the record has no table of its own, indented."""
    whole = json.loads(record) if record else None
    if isinstance(whole, dict):
        whole = {name: value for name, value in whole.items() if not _in_a_table(name, value, run, doc_id)}
    return None if whole in (None, {}, []) else json.dumps(whole, ensure_ascii=False, indent=1)


def _in_a_table(name: str, value: Any, run: Run, doc_id: str) -> bool:
    """A field called like a table that needs a mark feeds it only if there are rows of it."""
    table = next((table for table in TABLES if name in (table.word, table.name)), None)
    return table is not None and bool(table.needs_no_mark or not value or run.further_rows(table, doc_id))


def _stale(entities: Sequence[Entity], text: str) -> bool:
    """Do exact mentions say something else than the entity's name?"""
    return any(text[start:end] != e.name for e in entities if e.match == "exact" for start, end in e.mentions)
