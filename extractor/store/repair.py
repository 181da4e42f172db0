"""Mends an output by the journal's way, part by part; what is taken out lies aside, in the folder itself."""

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from extractor.errors import UserError
from extractor.store.aside import keep_copies, place_aside, set_aside
from extractor.store.attempts import stored_attempts
from extractor.store.journal import FILE as JOURNAL
from extractor.store.journal import STAGING, pending_moves
from extractor.store.ledger import Fault, cure, faults_of, said_of
from extractor.store.lock import Lease, locked
from extractor.store.manifest import Manifest
from extractor.store.mend import DAMAGED, plan
from extractor.store.parts import MANIFEST, parts_of
from extractor.store.shelf import Beside, Shelf
from extractor.store.tables import TABLES
from extractor.system.signals import signals_wait

_ACTS = {
    "twice": "all but the newest go, with what belongs to them",
    "orphans": "they go",
    "ghosts": "they go",
    "surplus": "what is there twice goes",
    "count": "the manifest is set right; the next run does what is missing",
    **dict.fromkeys(DAMAGED, "the documents of that part go, and the next run does them again"),
}


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was done to an output, or with `dry_run` would be, and what is left, each in a line."""

    done: list[str]
    left: list[str]
    cure: str  # of what is left
    aside: str | None  # where that lies which was taken out
    dry_run: bool


def repair(folder: Path, dry_run: bool = False, redo: bool = False) -> Repaired:
    """Mends what can be mended; `redo` takes documents out whose rows are damaged, for the next run to do again.

    UserError where there is no output, Locked where a run holds it. A crash costs nothing: it is called again.
    """
    if not _is_torn(folder):
        Manifest.of_output(folder)
    elif not (folder / MANIFEST).is_file():
        raise UserError(f"{folder} holds no {MANIFEST}: not an output folder of extract run")
    if dry_run:
        return _foreseen(folder, redo)
    with locked(folder) as lease:
        return _repaired(folder, lease, redo)


def _foreseen(folder: Path, redo: bool) -> Repaired:
    done = [*_said_of_files(folder)]
    if _is_torn(folder):
        return Repaired([*done, "what there is to do then can be told afterwards"], [], "", None, True)
    faults = faults_of(parts := parts_of(folder))
    planned = plan(parts, faults, redo)
    left = planned.left
    return Repaired([*done, *_acts(planned.mends(faults))], [*said_of(left)], cure(folder, left), None, True)


def _repaired(folder: Path, lease: Lease, redo: bool) -> Repaired:
    """All of it, in an order in which each step may be the last."""
    shelf, place, done = Shelf(folder, fence=lease.writing), place_aside(folder), [*_said_of_files(folder)]
    with lease.writing():
        _take_out_torn_files(folder, place)
    shelf.recover()
    faults = faults_of(before := shelf.now())
    planned = plan(before, faults, redo)
    for part, sieve in planned.parts.items():
        with signals_wait():
            keep_copies(folder, [there[part] for there in before.files.values() if part in there], place)
            if sieve:
                shelf.sift(part, sieve)
            else:
                shelf.drop(part)
    left = faults_of(shelf.now())
    if all(fault.kind == "count" for fault in left):
        _count(shelf)
        left = []
    aside = str(place) if place.exists() else None
    return Repaired([*done, *_acts(planned.mends(faults))], [*said_of(left)], cure(folder, left), aside, False)


def _count(shelf: Shelf) -> None:
    """The manifest says how many documents are there; those that went are pending."""
    now = shelf.now()
    manifest, there = Manifest.of_parts(now), now.count()
    if manifest.documents in (None, there):
        return
    gone, pending = max((manifest.documents or 0) - there, 0), manifest.last_run.pending
    last_run = manifest.told_of_last_run | {"pending": None if pending is None else pending + gone}
    shelf.keep(Beside(manifest=manifest.text({"documents": there, "last_run": last_run})))


def _take_out_torn_files(folder: Path, place: Path) -> None:
    """Without a journal that can be believed, whole files that were staged come to lie where their names say."""
    if _is_torn(folder):
        for file, target in _staged(folder):
            keep_copies(folder, [target] if target.exists() else [], place)
            target.parent.mkdir(exist_ok=True)
            os.replace(file, target)
        set_aside(folder / STAGING / JOURNAL, place)
        shutil.rmtree(folder / STAGING)
    if torn := stored_attempts(folder)[1]:
        set_aside(torn, place)


def _staged(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Whole files of parts in the staging folder, and where they belong."""
    for file in sorted((folder / STAGING).rglob("*.part-*.parquet")):
        table, _, part = file.name.partition(".")
        if table in TABLES and not file.is_symlink() and _is_whole(file):
            yield file, folder / table / part


def _is_whole(file: Path) -> bool:
    try:
        pq.read_metadata(file)
    except (pa.ArrowException, OSError):
        return False
    return True


def _is_torn(folder: Path) -> bool:
    try:
        pending_moves(folder)
    except UserError:
        return True
    return False


def _said_of_files(folder: Path) -> Iterator[str]:
    """What there is beside the parts, and what becomes of it."""
    staged = [file for file in (folder / STAGING).rglob("*") if file.is_file() and file.name != JOURNAL]
    if _is_torn(folder):
        adopted = len([*_staged(folder)])
        yield f"the journal of a commit cannot be believed: {adopted:,} staged files are put in their places"
    elif moves := pending_moves(folder):
        yield f"a commit was cut short: it is finished ({len(moves):,} files)"
    elif staged:
        yield f"{len(staged):,} files of a commit that never was are swept away"
    if torn := stored_attempts(folder)[1]:
        yield f"{torn.name} cannot be read: it is set aside, and unsettled documents are asked again"


def _acts(faults: Iterable[Fault]) -> Iterator[str]:
    for kind, act in _ACTS.items():
        yield from (f"{line}: {act}" for line in said_of(fault for fault in faults if fault.kind == kind))
