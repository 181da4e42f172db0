"""An engine that answers from the stored completions of an earlier run, and asks no model."""

import hashlib
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from extractor.fingerprint import fingerprint
from extractor.types import Completion, Finish, Request, StoredAnswer, ThinkingEnd

COLUMNS = ["doc_id", "fingerprint", "attempt", "mode", "answer", "reasoning", "finish", "thinking_end", "detail"]
COLUMNS += ["prompt_tokens", "thinking_tokens", "answer_tokens", "value_logprobs"]
GROUPS = 4  # row groups held at once
WINDOW = 64  # requests held at once
_FINISHES: dict[ThinkingEnd, Finish] = {"budget": "length", "truncated": "length", "repetition": "repetition"}

StoredRow = dict[str, Any]
AsRecord = Callable[[Completion], Completion]


class ReplayEngine:
    """Gives attempt n at a text what was answered to attempt n there, thought and all; `more` says that n + 1 is there.

    A text that is not among the stored ones is an error that says so.
    """

    def __init__(
        self, stored: "StoredAnswers", job: str, budget: int | None, as_record: AsRecord = lambda answer: answer
    ) -> None:
        """`job` is the digest of the identity under which the stored work is named, `budget` its thinking tokens;
        `as_record` gives an answer as the record that it stands for."""
        self.steps = 0
        self._stored, self._job, self._budget, self._as_record = stored, job, budget, as_record
        self._held = list[Request]()

    @property
    def room(self) -> int:
        """Requests it would take now."""
        return WINDOW - len(self._held)

    def submit(self, request: Request) -> None:
        """Holds the request until the next poll."""
        self._held.append(request)

    def poll(self, seconds: float) -> list[Completion]:
        """The stored answers to all that is held."""
        held, self._held = self._held, []
        self.steps += len(held)
        return list(map(self._answer, held))

    def close(self) -> None:
        """Nothing is held."""

    def _answer(self, request: Request) -> Completion:
        document = request.document
        passage = document.passage.named if document.passage else None
        names = {fingerprint(self._job, document.text, mode, passage) for mode in (document.mode, None)}
        rows = [row for row in self._stored.of(document.id) if row["fingerprint"] in names]
        if not rows:
            said = f"{self._stored.folder} holds no answer to this text"
            return Completion(replace(request, is_thought=False), "", finish="error", error=said)
        row = sorted(rows, key=lambda one: int(one["attempt"]))[request.attempt - 1]
        return self._as_record(completion_of(request, row, self._budget, more=request.attempt < len(rows)))


class StoredAnswers:
    """The answers of an output folder, in these files, by document: 12 bytes each, and a few row groups at a time."""

    def __init__(self, folder: Path, files: Sequence[Path]) -> None:
        self.folder = folder
        self._groups = [
            _Group(file, number) for file in files for number in range(pq.read_metadata(file).num_row_groups)
        ]
        self._held: OrderedDict[int, dict[str, list[StoredRow]]] = OrderedDict()
        found = [_hashes(group) for group in self._groups]
        ids = np.concatenate([np.empty(0, np.uint64), *found])
        order = np.argsort(ids, kind="stable")
        self._ids = ids[order]
        self._places = np.repeat(np.arange(len(found), dtype=np.uint32), [len(one) for one in found])[order]

    @property
    def held(self) -> int:
        """Row groups held now."""
        return len(self._held)

    def of(self, doc_id: str) -> list[StoredRow]:
        """All stored attempts at the document of this id, whatever its text was."""
        wanted = np.uint64(_hash(doc_id))
        ends = np.searchsorted(self._ids, wanted), np.searchsorted(self._ids, wanted, "right")
        return [row for place in self._places[slice(*ends)] for row in self._rows(int(place)).get(doc_id, [])]

    def _rows(self, place: int) -> dict[str, list[StoredRow]]:
        if place not in self._held:
            rows: dict[str, list[StoredRow]] = defaultdict(list)
            for row in self._groups[place].read(COLUMNS):
                rows[row["doc_id"]].append(row)
            self._held[place] = rows
        self._held.move_to_end(place)
        while len(self._held) > GROUPS:
            self._held.popitem(last=False)
        return self._held[place]


class StoredPassages:
    """The answers to passages that gave one, of documents of which others gave none: `rows` are of completions."""

    def __init__(self, rows: Iterable[StoredRow], budget: int | None) -> None:
        self._rows: dict[tuple[str, str], list[StoredRow]] = defaultdict(list)
        self._budget = budget
        for row in rows:
            self._rows[row["doc_id"], row["fingerprint"]].append(row)

    def of(self, doc_id: str, fingerprint: str) -> list[StoredAnswer]:
        """What was answered to this passage, in order; nothing where no answer was right."""
        rows = self._rows.get((doc_id, fingerprint), [])
        if all(row["problem"] for row in rows):
            return []
        return [
            partial(completion_of, row=row, budget=self._budget, more=number < len(rows))
            for number, row in enumerate(rows, 1)
        ]


@dataclass(frozen=True, slots=True)
class _Group:
    file: Path
    number: int  # of the row group in its file

    def read(self, columns: list[str]) -> list[StoredRow]:
        rows: list[StoredRow] = pq.ParquetFile(self.file).read_row_group(self.number, columns).to_pylist()
        return rows


def _hashes(group: _Group) -> Any:
    return np.unique(np.array([_hash(row["doc_id"]) for row in group.read(["doc_id"])], np.uint64))


def _hash(doc_id: str) -> int:
    return int.from_bytes(hashlib.blake2b(doc_id.encode(), digest_size=8).digest(), "little")


def completion_of(request: Request, row: StoredRow, budget: int | None, more: bool) -> Completion:
    """The completion that a stored attempt was; `more` says whether another follows."""
    asked = replace(request, mode=row["mode"], is_thought=False)
    return Completion(
        asked,
        row["answer"],
        finish=row["finish"],
        prompt_tokens=row["prompt_tokens"],
        output_tokens=row["answer_tokens"],
        error=row["detail"] or "",
        value_logprobs=row.get("value_logprobs") if request.logprobs else None,
        thought=None if row["reasoning"] is None else _thought(asked, row, budget),
        more=more,
    )


def _thought(asked: Request, row: StoredRow, budget: int | None) -> Completion:
    end: ThinkingEnd = row["thinking_end"]
    room = budget if budget and end == "budget" else 0  # no budget is 0: any other end is not taken for it
    return Completion(
        replace(asked, max_tokens=room),
        row["reasoning"],
        finish=_FINISHES.get(end, "stop"),
        stopped_by="stored" if end == "closed" else None,
        prompt_tokens=row["prompt_tokens"],
        output_tokens=row["thinking_tokens"],
    )
