"""The output that shards share, as one of them sees it while it runs."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from extractor.documents.shard import Shard
from extractor.errors import Locked
from extractor.store.journal import Fence, remove
from extractor.store.lock import is_held, locked
from extractor.store.manifest import Manifest
from extractor.store.parts import Parts, parts_of
from extractor.store.settled import Settled
from extractor.store.shards import shards_in
from extractor.store.shelf import Beside, Shelf
from extractor.store.tables import Row

PATIENCE = 60.0  # seconds that a shard waits for others to be done with the output, each of which takes moments


class SharedOutput:
    """The output of all shards: what is settled there is not done again, and what is replaced leaves it.

    A shard has the output's lock for moments only: at its beginning, and where it does settled documents again.
    """

    def __init__(self, out: Path, shard: Shard, described: Mapping[str, Any], supersede: bool) -> None:
        """Locked where a run has the output, or shards of another number; UserError where it holds another job."""
        self._out = out
        with self._ours() as shelf:
            shelf.recover(skip_live=True)
            _drop_others(out, shard.of)
            manifest, now = Manifest.load(out), shelf.now()
            manifest.must_be(described["identity"], supersede)
            known = manifest.documents
            documents = sum(now.rows_in("documents", part) for part in _own(now)) if known is None else known
            shelf.keep(Beside(manifest=manifest.text({**described, "documents": documents})))
            self.settled = Settled(now)

    def give_up(self, doc_ids: Iterable[str]) -> None:
        """Commits that these documents are not there any more, as far as they were when it began."""
        gone: dict[str, set[str]] = defaultdict(set)
        for doc_id in doc_ids:
            if part := self.settled.part_of(doc_id):
                gone[part].add(doc_id)
        if not gone:
            return
        with self._ours() as shelf:
            there = {part: ids for part, ids in gone.items() if part in _own(shelf.now())}
            manifest = Manifest.load(self._out)
            left = (manifest.documents or 0) - sum(map(len, there.values()))
            if there:
                shelf.remove(there, Beside(manifest=manifest.text({"documents": left})))

    @contextmanager
    def _ours(self) -> Iterator[Shelf]:
        with locked(self._out, patience=PATIENCE) as lease:
            yield Shelf(self._out, fence=lease.writing)


class ShardShelf(Shelf):
    """The place of a shard; what is done again leaves the output before it comes to lie there."""

    def __init__(self, place: Path, kept: pa.Schema, fed: Collection[str], fence: Fence, shared: SharedOutput) -> None:
        super().__init__(place, kept, fed, fence)
        self._shared = shared

    def add(self, rows: Mapping[str, Sequence[Row]], superseded: Mapping[str, Collection[str]], beside: Beside) -> str:
        """The same as without shards, in two strokes: between them a document done again is found nowhere."""
        self._shared.give_up(row["doc_id"] for row in rows["documents"])
        return super().add(rows, superseded, beside)


def _drop_others(out: Path, of: int) -> None:
    """Shards of another number are gone, whose rows the output has by now. Locked where one is under way."""
    for shard, place in shards_in(out):
        if shard.of == of:
            continue
        if is_held(place) or parts_of(place).names:
            raise Locked(f"another run holds {place}: all shards of an output are of one number; wait for it")
        remove(place)


def _own(parts: Parts) -> set[str]:
    """The parts that lie in the output itself."""
    return {part for part, file in parts.files["documents"].items() if file.parent.parent == parts.folder}
