"""The account of an output: every row belongs to one document of its own part, and each document is there once.

What is not so is a `Fault`, whoever made it: two runs at once, a backup copied over, a file that went.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Literal, get_args

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from extractor.errors import UserError
from extractor.store.manifest import Manifest
from extractor.store.parts import Parts, Stamps
from extractor.store.seal import seal_of
from extractor.store.settled import Redo, Settled, ids_of
from extractor.store.tables import TABLES, in_quarantine
from extractor.types import Status

NAMED = 10  # ids in a message
# Tables with a file in every part, also in those of versions that did not seal them.
UNSEALED = ("entities", "relations", "summaries", "quarantine", "completions")

Kind = Literal["twice", "orphans", "ghosts", "untold", "missing", "short", "surplus", "unreadable", "count"]
MENDED: tuple[Kind, ...] = ("twice", "orphans", "ghosts", "count")  # without doing a document again
SAYS: dict[Kind, str] = {
    "twice": "{rows:,} rows of documents have an id that is there already",
    "orphans": "{rows:,} rows of {table} belong to no document",
    "ghosts": "{rows:,} rows of quarantine belong to documents that are not quarantined",
    "untold": "{rows:,} quarantined documents have no row in quarantine",
    "missing": "a file of {table} is missing",
    "short": "{rows:,} rows of {table} are missing",
    "surplus": "{rows:,} rows of {table} are more than were written",
    "unreadable": "a file of {table} cannot be read",
    "count": "{wanted:,} documents should be there, {rows:,} are",
}

_STATUS = pa.array(get_args(Status))
_BROKEN = (UserError, pa.ArrowException, OSError, KeyError)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a table in a part, or with the whole output (`part` empty), and in how many rows."""

    kind: Kind
    table: str
    part: str
    rows: int
    ids: tuple[str, ...] = ()  # the first of them
    wanted: int = 0


def opened(parts: Parts, redo: Redo | None = None) -> Settled:
    """What is settled in an output that is in order; UserError that says what is not, and the cure."""
    refuse(parts.folder, list(audit(parts)))
    settled = Settled(parts, redo)
    refuse(parts.folder, list(twice(parts, settled)))
    return settled


def faults_of(parts: Parts) -> list[Fault]:
    """All that is wrong with an output, by the id of each row."""
    found = list(audit(parts))
    whole = readable(parts, found)
    return [*found, *twice(whole, Settled(whole)), *counted(whole)]


def faults_in_counts(parts: Parts) -> list[Fault]:
    """What is wrong with an output as far as its files' counts tell; where documents are too many, by id too."""
    found = list(audit(parts, by_id=False))
    whole = readable(parts, found)
    if miscounted := list(counted(whole)):
        return [*found, *twice(whole, Settled(whole)), *miscounted]
    return found


def faults_for_reader(parts: Parts, surplus: int) -> list[Fault]:
    """What is wrong for one who reads rows of any origin, by their counts; `surplus` documents have an id of others."""
    found = [fault for fault in audit(parts, by_id=False) if fault.rows or fault.kind == "unreadable"]
    return [*found, *([Fault("twice", "documents", "", surplus)] if surplus else [])]


def readable(parts: Parts, faults: Iterable[Fault]) -> Parts:
    """The output without the files that cannot be read."""
    broken = {(fault.table, fault.part) for fault in faults if fault.kind == "unreadable"}
    files = {
        table: {part: file for part, file in there.items() if (table, part) not in broken}
        for table, there in parts.files.items()
    }
    return replace(parts, files=files)


def counted(parts: Parts) -> Iterator[Fault]:
    """A fault where there are not as many documents as the last commit said."""
    wanted, there = Manifest.of_parts(parts).documents, parts.count()
    if wanted is not None and wanted != there:
        yield Fault("count", "documents", "", there, wanted=wanted)


def twice(parts: Parts, settled: Settled) -> Iterator[Fault]:
    """A fault where documents have the same id."""
    if settled.surplus:
        ids = dict.fromkeys(doc_id for _, doc_id in ids_of(settled.twice(), parts))
        yield Fault("twice", "documents", "", settled.surplus, tuple(islice(ids, NAMED)))


def audit(parts: Parts, known: Stamps | None = None, by_id: bool = True) -> Iterator[Fault]:
    """What is wrong within each part, but for files that are `known` to be well; without `by_id` from counts alone."""
    for part in sorted({part for files in parts.files.values() for part in files}):
        files = [there[part] for there in parts.files.values() if part in there]
        if not known or any(known.get(file) != parts.stamps[file] for file in files):
            yield from _audited(parts, part, by_id)


def refuse(folder: Path, faults: Sequence[Fault]) -> None:
    """Nothing where there is no fault; else UserError with one line that says what is wrong, and the cure."""
    if faults:
        said = "; ".join(islice(said_of(faults), 3))
        raise UserError(f"{folder} is not in order: {said}; {cure(folder, faults)}")


