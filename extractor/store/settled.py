"""What is settled already, in 20 bytes a document: sorted hashes of ids, with fingerprint and part."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from extractor.store.parts import Parts
from extractor.store.tables import in_quarantine

Redo = Callable[[str, str | None], bool]
Columns = tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64], npt.NDArray[np.uint32]]
AGAIN = np.uint64(0)  # in the place of a fingerprint


class Settled:
    """The settled documents of an output, by id; `redo` picks rows, by status and problem, to do again."""

    def __init__(self, parts: Parts, redo: Redo | None = None) -> None:
        self.parts: list[str] = []
        columns: list[Columns] = [(np.empty(0, np.int64), np.empty(0, np.uint64), np.empty(0, np.uint32))]
        for part, rows in parts.read("documents", ["doc_id", "fingerprint", "status", "problem", "passages_failed"]):
            if not self.parts or self.parts[-1] != part:
                self.parts.append(part)
            again = _again(parts, part, rows, redo) if redo else None
            columns.append(_columns(rows, len(self.parts) - 1, again))
        ids, prints, places = (np.concatenate(column) for column in zip(*columns, strict=True))
        order = np.argsort(ids, kind="stable")
        self._ids, self._prints, self._places = ids[order], prints[order], places[order]

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, doc_id: str) -> bool:
        return self._find(doc_id) is not None

    @property
    def bytes(self) -> int:
        """Bytes held."""
        return int(self._ids.nbytes + self._prints.nbytes + self._places.nbytes)

    @property
    def again(self) -> int:
        """How many documents `redo` has picked."""
        return int(np.count_nonzero(self._prints == AGAIN))

    def holds(self, doc_id: str, fingerprint: str) -> bool:
        """Whether this very work is done."""
        place = self._find(doc_id)
        return place is not None and int(self._prints[place]) == _number(fingerprint)

    def is_again(self, doc_id: str) -> bool:
        """Whether `redo` has picked the document of this id."""
        place = self._find(doc_id)
        return place is not None and bool(self._prints[place] == AGAIN)

    def part_of(self, doc_id: str) -> str | None:
        """The part with a document of this id, whatever its text was, or None."""
        place = self._find(doc_id)
        return None if place is None else self.parts[self._places[place]]

    @property
    def surplus(self) -> int:
        """Rows of documents beyond the first of each id."""
        return int(np.count_nonzero(self._ids[1:] == self._ids[:-1]))

    def twice(self) -> set[int]:
        """Hashes of the ids that more than one row has."""
        return set(self._ids[1:][self._ids[1:] == self._ids[:-1]].tolist())

    def _find(self, doc_id: str) -> int | None:
        wanted = hash(doc_id)
        place = int(self._ids.searchsorted(wanted))
        return place if place < len(self._ids) and self._ids[place] == wanted else None


def ids_of(hashes: set[int], parts: Parts) -> Iterator[tuple[str, str]]:
    """Part and id of each row of documents whose id has one of these hashes."""
    for part, rows in parts.read("documents", ["doc_id"]) if hashes else ():
        yield from ((part, doc_id) for doc_id in rows["doc_id"].to_pylist() if hash(doc_id) in hashes)


def passages_again(parts: Parts, settled: Settled) -> Iterator[dict[str, Any]]:
    """Rows of completions about passages, of documents to do again."""
    for part in parts.names:
        if any(_of_passages(rows).num_rows for rows in parts.rows("completions", part, ["passage"])):
            for rows in parts.rows("completions", part):
                yield from (row for row in _of_passages(rows).to_pylist() if settled.is_again(row["doc_id"]))


def _of_passages(rows: pa.Table) -> pa.Table:
    return rows.filter(pc.is_valid(rows["passage"])) if "passage" in rows.column_names else rows.slice(0, 0)


def _again(parts: Parts, part: str, rows: pa.Table, redo: Redo) -> list[bool]:
    """Which of these rows of documents are picked: for what is wrong with them, or with passages of them."""
    whole = map(redo, rows["status"].to_pylist(), rows["problem"].to_pylist())
    partial = in_quarantine(rows).to_pylist()
    if not any(partial):
        return list(whole)
    told = (row for some in parts.rows("quarantine", part, ["doc_id", "problem"]) for row in some.to_pylist())
    picked = {row["doc_id"] for row in told if redo("quarantined", row["problem"])}
    return [a or (b and c in picked) for a, b, c in zip(whole, partial, rows["doc_id"].to_pylist(), strict=True)]


def _columns(rows: pa.Table, place: int, again: list[bool] | None) -> Columns:
    # Python's own hash is salted for each process: nobody can prepare ids that collide.
    ids = np.fromiter(map(hash, rows["doc_id"].to_pylist()), np.int64, rows.num_rows)
    prints = np.fromiter(map(_number, rows["fingerprint"].to_pylist()), np.uint64, rows.num_rows)
    if again:
        prints[np.array(again, bool)] = AGAIN
    return ids, prints, np.full(rows.num_rows, place, np.uint32)


def _number(fingerprint: str) -> int:
    try:
        return int(fingerprint[:16], 16)
    except (TypeError, ValueError):  # a stranger's, which names no work of ours
        return 1
