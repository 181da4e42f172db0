"""One review: documents in their order, what a person decides on them, and the log where that is kept."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from extractor.errors import UserError
from extractor.evaluation.runs import Run, load_run
from extractor.report.details import Details, details_of
from extractor.review.asked import asked_decision, asked_document, asked_name
from extractor.review.check import check
from extractor.review.decisions import LastWord, Log
from extractor.review.draft import RunRows, decided, drafted, found_in
from extractor.review.line import about, line_of, seconds_each
from extractor.review.order import MOST, Queued, queue
from extractor.review.places import SchemaPlaces
from extractor.review.source import schema_of
from extractor.review.texts import Texts, readable, texts_to_review
from extractor.tables import Ground

HELD = 600.0  # seconds for which a document that a window shows is offered to no other


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asked to review."""

    out: str
    other: str | None = None
    sample: int = 0
    file: Path | None = None
    by: str = ""
    schema: str | None = None


@dataclass(slots=True)
class Review:
    """Documents, texts and decisions of one run; its answers may be asked for in several threads."""

    run: Run
    details: Details
    places: SchemaPlaces
    texts: Texts
    queued: list[Queued]
    log: Log
    by: str
    remarks: list[str]
    _by_id: dict[str, int] = field(init=False)
    _shown: dict[str, tuple[str, float]] = field(init=False, default_factory=dict)
    _lock: Lock = field(init=False, default_factory=Lock)

    def __post_init__(self) -> None:
        self._by_id = {one.doc_id: n for n, one in enumerate(self.queued)}

    def show(self, said: Any) -> dict[str, Any]:
        """{document, progress}: the document asked for, else the first that nobody has decided; None where none is
        left."""
        asked = asked_document(said)
        kept = self.log.kept()
        doc_id = self._next(asked.window, kept) if asked.doc_id is None else asked.doc_id
        return {"document": doc_id and self._document(doc_id, kept), "progress": self._progress(kept)}

    def decide(self, said: Any) -> dict[str, Any]:
        """Keeps a decision, and shows the next document; UserError where it cannot be meant, or kept."""
        asked = asked_decision(said)
        queued, text = self._queued(asked.doc_id), self.texts[asked.doc_id]
        found = self._found(asked.doc_id)
        if asked.verdict == "right":
            check(asked, self.places, text, found)
        told = about(queued, self.by, self._lang(asked.doc_id))
        line = line_of(asked, found, self.places, text, told)
        self.log.add(line)
        kept = {key: line["review"][key] for key in ("verdict", "fault")}
        return {"kept": kept} | self.show({"window": asked.window})

    def find(self, said: Any) -> dict[str, Any]:
        """{mentions}: every place of a document where a name stands, [start, end) in code points."""
        asked = asked_name(said)
        return {"mentions": Ground(self.texts[self._queued(asked.doc_id).doc_id]).find(asked.name).mentions}

    def facts(self) -> dict[str, Any]:
        """What the page knows from the beginning."""
        return {"run": self.run.path, "by": self.by, "schema": self.places.as_json(), "remarks": self.remarks}

    def reviewed(self) -> int:
        """Documents that somebody has decided, those passed over apart."""
        return sum(place.verdict != "skipped" for place in self.log.kept().values())

    def _document(self, doc_id: str, kept: dict[str, LastWord]) -> dict[str, Any]:
        queued, text, found = self._queued(doc_id), self.texts[doc_id], self._found(doc_id)
        last = self.log.last_word(doc_id) if doc_id in kept else None
        is_new = last is None or last["review"]["verdict"] == "skipped"
        draft = drafted(self.run, found, self.places, text) if is_new else decided(found, self.places, last or {})
        row, fault = self.details.documents[doc_id], self.details.quarantine.get(doc_id, {})
        return draft | {
            "doc_id": doc_id,
            "text": text,
            "drawn": queued.drawn,
            "why": queued.why,
            "status": row["status"],
            "problem": ": ".join(str(fault[name]) for name in ("problem", "detail") if fault.get(name)) or None,
            "passages": self.details.passages.get(doc_id, []),
            "verdict": kept[doc_id].verdict if doc_id in kept else None,
            "note": (last or {}).get("review", {}).get("note", ""),
        }

    def _found(self, doc_id: str) -> RunRows:
        record = self.details.documents[doc_id].get("record")
        return found_in(self.run, doc_id, json.loads(record) if record else None)

    def _queued(self, doc_id: str) -> Queued:
        if doc_id not in self._by_id:
            raise UserError(f"{doc_id}: no document of this review; reload the page")
        return self.queued[self._by_id[doc_id]]

    def _lang(self, doc_id: str) -> str | None:
        said = self.run.values("lang", [doc_id])[0]
        return said if isinstance(said, str) else None

    def _next(self, window: str, kept: dict[str, LastWord]) -> str | None:
        """The first that is not decided and that no other window shows; if all others are shown, one of these."""
        now = time.monotonic()
        with self._lock:
            left = [one.doc_id for one in self.queued if one.doc_id not in kept]
            free = (i for i in left if self._shown.get(i, (window, now))[0] == window or self._is_old(i, now))
            chosen = next(free, left[0] if left else None)
            if chosen is not None:
                self._shown[chosen] = window, now
            return chosen

    def _is_old(self, doc_id: str, now: float) -> bool:
        return now - self._shown[doc_id][1] > HELD

    def _progress(self, kept: dict[str, LastWord]) -> dict[str, Any]:
        mine = [place for doc_id, place in kept.items() if doc_id in self._by_id]
        each = seconds_each([place.seconds for place in mine if place.seconds and place.verdict != "skipped"])
        return {"done": len(mine), "all": len(self.queued), "seconds": each}


def begin(wanted: Wanted) -> Review:
    """All that a review needs; UserError where there is no output, no text of it, or the file is another run's."""
    run = load_run(wanted.out)
    other = load_run(wanted.other) if wanted.other else None
    schema, remark = schema_of(run, wanted.schema)
    ids = readable(run)
    queued = queue(run, other, wanted.sample, ids)
    details = details_of(run, [one.doc_id for one in queued])
    texts = texts_to_review(run, details, [one.doc_id for one in queued])
    with_text = [one for one in queued if one.doc_id in texts]
    if not with_text:
        raise UserError(f"{run.path}: no text of its documents is at hand; bring the run's inputs back to their place")
    log = Log(wanted.file or Path(run.path) / "review.jsonl")
    _check_log(log, run)
    remarks = [line for line in (remark, *_left_out(len(ids), queued, with_text)) if line]
    return Review(run, details, SchemaPlaces(schema), texts, with_text, log, wanted.by, remarks)


def _check_log(log: Log, run: Run) -> None:
    strange = [doc_id for doc_id in log.kept() if doc_id not in run.rows]
    if strange:
        raise UserError(f"{log.path} holds decisions on another run's documents ({strange[0]}); choose another --file")


def _left_out(readable: int, queued: Sequence[Queued], with_text: Sequence[Queued]) -> list[str]:
    without, rest = len(queued) - len(with_text), readable - len(queued)
    said = [f"{without:,} documents are left out: their text is not at hand"] if without else []
    return said + ([f"{rest:,} documents come later: {MOST:,} are reviewed at once"] if rest else [])
