"""The shelf's tables: Arrow schemas whose fields say what they hold, and extractions into rows."""

import json
from typing import Any

import pyarrow as pa

from extractor.types import Extraction, Problem, Settlement

Row = dict[str, Any]
SPAN = pa.struct([("start", pa.int64()), ("end", pa.int64())])
# The order is the order of commit: a part's documents appear last.
TABLES = ("entities", "relations", "summaries", "quarantine", "completions", "documents")


def _field(name: str, kind: pa.DataType, says: str) -> pa.Field:
    return pa.field(name, kind, metadata={"description": says})


_ID = _field("doc_id", pa.string(), "the document's id, unique in documents")
_CONFIDENCE = _field("confidence", pa.float64(), "0 to 1, where the schema asks the model for it")
_ATTRIBUTES = _field("attributes", pa.string(), "JSON object: the item's other fields")
_REASONING = _field("reasoning", pa.string(), "the thought, without its tags; null where there was none")

SCHEMAS: dict[str, pa.Schema] = {
    "documents": pa.schema(
        [
            _ID,
            _field("status", pa.string(), "ok, empty (valid, found nothing) or quarantined"),
            _field("mode", pa.string(), "think or no_think: the mode of the answer kept; null if no model was asked"),
            _field("attempts", pa.int64(), "answers asked for, 0 if no model was asked"),
            _field("escalated", pa.string(), "the signals for which --mode auto asked again with thought, else null"),
            _field("problem", pa.string(), "why it is quarantined, else null"),
            _field("record", pa.string(), "the validated answer as JSON text, null if quarantined"),
            _field("finish", pa.string(), "stop; repetition if a loop was cut out; length; error"),
            _field("dropped", pa.list_(pa.string()), "relations of the record that its schema rules out, and why"),
            _REASONING,
            _field("prompt_tokens", pa.int64(), "tokens of the answer's prompt, without its thought"),
            _field("cached_tokens", pa.int64(), "prompt tokens that the prefix cache spared"),
            _field("thinking_tokens", pa.int64(), "tokens of the thought"),
            _field("answer_tokens", pa.int64(), "tokens of the answer"),
            _field("total_tokens", pa.int64(), "output tokens of all attempts, thoughts included"),
            _field("queue_seconds", pa.float64(), "seconds from asking to scheduling"),
            _field("first_token_seconds", pa.float64(), "seconds from scheduling to the first token"),
            _field("thinking_seconds", pa.float64(), "seconds from the thought's first token to its last"),
            _field("answer_seconds", pa.float64(), "seconds from the answer's first token to its last"),
            _field("thinking_end", pa.string(), "none, closed, budget, truncated, ended_inside or repetition"),
            _field("fingerprint", pa.string(), "names the work: this job on this text"),
            _field("source", pa.string(), "file and row it was read from"),
        ]
    ),
    "entities": pa.schema(
        [
            _ID,
            _field("entity_id", pa.string(), "unique within the document"),
            _field("name", pa.string(), "as the answer has it, less quotation marks around it"),
            _field("type", pa.string(), "as the answer has it, or the property's name"),
            _field("mentions", pa.list_(SPAN), "[start, end) in code points of the document's text"),
            _field("match", pa.string(), "how the mentions were found: exact, normalised, fuzzy or none"),
            _ATTRIBUTES,
            _CONFIDENCE,
        ]
    ),
    "relations": pa.schema(
        [
            _ID,
            _field("relation_id", pa.string(), "unique within the document"),
            _field("subject_id", pa.string(), "entity_id of the subject, null where no entity has that name"),
            _field("predicate", pa.string(), "as the answer has it, or the property's name"),
            _field("object_id", pa.string(), "entity_id of the object, null where no entity has that name"),
            _field("subject", pa.string(), "as the answer has it, less quotation marks around it"),
            _field("object", pa.string(), "as the answer has it, less quotation marks around it"),
            _field("evidence", SPAN, "[start, end) of the quoted evidence, null where it is not in the text"),
            _ATTRIBUTES,
            _CONFIDENCE,
        ]
    ),
    "summaries": pa.schema([_ID, _field("summary", pa.string(), "the summary"), _CONFIDENCE]),
    "quarantine": pa.schema(
        [
            _ID,
            _field("problem", pa.string(), "kind of problem"),
            _field("detail", pa.string(), "one line that says what is wrong"),
            _field("answer", pa.string(), "what the model wrote last, raw"),
            _REASONING,
            _field("attempts", pa.int64(), "answers asked for"),
            _field("source", pa.string(), "file and row"),
            _field("text", pa.string(), "the document's text, or the raw row, at most 100,000 characters"),
        ]
    ),
    "completions": pa.schema(
        [
            _field("request_key", pa.string(), "document, attempt and mode"),
            _ID,
            _field("fingerprint", pa.string(), "names the work"),
            _field("attempt", pa.int64(), "1 for the first"),
            _field("mode", pa.string(), "think or no_think"),
            _field("answer", pa.string(), "what the model wrote, raw"),
            _REASONING,
            _field("finish", pa.string(), "stop, length, repetition or error"),
            _field("thinking_end", pa.string(), "how the thought ended"),
            _field("problem", pa.string(), "what was wrong with it, null if nothing"),
            _field("detail", pa.string(), "one line on the problem"),
            _field("prompt_tokens", pa.int64(), "tokens of the prompt"),
            _field("cached_tokens", pa.int64(), "of them from the prefix cache"),
            _field("thinking_tokens", pa.int64(), "tokens of the thought"),
            _field("answer_tokens", pa.int64(), "tokens of the answer"),
            _field("queue_seconds", pa.float64(), "seconds"),
            _field("first_token_seconds", pa.float64(), "seconds"),
            _field("thinking_seconds", pa.float64(), "seconds"),
            _field("answer_seconds", pa.float64(), "seconds"),
        ]
    ),
}


