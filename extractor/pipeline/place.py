"""Where a job writes: its output, or as one of several shards its own place in it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any

from extractor.documents.shard import Shard
from extractor.jobs.job import Job
from extractor.jobs.prepare import Prepared
from extractor.store.journal import remove
from extractor.store.lock import Lease, locked
from extractor.store.settled import Settled
from extractor.store.shards import FOLDER
from extractor.store.shared import PATIENCE, ShardShelf, SharedOutput
from extractor.store.shelf import Shelf
from extractor.tables import BY_WORD
from extractor.types import Document


@dataclass(frozen=True, slots=True)
class WorkPlace:
    """What is written to, and of a shard what is settled in the output beside it."""

    shelf: Shelf
    share: Shard | None = None
    others: Sequence[Settled] = ()

    def documents(self, read: Iterable[Document]) -> Iterator[Document]:
        """Those that are to be settled here."""
        return (document for document in read if self.share is None or self.share.has(document.id))


def lease_of(job: Job) -> AbstractContextManager[Lease]:
    """The place is the job's within. That of a shard may be another's for a moment, who takes in what lies there."""
    return locked(job.place, patience=PATIENCE if job.share else 0.0)


def place_of(prepared: Prepared, lease: Lease) -> WorkPlace:
    """The place of a job that holds it, in order as far as a crash is concerned."""
    return _of_shard(prepared, lease, prepared.job.share) if prepared.job.share else _of_all(prepared, lease)


def described(prepared: Prepared) -> dict[str, Any]:
    """What the manifest says of the job."""
    task = prepared.builder.task
    return {
        "identity": prepared.builder.identity,
        "settings": prepared.job.model_dump(mode="json", by_alias=True),
        "model": {"name": prepared.model.name, "revision": prepared.model.revision, "context": prepared.context},
        "schema": prepared.schema.body,
        "prompt": task.prompt.text,
        "examples": list(task.examples),
        "example_documents": sorted({one["doc_id"] for one in task.pool if "doc_id" in one}),
        "sampling": {mode: asdict(sampling) for mode, sampling in task.sampling.items()},
    }


def _of_all(prepared: Prepared, lease: Lease) -> WorkPlace:
    shelf = Shelf(prepared.job.out, prepared.kept, _fed(prepared), lease.writing)
    shelf.recover()
    if prepared.again is None:
        remove(prepared.job.out / FOLDER)  # the shards, whose rows it has by now
    return WorkPlace(shelf)


def _of_shard(prepared: Prepared, lease: Lease, share: Shard) -> WorkPlace:
    job, said = prepared.job, described(prepared)
    said["settings"] |= {"shard": None}
    shared = SharedOutput(job.out, share, said, job.supersede)
    shelf = ShardShelf(job.place, prepared.kept, _fed(prepared), lease.writing, shared)
    shelf.recover()
    return WorkPlace(shelf, share, [shared.settled])


def _fed(prepared: Prepared) -> set[str]:
    return {BY_WORD[field.table].name for field in prepared.fields}
