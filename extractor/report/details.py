"""What a page shows of a few thousand documents and evaluation does not read: thoughts, quarantine, evidence."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from extractor.evaluation.runs import SECONDS, TOKENS, Run
from extractor.store.parts import Parts, reading

MOST = 5_000  # documents in one page
DOCUMENTS = ("doc_id", "status", "mode", "thinking_end", "finish", "record", "dropped", "reasoning", *TOKENS, *SECONDS)
QUARANTINE = ("doc_id", "problem", "detail", "answer", "reasoning", "source", "text")


@dataclass(frozen=True, slots=True)
class Details:
    """Rows by doc_id, in the order they were asked for, and the evidence of relations by (doc_id, relation_id)."""

    documents: dict[str, dict[str, Any]]
    quarantine: dict[str, dict[str, Any]]
    evidence: dict[tuple[str, str], tuple[int, int]]


def details_of(run: Run, ids: Sequence[str]) -> Details:
    """Further columns of these documents, read part by part."""
    return reading(Path(run.path), lambda parts: _details(parts, ids))


def _details(parts: Parts, ids: Sequence[str]) -> Details:
    wanted = pa.array(ids, pa.string())
    documents = {row["doc_id"]: row for row in _rows(parts, "documents", DOCUMENTS, wanted)}
    evidence = _rows(parts, "relations", ("doc_id", "relation_id", "evidence"), wanted)
    return Details(
        {doc_id: documents[doc_id] for doc_id in ids},
        {row["doc_id"]: row for row in _rows(parts, "quarantine", QUARANTINE, wanted)},
        {
            (row["doc_id"], row["relation_id"]): (span["start"], span["end"])
            for row in evidence
            if (span := row.get("evidence"))
        },
    )


def sample(ids: Sequence[str], telling: Iterable[str], most: int = MOST) -> tuple[list[str], str]:
    """At most `most` ids in their order, and a sentence on what was left out; half the room goes to the `telling` ones,
    as far as there are such, the first first."""
    if len(ids) <= most:
        return list(ids), ""
    first = dict.fromkeys(list(telling)[: most // 2])
    rest = random.Random(0).sample([i for i in ids if i not in first], most - len(first))
    chosen = {*first, *rest}
    how = f"{len(first):,} that are quarantined or disagreed on most, {len(rest):,} drawn at random"
    return [
        i for i in ids if i in chosen
    ], f"{most:,} of {len(ids):,} documents are shown here: {how}. All are counted."


def _rows(parts: Parts, table: str, columns: Sequence[str], wanted: pa.Array) -> Iterable[dict[str, Any]]:
    for file in parts.of(table):
        known = set(pq.read_schema(file).names)
        rows = pq.read_table(file, columns=[column for column in columns if column in known])
        yield from rows.filter(pc.is_in(rows["doc_id"], wanted)).to_pylist()
