"""Attempts at documents that are not settled yet: kept beside the parts, so that counts survive a restart."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq

from extractor.answers.recall import Answered
from extractor.store.tables import Row, completion_row
from extractor.types import Request

FILE = "waiting.parquet"


def waiting_rows(unsettled: Iterable[Request]) -> list[Row]:
    """The failed attempts behind these requests, as rows of completions."""
    return [completion_row(step) for request in unsettled for step in request.earlier]


def load_waiting(folder: Path) -> dict[str, list[Answered]]:
    """The attempts that an earlier run left behind, by fingerprint."""
    found: dict[str, list[Answered]] = defaultdict(list)
    if (folder / FILE).is_file():
        for row in pq.read_table(folder / FILE).to_pylist():
            found[row["fingerprint"]].append(_answered(row))
    return found


def _answered(row: Row) -> Answered:
    kept = ("attempt", "mode", "answer", "reasoning", "finish", "thinking_tokens", "answer_tokens")
    return Answered(detail=row["detail"] or "", **{name: row[name] for name in kept})
