"""Which documents are reviewed, and in which order: what teaches most first, or at random, or both."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from extractor.evaluation.agreement import disagreements, shared_parts
from extractor.evaluation.runs import Run
from extractor.evaluation.scored_tables import FURTHER
from extractor.fingerprint import digest

MOST = 5_000  # documents that one review goes through, a sample apart
SURE = 0.8  # a confidence below which a row is unsure

Why = Literal["quarantined", "arms disagree", "ungrounded", "unsure"]
REASONS: tuple[Why, ...] = ("quarantined", "arms disagree", "ungrounded", "unsure")


@dataclass(frozen=True, slots=True)
class Queued:
    """A document to review: whether it was drawn at random or as one that teaches, and what it may teach."""

    doc_id: str
    drawn: Literal["first", "sample"]
    why: tuple[Why, ...]


def queue(run: Run, other: Run | None, sample: int, ids: Sequence[str]) -> list[Queued]:
    """A sample of so many documents, in the order drawn, then those that teach most; of these ids.

    The sample is drawn by a hash of the ids: the same at every call, and a larger one holds the smaller.
    """
    told = _reasons(run, other, ids)
    drawn = sorted(ids, key=lambda doc_id: digest(["review", doc_id]))[:sample]
    taken = set(drawn)
    first = sorted((i for i in ids if i not in taken), key=lambda doc_id: _rank(told[doc_id]))
    queued = [Queued(doc_id, "sample", tuple(told[doc_id])) for doc_id in drawn]
    return queued + [Queued(doc_id, "first", tuple(told[doc_id])) for doc_id in first[:MOST]]


def _reasons(run: Run, other: Run | None, ids: Sequence[str]) -> dict[str, dict[Why, float]]:
    """What each document may teach, the strongest reason first, and how much, from 0."""
    apart = _apart(run, other, ids) if other else {}
    found = {}
    for doc_id, status in zip(ids, run.values("status", ids), strict=True):
        amounts: Mapping[Why, float] = {
            "quarantined": float(status == "quarantined"),
            "arms disagree": apart.get(doc_id, 0.0),
            "ungrounded": _ungrounded(run, doc_id),
            "unsure": max((SURE - sure for sure in _confidences(run, doc_id)), default=0.0),
        }
        found[doc_id] = {why: amounts[why] for why in REASONS if amounts[why] > 0}
    return found


def _rank(reasons: Mapping[Why, float]) -> tuple[int, float]:
    """By the strongest reason, then by how much of it there is; what is alike stays in the order of the run."""
    return next(((REASONS.index(why), -amount) for why, amount in reasons.items()), (len(REASONS), 0.0))


def _apart(run: Run, other: Run, ids: Sequence[str]) -> dict[str, float]:
    both = [doc_id for doc_id in ids if doc_id in other.rows]
    if not both:
        return {}
    return {one.doc_id: 1 - one.agreement for one in disagreements(both, [shared_parts(run, other, both)])}


def _ungrounded(run: Run, doc_id: str) -> float:
    """The share of its names that are not in the text."""
    entities = run.entities.get(doc_id, [])
    return sum(entity.match == "none" for entity in entities) / max(len(entities), 1)


def _confidences(run: Run, doc_id: str) -> Iterator[float]:
    own: list[Any] = [*run.entities.get(doc_id, ()), *run.relations.get(doc_id, ())]
    said = [one.confidence for one in own]
    said += [row.get("confidence") for table in FURTHER for row in run.further_rows(table, doc_id)]
    yield from (sure for sure in said if sure is not None)
