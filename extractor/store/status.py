"""What an output folder holds, counted from its rows."""

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from extractor.documents.shard import Shard
from extractor.store.ledger import Fault, faults_in_counts, faults_of, readable
from extractor.store.lock import is_held
from extractor.store.manifest import Manifest
from extractor.store.parts import Parts, reading
from extractor.store.shards import as_object, place_of
from extractor.store.tables import in_quarantine

TOKENS = ("prompt_tokens", "cached_tokens", "thinking_tokens", "answer_tokens", "total_tokens")


@dataclass(frozen=True, slots=True)
class Escalation:
    """What --mode auto did: documents asked again with thought, those whose answer changed by it, and its tokens."""

    documents: int
    changed: int  # the answer with thought was kept
    rescued: int  # of these, the answer without thought had failed
    tokens: int  # output tokens of the answers with thought, thought included


@dataclass(frozen=True, slots=True)
class OutputStatus:
    """documents = ok + empty + quarantined + pending; `pending` is None where it is not known."""

    ok: int
    empty: int
    quarantined: int
    pending: int | None
    problems: dict[str, int]
    modes: dict[str, int]
    thinking_ends: dict[str, int]
    escalated: Escalation
    rows: dict[str, int]  # of each table
    passages: int  # in which long documents were read
    partial: int  # of the documents that are ok or empty, those of which passages gave no answer
    unfit: dict[str, int]  # kept column → values that did not fit, and are null
    tokens: dict[str, int]
    seconds: float | None  # of the last run
    last_run: dict[str, Any]  # as the manifest has it
    faults: list[Fault]  # what is wrong with it
    shards: dict[str, str]  # that it has, and how their last runs ended, or that they go on: "3/8": "finished"

    @property
    def settled(self) -> int:
        """Documents in the output."""
        return self.ok + self.empty + self.quarantined

    def as_json(self) -> dict[str, Any]:
        """All of it, with the sums, as JSON values."""
        return {"documents": self.documents, "settled": self.settled, **asdict(self)}

    @property
    def documents(self) -> int | None:
        """Documents in: settled and pending."""
        return None if self.pending is None else self.settled + self.pending


def output_status(folder: Path, by_id: bool = False) -> OutputStatus:
    """The state of an output folder, as of one moment; UserError where it is none.

    `faults` are what its counts tell, or with `by_id` what each row's id tells.
    """
    return reading(folder, lambda parts: _status(parts, by_id))


def _status(parts: Parts, by_id: bool) -> OutputStatus:
    manifest = Manifest.of_parts(parts)
    faults = faults_of(parts) if by_id else faults_in_counts(parts)
    parts = readable(parts, faults)
    counts = {name: Counter[str]() for name in ("status", "problem", "mode", "thinking_end")}
    tokens, unfit = Counter[str](), Counter[str]()
    passages = partial = 0
    for _, rows in parts.read("documents", [*counts, *TOKENS, "unfit", "passages", "passages_failed"]):
        for name, counter in counts.items():
            counter.update(value for value in rows[name].to_pylist() if value is not None)
        if "unfit" in rows.column_names:  # parts of earlier versions lack it
            unfit.update(pc.list_flatten(rows["unfit"]).to_pylist())
        if "passages" in rows.column_names:
            passages += pc.sum(rows["passages"]).as_py() or 0
            partial += pc.sum(pc.and_(in_quarantine(rows), pc.not_equal(rows["status"], "quarantined"))).as_py() or 0
        tokens.update({name: pc.sum(rows[name]).as_py() or 0 for name in TOKENS})
    status = counts["status"]
    last_run, told = manifest.last_run, manifest.told_of_last_run
    return OutputStatus(
        ok=status["ok"],
        empty=status["empty"],
        quarantined=status["quarantined"],
        pending=last_run.pending,
        problems=dict(counts["problem"].most_common()),
        modes=dict(counts["mode"]),
        thinking_ends=dict(counts["thinking_end"]),
        escalated=_escalation(parts),
        rows=parts.sizes(),
        passages=passages,
        partial=partial,
        unfit=dict(unfit.most_common()),
        tokens=dict(tokens),
        seconds=last_run.seconds if "seconds" in told else None,
        last_run=told,
        faults=faults,
        shards={name: _state(parts.folder, name, state) for name, state in as_object(told.get("shards")).items()},
    )


def _state(out: Path, name: str, told: str) -> str:
    """How a shard's last run ended; one that was killed could not say that it does not go on."""
    is_over = told == "running" and not is_held(place_of(out, Shard.parse(name)))
    return "stopped" if is_over else told


def _escalation(parts: Parts) -> Escalation:
    documents = changed = rescued = tokens = 0
    for _, rows in parts.read("documents", ["escalated", "mode", "status"]):
        asked = rows.filter(pc.is_valid(rows["escalated"]))
        kept = asked.filter(pc.equal(asked["mode"], "think"))
        failed = pc.and_(pc.match_substring(kept["escalated"], "failed"), pc.not_equal(kept["status"], "quarantined"))
        documents, changed = documents + len(asked), changed + len(kept)
        rescued += pc.sum(failed).as_py() or 0
    for _, rows in (
        parts.read("completions", ["attempt", "mode", "thinking_tokens", "answer_tokens"]) if documents else ()
    ):
        again = rows.filter(pc.and_(pc.greater(rows["attempt"], 1), pc.equal(rows["mode"], "think")))
        tokens += sum(pc.sum(again[name]).as_py() or 0 for name in ("thinking_tokens", "answer_tokens"))
    return Escalation(documents, changed, rescued, tokens)
