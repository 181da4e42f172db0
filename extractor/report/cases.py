"""What the browser of documents shows, as JSON values.

case:     {id, text: str|null, cut: characters left out, stale: offsets do not fit, agree: 0..1|null, differs: bool,
           summary: gold's, arms: [arm, …] in the order of the runs}
arm:      {status, mode, end, tokens: [prompt, thinking, answer], seconds, entities, relations, missed_entities,
           missed_relations, score: [hits, wrong, missed]|null, summary, record, reasoning, loop: one was cut out of
           the answer, dropped: [a relation left out and why, …], problem, detail, answer, source}
entity:   [name, type, [[start, end], …], arms that have it (bits), verdict, attributes]
relation: [subject, predicate, object, index of subject, index of object, arms that have it (bits), verdict, evidence]

Offsets count code points. A verdict is 1 right, -1 wrong, 0 unknown (no gold, or gold marks only some).
"""

import json
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from extractor.evaluation.gold import Gold
from extractor.evaluation.runs import Run
from extractor.report.details import Details
from extractor.report.marks import entity_key, marks, relation_keys
from extractor.tables import Entity

Case = dict[str, Any]
Arms = Sequence[tuple[Run, Details]]
TEXT, REASONING = 40_000_000, 20_000_000  # characters of a whole page, shared out evenly
TABLES = ("entities", "relations", "summary", "summaries")


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
    keys = [_keys(run, doc_id) for run, _ in arms]
    bits = _bits([{*entities, *relations} for entities, relations in keys])
    return [
        _found(run, gold, doc_id, [bits[k] for k in entities], [bits[k] for k in relations], details.evidence)
        | {"summary": run.summaries.get(doc_id)}
        | _document(details, doc_id, room)
        for (run, details), (entities, relations) in zip(arms, keys, strict=True)
    ]


def _keys(run: Run, doc_id: str) -> tuple[list[Hashable], list[Hashable]]:
    entities = run.entities.get(doc_id, [])
    return [entity_key(e) for e in entities], [*relation_keys(run.relations.get(doc_id, []), entities)]


def _bits(keys: Sequence[set[Hashable]]) -> Counter[Hashable]:
    """For each thing, the arms that have it: bit n for arm n."""
    bits = Counter[Hashable]()
    for number, mine in enumerate(keys):
        bits.update(dict.fromkeys(mine, 1 << number))
    return bits


def _found(
    run: Run,
    gold: Gold | None,
    doc_id: str,
    entity_bits: list[int],
    relation_bits: list[int],
    evidence: Mapping[Any, Any],
) -> dict[str, Any]:
    entities, relations, marked = run.entities.get(doc_id, []), run.relations.get(doc_id, []), marks(run, gold, doc_id)
    index = {e.entity_id: n for n, e in enumerate(entities)}
    return {
        "entities": [
            [e.name, e.type, e.mentions, bits, verdict, e.attributes]
            for e, bits, verdict in zip(entities, entity_bits, marked.entities, strict=True)
        ],
        "relations": [
            [
                *(r.subject, r.predicate, r.object, index.get(r.subject_id or ""), index.get(r.object_id or "")),
                *(bits, verdict, evidence.get((doc_id, r.relation_id))),
            ]
            for r, bits, verdict in zip(relations, relation_bits, marked.relations, strict=True)
        ],
        "missed_entities": marked.missed_entities,
        "missed_relations": marked.missed_relations,
        "score": marked.score,
    }


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
        "record": _free(row.get("record")),
        "loop": row.get("finish") == "repetition" and not fault,
        "dropped": row.get("dropped") or [],
        "reasoning": thought
        if len(thought) <= room
        else f"{thought[:room]}… ({len(thought) - room:,} characters more)",
        **{name: fault[name] for name in ("problem", "detail", "answer", "source") if fault.get(name)},
    }


def _differs(shown: Sequence[Mapping[str, Any]]) -> bool:
    every = (1 << len(shown)) - 1
    partly = any(e[3] != every for arm in shown for e in arm["entities"]) or any(
        r[5] != every for arm in shown for r in arm["relations"]
    )
    return partly or len({arm["status"] for arm in shown}) > 1


def _free(record: str | None) -> str | None:
    """What of the record has no table of its own, indented."""
    whole = json.loads(record) if record else None
    rest = {k: v for k, v in whole.items() if k not in TABLES} if isinstance(whole, dict) else whole
    return None if rest in (None, {}, []) else json.dumps(rest, ensure_ascii=False, indent=1)


def _stale(entities: Sequence[Entity], text: str) -> bool:
    """Do exact mentions say something else than the entity's name?"""
    return any(text[start:end] != e.name for e in entities if e.match == "exact" for start, end in e.mentions)
