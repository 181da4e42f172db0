"""The raw answers of an output folder, by document: what a replay judges again."""

import hashlib
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from extractor.answers.recall import Answered
from extractor.fingerprint import digest, fingerprint
from extractor.store.manifest import Manifest
from extractor.types import Request

COLUMNS = ["doc_id", "fingerprint", "attempt", "mode", "answer", "reasoning", "finish", "thinking_end", "detail"]
COLUMNS += ["prompt_tokens", "thinking_tokens", "answer_tokens"]
GROUPS = 4  # row groups held at once

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class _Group:
    file: Path
    number: int  # of the row group in its file

    def read(self, columns: list[str]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.ParquetFile(self.file).read_row_group(self.number, columns).to_pylist()
        return rows


class Stored:
    """The answers of an output folder by document: 12 bytes each, and a few row groups at a time."""

    def __init__(self, folder: Path) -> None:
        self._job = digest(Manifest.load(folder).content["identity"])
        self._groups = list(_groups(folder))
        self._held: OrderedDict[int, Rows] = OrderedDict()
        found = [_hashes(group) for group in self._groups]
        ids = np.concatenate([np.empty(0, np.uint64), *found])
        order = np.argsort(ids, kind="stable")
        self._ids = ids[order]
        self._places = np.repeat(np.arange(len(found), dtype=np.uint32), [len(one) for one in found])[order]

    def answers(self, request: Request) -> list[Answered]:
        """All stored attempts at this document's text, the first one first; none where there are none."""
        document, wanted = request.document, np.uint64(_hash(request.document.id))
        ends = np.searchsorted(self._ids, wanted), np.searchsorted(self._ids, wanted, "right")
        rows = [row for place in self._places[slice(*ends)] for row in self._rows(int(place)).get(document.id, [])]
        names = {fingerprint(self._job, document.text, mode) for mode in (document.mode, None)}
        return [_answered(row) for row in rows if row["fingerprint"] in names]

    def _rows(self, place: int) -> Rows:
        if place not in self._held:
            rows: Rows = defaultdict(list)
            for row in self._groups[place].read(COLUMNS):
                rows[row["doc_id"]].append(row)
            self._held[place] = rows
        self._held.move_to_end(place)
        while len(self._held) > GROUPS:
            self._held.popitem(last=False)
        return self._held[place]


def _groups(folder: Path) -> Iterator[_Group]:
    for file in sorted((folder / "completions").glob("part-*.parquet")):
        yield from (_Group(file, number) for number in range(pq.read_metadata(file).num_row_groups))


def _hashes(group: _Group) -> Any:
    return np.unique(np.array([_hash(row["doc_id"]) for row in group.read(["doc_id"])], np.uint64))


def _hash(doc_id: str) -> int:
    return int.from_bytes(hashlib.blake2b(doc_id.encode(), digest_size=8).digest(), "little")


def _answered(row: dict[str, Any]) -> Answered:
    kept = {name: row[name] for name in COLUMNS if name not in ("doc_id", "fingerprint", "detail")}
    return Answered(**kept, detail=row["detail"] or "")
