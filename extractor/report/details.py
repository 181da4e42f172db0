"""What a page shows of a few thousand documents and evaluation does not read: thoughts, quarantine, evidence."""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from extractor.evaluation.runs import SECONDS, TOKENS, Run
from extractor.store.parts import Parts, reading

MOST = 5_000  # documents in one page
DOCUMENTS = (
    *("doc_id", "status", "mode", "thinking_end", "finish", "record", "dropped", "reasoning", "passages"),
    *(*TOKENS, *SECONDS),
)
QUARANTINE = ("doc_id", "problem", "detail", "answer", "reasoning", "source", "text")
PASSAGES = ("doc_id", "passage", "passage_span", "problem", "detail")

Passage = tuple[int, int, str | None]  # [start, end) in code points, and why it gave no answer, None where it did


@dataclass(frozen=True, slots=True)
class Details:
    """Rows by doc_id, in the order they were asked for, and the evidence of relations by (doc_id, relation_id).

    `quarantine` has the documents that are there themselves, `passages` those that were read in passages.
    """

    documents: dict[str, dict[str, Any]]
    quarantine: dict[str, dict[str, Any]]
    evidence: dict[tuple[str, str], tuple[int, int]]
    passages: dict[str, list[Passage]]


def details_of(run: Run, ids: Sequence[str]) -> Details:
    """Further columns of these documents, read part by part."""
    return reading(Path(run.path), lambda parts: _details(parts, ids))


def _details(parts: Parts, ids: Sequence[str]) -> Details:
    wanted = pa.array(ids, pa.string())
    documents = {row["doc_id"]: row for row in _rows(parts, "documents", DOCUMENTS, wanted)}
    evidence = _rows(parts, "relations", ("doc_id", "relation_id", "evidence"), wanted)
    return Details(
        {doc_id: documents[doc_id] for doc_id in ids},
        {
            row["doc_id"]: row
            for row in _rows(parts, "quarantine", QUARANTINE, wanted)
            if documents[row["doc_id"]]["status"] == "quarantined"  # else it is of a passage
        },
        {
            (row["doc_id"], row["relation_id"]): (span["start"], span["end"])
            for row in evidence
            if (span := row.get("evidence"))
        },
        _passages(parts, {doc_id: row["passages"] for doc_id, row in documents.items() if row.get("passages")}),
    )


def _passages(parts: Parts, counts: Mapping[str, int]) -> dict[str, list[Passage]]:
    """The passages of the documents that have so many, in order, as far as their answers are stored."""
    found: dict[str, dict[int, Passage]] = defaultdict(dict)
    for row in _rows(parts, "completions", PASSAGES, pa.array(counts, pa.string())) if counts else ():
        number, doc_id = row.get("passage"), row["doc_id"]
        if number and number <= counts[doc_id]:  # those after them are of summaries
            fault = f"{row['problem']}: {row['detail']}" if row["problem"] else None
            answered = number in found[doc_id] and found[doc_id][number][2] is None
            span = row["passage_span"]
            found[doc_id][number] = (span["start"], span["end"], None if answered else fault)
    return {doc_id: [passages[number] for number in sorted(passages)] for doc_id, passages in found.items()}


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