def rows_of(settlement: Settlement, reasoning: bool = True) -> dict[str, list[Row]]:
    """One settled document as rows of every table; without `reasoning`, its columns stay null."""
    kept, doc_id = settlement.kept, settlement.document.id
    rows = {
        "documents": [_document_row(settlement)],
        "entities": [_row(doc_id, entity, {"mentions": _spans(entity.mentions)}) for entity in kept.entities],
        "relations": [_row(doc_id, relation, {"evidence": _span(relation.evidence)}) for relation in kept.relations],
        "summaries": [{"doc_id": doc_id, "summary": kept.summary}] if kept.summary else [],
        "quarantine": [_quarantine_row(settlement, kept.problem)] if kept.problem else [],
        "completions": [completion_row(step) for step in settlement.attempts],
    }
    return rows if reasoning else {name: [_without_reasoning(row) for row in rows[name]] for name in rows}


def _without_reasoning(row: Row) -> Row:
    return {**row, "reasoning": None} if "reasoning" in row else row


def completion_row(step: Extraction) -> Row:
    """One answer, judged, for the audit log."""
    request = step.completion.request
    return {
        "request_key": f"{request.document.id}/{request.attempt}/{request.mode}",
        "doc_id": request.document.id,
        "fingerprint": request.fingerprint,
        "attempt": request.attempt,
        "mode": request.mode,
        "answer": step.completion.text,
        "finish": step.completion.finish,
        "problem": step.problem.kind if step.problem else None,
        "detail": step.problem.detail if step.problem else None,
        **_costs(step),
    }


def _costs(step: Extraction) -> Row:
    answer, thought = step.completion, step.thought
    first = thought or answer
    return {
        "reasoning": thought.text.strip() if thought else None,
        "thinking_end": step.thinking_end,
        "prompt_tokens": first.prompt_tokens,
        "cached_tokens": first.cached_tokens,
        "thinking_tokens": thought.output_tokens if thought else 0,
        "answer_tokens": answer.output_tokens,
        "queue_seconds": first.queue_seconds,
        "first_token_seconds": first.first_token_seconds,
        "thinking_seconds": thought.seconds if thought else None,
        "answer_seconds": answer.seconds,
    }


def _document_row(settlement: Settlement) -> Row:
    kept, request = settlement.kept, settlement.kept.completion.request
    return {
        **request.document.kept,
        "doc_id": request.document.id,
        "status": kept.status,
        "mode": request.mode if settlement.attempts else None,
        "attempts": max((step.completion.request.attempt for step in settlement.attempts), default=0),
        "escalated": ", ".join(settlement.escalated) or None,
        "problem": kept.problem.kind if kept.problem else None,
        "record": None if kept.problem else _json(kept.record),
        "finish": kept.completion.finish if settlement.attempts else None,
        "dropped": kept.dropped,
        "total_tokens": settlement.output_tokens,
        "fingerprint": request.fingerprint,
        "source": request.document.source,
        **_costs(kept),
    }


def _quarantine_row(settlement: Settlement, problem: Problem) -> Row:
    completion, thought, document = settlement.kept.completion, settlement.kept.thought, settlement.document
    return {
        "doc_id": document.id,
        "problem": problem.kind,
        "detail": problem.detail,
        "answer": completion.text if settlement.attempts else None,
        "reasoning": thought.text.strip() if thought else None,
        "attempts": max((step.completion.request.attempt for step in settlement.attempts), default=0),
        "source": document.source,
        "text": document.text[:100_000],
    }


def _row(doc_id: str, item: Any, spans: Row) -> Row:
    values = {name: getattr(item, name) for name in item.__slots__}
    return {"doc_id": doc_id, **values, "attributes": _json(item.attributes), **spans}


def _spans(spans: list[tuple[int, int]]) -> list[Row]:
    return [{"start": start, "end": end} for start, end in spans]


def _span(span: tuple[int, int] | None) -> Row | None:
    return {"start": span[0], "end": span[1]} if span else None


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
