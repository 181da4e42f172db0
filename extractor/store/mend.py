"""What mends an output that is not in order: for each part that has to change, the rows that stay."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from extractor.store.ledger import Fault, Kind, readable
from extractor.store.parts import Parts
from extractor.store.seal import seal_of, written_of
from extractor.store.settled import Settled, ids_of
from extractor.store.shelf import Sieve, without
from extractor.store.tables import in_quarantine

DAMAGED: tuple[Kind, ...] = ("missing", "short", "unreadable", "untold")  # rows that nothing here can bring back
_KEYS = {"documents": "doc_id", "completions": "request_key"}  # what names a row; elsewhere all that it says


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done to parts (None: all of it goes), and what stays as wrong as it is."""

    parts: Mapping[str, Sieve | None]
    left: list[Fault]

    def mends(self, faults: Sequence[Fault]) -> list[Fault]:
        """Those of the faults that it mends."""
        return [fault for fault in faults if fault not in self.left]


def plan(parts: Parts, faults: Sequence[Fault], redo: bool) -> Plan:
    """How to mend these faults; without `redo` no document goes that is there but once, unless its two answers in one
    part cannot be told apart."""
    whole = readable(parts, faults)
    surplus = {fault.part for fault in faults if fault.kind == "surplus"}
    damaged = {fault.part for fault in faults if is_damage(fault)} | _beyond_sieving(whole, faults)
    rows = _twice(whole)
    older = _older(whole, rows, damaged)
    touched = {fault.part for fault in faults if fault.part} | set(older) | _doubled(rows)
    done: dict[str, Sieve | None] = {}
    for part in sorted(touched):
        ids, is_damaged = older.get(part, set()), part in damaged
        if not whole.has("documents", part) and not is_damaged:
            done[part] = None  # rows of no document
        elif is_damaged and (redo or (ids and len(ids) == whole.rows_in("documents", part))):
            done[part] = None
        elif not is_damaged:
            done[part] = _sieve(whole, part, ids, each=part in surplus)
    return Plan(done, _left(faults, done, older))


def is_damage(fault: Fault) -> bool:
    """Whether rows of a document that is still there are lost."""
    return fault.kind in DAMAGED and (fault.kind, fault.table) != ("short", "documents")


def _left(faults: Sequence[Fault], done: Collection[str], older: Mapping[str, Collection[str]]) -> list[Fault]:
    still = sum(len(ids) for part, ids in older.items() if part not in done)
    return [fault for fault in faults if (fault.part and fault.part not in done) or (fault.kind == "twice" and still)]


def _twice(parts: Parts) -> dict[str, list[str]]:
    """The ids that more than one row has, by part."""
    found: dict[str, list[str]] = defaultdict(list)
    for part, doc_id in ids_of(Settled(parts).twice(), parts):
        found[part].append(doc_id)
    return found


def _doubled(rows: Mapping[str, list[str]]) -> set[str]:
    """Parts with an id twice."""
    return {part for part, ids in rows.items() if len(set(ids)) < len(ids)}


def _older(parts: Parts, rows: Mapping[str, list[str]], damaged: Collection[str]) -> dict[str, set[str]]:
    """Of each part the ids that a newer part has too; a damaged part is the oldest."""
    by_age = sorted(rows, key=lambda part: (part not in damaged, _written(parts, part), part))
    newest = {doc_id: part for part in by_age for doc_id in rows[part]}
    older = {part: {doc_id for doc_id in rows[part] if newest[doc_id] != part} for part in by_age}
    return {part: ids for part, ids in older.items() if ids}


def _written(parts: Parts, part: str) -> str:
    return written_of(part, seal_of(parts.open("documents", part).schema_arrow))


def _sieve(parts: Parts, part: str, older: Collection[str], each: bool = False) -> Sieve:
    """Leaves each row that belongs to a document of the part, but for `older` documents; of documents that are there
    twice, or of `each`, no row twice."""
    documents = parts.whole("documents", part)
    wanted = [name for name in ("doc_id", "status", "record", "passages_failed") if name in documents.column_names]
    documents = documents.select(wanted)
    documents = without(older)("documents", documents)
    documents = without(_different(documents))("documents", documents)
    stay = {"quarantine": documents.filter(in_quarantine(documents))}
    twice = {doc_id for doc_id, count in Counter(documents["doc_id"].to_pylist()).items() if each or count > 1}

    def sieve(table: str, rows: pa.Table) -> pa.Table:
        ids = stay.get(table, documents)["doc_id"].combine_chunks()
        return _once(rows.filter(pc.is_in(rows["doc_id"], value_set=ids)), twice, _KEYS.get(table))

    return sieve


def _different(documents: pa.Table) -> set[str]:
    """The ids under which there are several answers: whose the rows of other tables are, nothing tells."""
    said: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in documents.to_pylist():
        said[row["doc_id"]].add((row["status"], row["record"]))
    return {doc_id for doc_id, answers in said.items() if len(answers) > 1}


def _once(rows: pa.Table, ids: Collection[str], key: str | None) -> pa.Table:
    """Of the rows of these documents each once: the last of those that agree in the key, or in all that they say."""
    among = pc.is_in(rows["doc_id"], value_set=pa.array(ids, pa.string())).to_numpy()
    places = np.flatnonzero(among)
    named = rows.select([key] if key else rows.column_names).take(pa.array(places)).to_pylist()
    last = {json.dumps(row, default=str): place for row, place in zip(named, places, strict=True)}
    among[list(last.values())] = False
    return rows.filter(pa.array(~among))


def _beyond_sieving(parts: Parts, faults: Sequence[Fault]) -> set[str]:
    """Parts with more rows than were written, where that is not because some are there twice."""
    return {fault.part for fault in faults if fault.kind == "surplus" and not _is_doubled(parts, fault)}


def _is_doubled(parts: Parts, fault: Fault) -> bool:
    seal = seal_of(parts.open("documents", fault.part).schema_arrow)
    rows = parts.whole(fault.table, fault.part)
    return seal is not None and _sieve(parts, fault.part, (), each=True)(fault.table, rows).num_rows <= seal.rows.get(
        fault.table, 0
    )
