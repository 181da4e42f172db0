"""The shelf's tables: those that records feed, and those that tell of the run; settlements into rows."""

import json
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, get_origin

import pyarrow as pa
import pyarrow.compute as pc

from extractor.tables import TABLES as EXTRACTED
from extractor.tables.table import DOC_ID, SPAN, column
from extractor.types import TEXT_STORED, Extraction, Settlement

Row = dict[str, Any]
# The order is the order of commit: a part's documents appear last.
TABLES = (*(table.name for table in EXTRACTED), "quarantine", "completions", "documents")
ALWAYS = {*TABLES} - {table.name for table in EXTRACTED if not table.needs_no_mark}  # with a file in every part
_REASONING = column("reasoning", pa.string(), "the thought, without its tags; null where there was none")

SCHEMAS: dict[str, pa.Schema] = {
    "documents": pa.schema(
        [
            DOC_ID,
            column("status", pa.string(), "ok, empty (valid, found nothing) or quarantined"),
            column("mode", pa.string(), "think or no_think: the mode of the answer kept; null if no model was asked"),
            column("attempts", pa.int64(), "answers asked for, 0 if no model was asked"),
            column("escalated", pa.string(), "the signals for which --mode auto asked again with thought, else null"),
            column("problem", pa.string(), "why it is quarantined, else null"),
            column("record", pa.string(), "the validated answer as JSON text, null if quarantined"),
            column("finish", pa.string(), "stop; repetition if a loop was cut out; length; error"),
            column(
                "dropped", pa.list_(pa.string()), "relations that the schema rules out, second values of a key, and why"
            ),
            _REASONING,
            column("prompt_tokens", pa.int64(), "tokens of the answer's prompt, without its thought"),
            column("cached_tokens", pa.int64(), "prompt tokens that the prefix cache spared"),
            column("thinking_tokens", pa.int64(), "tokens of the thought"),
            column("answer_tokens", pa.int64(), "tokens of the answer"),
            column("total_tokens", pa.int64(), "output tokens of all attempts, thoughts included"),
            column("queue_seconds", pa.float64(), "seconds from asking to scheduling"),
            column("first_token_seconds", pa.float64(), "seconds from scheduling to the first token"),
            column("thinking_seconds", pa.float64(), "seconds from the thought's first token to its last"),
            column("answer_seconds", pa.float64(), "seconds from the answer's first token to its last"),
            column("thinking_end", pa.string(), "none, closed, budget, truncated, ended_inside or repetition"),
            column("fingerprint", pa.string(), "names the work: this job on this text"),
            column("source", pa.string(), "file and row it was read from"),
            column("unfit", pa.list_(pa.string()), "kept columns whose value did not fit, and is null here"),
            column("passages", pa.int64(), "in how many passages it was read, null: whole"),
            column("passages_failed", pa.int64(), "of them, and of summaries of them, those that gave no answer"),
            column("merged", pa.string(), "JSON: what its passages said where they disagreed, else null"),
            column("confidence", pa.string(), "with --confidence: JSON object, 0 to 1 for each root value in no table"),
        ]
    ),
    **{table.name: table.columns for table in EXTRACTED},
    "quarantine": pa.schema(
        [
            DOC_ID,
            column("problem", pa.string(), "kind of problem"),
            column("detail", pa.string(), "one line that says what is wrong"),
            column("answer", pa.string(), "what the model wrote last, raw"),
            _REASONING,
            column("attempts", pa.int64(), "answers asked for"),
            column("source", pa.string(), "file and row, of a passage its [start:end) too"),
            column("text", pa.string(), "the document's text, or the raw row, at most 100,000 characters"),
        ]
    ),
    "completions": pa.schema(
        [
            column("request_key", pa.string(), "document, attempt and mode"),
            DOC_ID,
            column("fingerprint", pa.string(), "names the work"),
            column("attempt", pa.int64(), "1 for the first"),
            column("mode", pa.string(), "think or no_think"),
            column("answer", pa.string(), "what the model wrote, raw"),
            _REASONING,
            column("finish", pa.string(), "stop, length, repetition or error"),
            column("thinking_end", pa.string(), "how the thought ended"),
            column("problem", pa.string(), "what was wrong with it, null if nothing"),
            column("detail", pa.string(), "one line on the problem"),
            column("prompt_tokens", pa.int64(), "tokens of the prompt"),
            column("cached_tokens", pa.int64(), "of them from the prefix cache"),
            column("thinking_tokens", pa.int64(), "tokens of the thought"),
            column("answer_tokens", pa.int64(), "tokens of the answer"),
            column("queue_seconds", pa.float64(), "seconds"),
            column("first_token_seconds", pa.float64(), "seconds"),
            column("thinking_seconds", pa.float64(), "seconds"),
            column("answer_seconds", pa.float64(), "seconds"),
            column("passage", pa.int64(), "number of the passage, or summary of passages, it is about; null: of none"),
            column("passage_span", SPAN, "[start, end) of it in code points of the document's text"),
            column("passage_before", pa.int64(), "code points before it that were shown with it"),
            column(
                "value_logprobs",
                pa.list_(pa.list_(pa.float32())),
                "with --confidence: of each name and value of the answer, in its order, its tokens' log-probabilities",
            ),
        ]
    ),
}