def cure(folder: Path, faults: Iterable[Fault]) -> str:
    """What a person can do about them."""
    if all(fault.kind in MENDED for fault in faults):
        return f"extract repair {folder} mends it (--dry-run says how)"
    return (
        f"bring back what is gone, or say extract repair {folder} --redo, and the next run does those documents again"
    )


def said_of(faults: Iterable[Fault]) -> Iterator[str]:
    """The faults in words: one of a kind and table a line."""
    groups: dict[tuple[Kind, str], list[Fault]] = defaultdict(list)
    for fault in faults:
        groups[fault.kind, fault.table].append(fault)
    for (kind, table), some in groups.items():
        rows, parts = sum(fault.rows for fault in some), [fault.part for fault in some if fault.part]
        named = [doc_id for fault in some for doc_id in fault.ids][:NAMED] or parts[:1]
        more = f" and {len(parts) - 1:,} more" if not some[0].ids and len(parts) > 1 else ""
        where = f" ({', '.join(named)}{more})" if named else ""
        yield SAYS[kind].format(rows=rows, table=table, wanted=some[0].wanted) + where


def _audited(parts: Parts, part: str, by_id: bool) -> Iterator[Fault]:
    if not parts.has("documents", part):
        yield from (_lone(parts, table, part) for table in TABLES if parts.has(table, part))
        return
    try:
        file = parts.open("documents", part)
        seal = seal_of(file.schema_arrow)
        documents = _Documents.of(file) if by_id else None
    except _BROKEN:
        yield Fault("unreadable", "documents", part, 0)
        return
    for table in TABLES:
        wanted = seal.rows.get(table, 0) if seal else None
        if not parts.has(table, part):
            if wanted or (seal is None and table in UNSEALED):
                yield Fault("missing", table, part, wanted or 0)
            continue
        try:
            yield from _audited_rows(parts, (table, part), wanted, documents)
        except _BROKEN:
            yield Fault("unreadable", table, part, 0)


def _lone(parts: Parts, table: str, part: str) -> Fault:
    try:
        return Fault("orphans", table, part, parts.rows_in(table, part))
    except UserError:
        return Fault("orphans", table, part, 0)


def _audited_rows(
    parts: Parts, place: tuple[str, str], wanted: int | None, documents: "_Documents | None"
) -> Iterator[Fault]:
    (table, part), strange = place, 0
    if documents and table != "documents":
        for kind, ids in _strange(parts, place, documents).items():
            yield Fault(kind, table, part, len(ids), tuple(ids[:NAMED]))
            strange += len(ids) if kind != "untold" else 0
    rows = parts.rows_in(*place)
    if wanted is not None and rows < wanted:
        yield Fault("short", table, part, wanted - rows)
    if wanted is not None and rows - strange > wanted:
        yield Fault("surplus", table, part, rows - strange - wanted)


def _strange(parts: Parts, place: tuple[str, str], documents: "_Documents") -> dict[Kind, list[str]]:
    """The ids of rows that belong to no document, or none that has any there, and of those without rows."""
    held = [_texts(rows, "doc_id") for rows in parts.rows(*place, ["doc_id"])]
    orphans = [doc_id for some in held for doc_id in _others(some, documents.ids)]
    found: dict[Kind, list[str]] = {"orphans": orphans}
    if place[0] == "quarantine":
        there = pa.concat_arrays([*held, pa.array([], pa.string())])
        found["ghosts"] = [doc_id for doc_id in _others(there, documents.quarantined) if doc_id not in set(orphans)]
        found["untold"] = list(_others(documents.quarantined, there))
    return {kind: ids for kind, ids in found.items() if ids}


def _others(held: pa.Array, ids: pa.Array) -> list[str]:
    """Those held that are none of these ids."""
    each = pc.run_end_encode(held).values  # the rows of a document lie together
    if pc.all(pc.is_in(each, value_set=ids)).as_py():
        return []
    return list(map(str, held.filter(pc.invert(pc.is_in(held, value_set=ids))).to_pylist()))


@dataclass(frozen=True, slots=True)
class _Documents:
    """Ids of one part."""

    ids: pa.Array
    quarantined: pa.Array

    @classmethod
    def of(cls, file: pq.ParquetFile) -> "_Documents":
        """KeyError where it lacks what a run goes by, or a row of it is in no account."""
        if absent := {"fingerprint", "problem"}.difference(file.schema_arrow.names):
            raise KeyError(absent)
        found = file.read(["doc_id", "status", "passages_failed"], use_threads=False)
        ids, status = _texts(found, "doc_id"), _texts(found, "status")
        if ids.null_count or not pc.all(pc.is_in(status, value_set=_STATUS), min_count=0).as_py():
            raise KeyError("doc_id, status")
        return cls(ids, ids.filter(in_quarantine(found).combine_chunks()))


def _texts(rows: pa.Table, column: str) -> pa.Array:
    found = rows[column].combine_chunks().cast(pa.string())
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
