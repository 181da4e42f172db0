"""What came back for documents that are not settled yet: kept beside the parts, so that a restart goes on from it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from extractor.store.journal import within
from extractor.types import Completion, Document, StoredAnswer

FILE, OLD_FILE = "attempts.parquet", "waiting.parquet"

_ANSWER = {
    "text": pa.string(),
    "tokens": pa.list_(pa.int32()),
    "finish": pa.string(),
    "prompt_tokens": pa.int64(),
    "cached_tokens": pa.int64(),
    "output_tokens": pa.int64(),
    "queue_seconds": pa.float64(),
    "first_token_seconds": pa.float64(),
    "seconds": pa.float64(),
    "preemptions": pa.int64(),
    "error": pa.string(),
    "value_logprobs": pa.list_(pa.list_(pa.float32())),
}  # the fields of a Completion that are stored as they are
_STOPPED = {"stopped_by_text": pa.string(), "stopped_by_token": pa.int64()}
SCHEMA = pa.schema([("doc_id", pa.string()), ("fingerprint", pa.string()), *_ANSWER.items(), *_STOPPED.items()])
Row = dict[str, Any]


class Unsettled(Protocol):
    """A document under way, and what came back for it so far."""

    document: Document
    fingerprint: str
    completions: list[Completion]


class Attempts:
    """What an earlier run left behind, until this one comes to its documents; a row for each completion, in order.

    Of a file that is torn nothing is known (`torn`): all that is lost is what had come back for unsettled documents.
    """

    def __init__(self, folder: Path) -> None:
        self._rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
        self._of: dict[str, list[str]] = defaultdict(list)  # the fingerprints of a document, its passages' too
        stored, self.torn = stored_attempts(folder)
        for row in stored:
            self._rows[row["doc_id"], row["fingerprint"]].append(row)
            self._of[row["doc_id"]].append(row["fingerprint"])
        self._on_disk = self._asked = self._counted({})

    def __len__(self) -> int:
        return len(self._rows)

    def of(self, doc_id: str, fingerprint: str) -> Sequence[StoredAnswer]:
        """What came back for this work, in order."""
        return [partial(Completion, **_fields(row)) for row in self._rows.get((doc_id, fingerprint), ())]

    def rows(self, works: Iterable[Unsettled]) -> list[Row] | None:
        """What must be kept now, of this run's works and of those it has not come to; None where the disk has it."""
        now = {(work.document.id, work.fingerprint): work for work in works}
        self._asked = self._counted(now)
        if self._asked == self._on_disk:
            return None
        rest = [row for key, rows in self._rows.items() if key not in now for row in rows]
        return rest + [_row(work, completion) for work in now.values() for completion in work.completions]

    def written(self) -> None:
        """The disk has what was asked for last."""
        self._on_disk = self._asked

    def forget(self, doc_id: str) -> None:
        """This document is settled."""
        for fingerprint in self._of.pop(doc_id, ()):
            self._rows.pop((doc_id, fingerprint), None)

    def clear(self) -> None:
        """All work is settled."""
        self._rows.clear()

    def _counted(self, works: dict[tuple[str, str], Unsettled]) -> dict[tuple[str, str], int]:
        return {key: len(rows) for key, rows in self._rows.items()} | {
            key: len(work.completions) for key, work in works.items()
        }


def stored_attempts(folder: Path) -> tuple[list[Row], Path | None]:
    """What is kept in a folder, and the file that cannot be read, if there is one."""
    try:
        return _stored(folder), None
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError):
        return [], folder / (FILE if (folder / FILE).is_file() else OLD_FILE)


def _stored(folder: Path) -> list[Row]:
    for name in (FILE, OLD_FILE):
        within(folder, folder / name)
    if (folder / FILE).is_file():
        rows = pq.ParquetFile(folder / FILE).read().to_pylist()
        return [dict.fromkeys(SCHEMA.names) | row for row in rows]
    if (folder / OLD_FILE).is_file():
        old = sorted(pq.ParquetFile(folder / OLD_FILE).read().to_pylist(), key=lambda row: int(row["attempt"]))
        return [row for attempt in old for row in _from_old(attempt)]
    return []


def _row(work: Unsettled, completion: Completion) -> Row:
    stopped = completion.stopped_by
    return {
        "doc_id": work.document.id,
        "fingerprint": work.fingerprint,
        **{name: getattr(completion, name) for name in _ANSWER},
        "stopped_by_text": stopped if isinstance(stopped, str) else None,
        "stopped_by_token": stopped if isinstance(stopped, int) else None,
    }


def _fields(row: Row) -> dict[str, Any]:
    text, token = row["stopped_by_text"], row["stopped_by_token"]
    return {name: row[name] for name in _ANSWER} | {"stopped_by": token if text is None else text}


def _from_old(attempt: Row) -> list[Row]:
    """An attempt as 0.1 kept it: the judged answer with its thought's text in one row, and no token ids."""
    answer = dict.fromkeys(SCHEMA.names) | {"doc_id": attempt["doc_id"], "fingerprint": attempt["fingerprint"]}
    answer |= {"tokens": [], "preemptions": 0, "cached_tokens": attempt["cached_tokens"]}
    answer |= {name: attempt[name] for name in ("finish", "prompt_tokens", "queue_seconds", "first_token_seconds")}
    answer |= {"text": attempt["answer"], "output_tokens": attempt["answer_tokens"]}
    answer |= {"seconds": attempt["answer_seconds"], "error": attempt["detail"] or ""}
    if attempt["reasoning"] is None:
        return [answer]
    end = attempt["thinking_end"]
    finish = {"budget": "length", "truncated": "length", "repetition": "repetition"}.get(end, "stop")
    thought = answer | {"text": attempt["reasoning"], "output_tokens": attempt["thinking_tokens"], "finish": finish}
    thought |= {"seconds": attempt["thinking_seconds"], "stopped_by_text": "</think>" if end == "closed" else None}
    unanswered = end == "repetition" and attempt["answer"] == "" and attempt["finish"] == "repetition"
    return [thought] if unanswered else [thought, answer]