def rows_of(settlement: Settlement, reasoning: bool = True) -> dict[str, list[Row]]:
    """One settled document as rows of every table; without `reasoning`, its columns stay null."""
    kept, doc_id = settlement.kept, settlement.document.id
    rows = {
        "documents": [_document_row(settlement)],
        **{table.name: [_row(doc_id, row) for row in kept.rows.get(table.name, ())] for table in EXTRACTED},
        "quarantine": [_quarantine_row(step) for step in ([settlement] if kept.problem else settlement.failed)],
        "completions": [completion_row(step) for step in settlement.attempts],
    }
    return rows if reasoning else {name: [_without_reasoning(row) for row in rows[name]] for name in rows}


def _without_reasoning(row: Row) -> Row:
    return {**row, "reasoning": None} if "reasoning" in row else row


def in_quarantine(documents: pa.Table) -> pa.Array:
    """Of rows of documents, with their status and passages_failed, those that have rows in quarantine: a mask."""
    quarantined = pc.equal(documents["status"], "quarantined")
    if "passages_failed" not in documents.column_names:  # in parts of earlier versions
        return quarantined
    return pc.or_(quarantined, pc.fill_null(pc.greater(documents["passages_failed"], 0), False))


def completion_row(step: Extraction) -> Row:
    """One answer, judged, for the audit log."""
    request, passage = step.completion.request, step.completion.request.document.passage
    named = f"{request.document.id}#{passage.number}" if passage else request.document.id
    return {
        "request_key": f"{named}/{request.attempt}/{request.mode}",
        "doc_id": request.document.id,
        "fingerprint": request.fingerprint,
        "attempt": request.attempt,
        "mode": request.mode,
        "answer": step.completion.text,
        "finish": step.completion.finish,
        "problem": step.problem.kind if step.problem else None,
        "detail": step.problem.detail if step.problem else None,
        "passage": passage.number if passage else None,
        "passage_span": (passage.start, passage.end) if passage else None,
        "passage_before": len(passage.before) if passage else None,
        "value_logprobs": step.completion.value_logprobs,
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
        "kept": request.document.kept,  # no column: the shelf makes columns of it
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
        "unfit": list(request.document.unfit) or None,
        "passages": settlement.cut_into,
        "passages_failed": len(settlement.failed) if settlement.passages else None,
        "merged": _json(settlement.merged) if settlement.merged else None,
        "confidence": _json(kept.confidence) if kept.confidence else None,
        **_costs(kept),
    }


def _quarantine_row(settlement: Settlement) -> Row:
    completion, thought, document = settlement.kept.completion, settlement.kept.thought, settlement.document
    problem, passage = settlement.kept.problem, settlement.document.passage
    return {
        "doc_id": document.id,
        "problem": problem.kind if problem else None,
        "detail": problem.detail if problem else None,
        "answer": completion.text if settlement.attempts else None,
        "reasoning": thought.text.strip() if thought else None,
        "attempts": max((step.completion.request.attempt for step in settlement.attempts), default=0),
        "source": f"{document.source}[{passage.start}:{passage.end})" if passage else document.source,
        "text": document.text[:TEXT_STORED],
    }


def _row(doc_id: str, row: Any) -> Row:
    names, values_of, objects = _columns_of(row.__class__)
    values = dict(zip(names, values_of(row), strict=True))
    for name in objects:
        values[name] = _json(values[name])
    values["doc_id"] = doc_id
    return values


@lru_cache
def _columns_of(kind: Any) -> tuple[list[str], Callable[[Any], Sequence[Any]], list[str]]:
    """The columns of a table's rows, what reads all of them at once, and those that hold objects."""
    columns = fields(kind)
    names = [one.name for one in columns]
    return names, attrgetter(*names), [one.name for one in columns if get_origin(one.type) is dict]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if value != {} else "{}"  # as most attributes are
