"""Every document accounted for: none lost, none twice."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from extractor.errors import ExtractorError
from extractor.store.settled import Settled
from extractor.store.shelf import Shelf

NAMED = 10  # ids in a message


def verify(shelf: Shelf, expected: int, missing: Callable[[Settled], Iterable[str]] = lambda settled: ()) -> None:
    """Nothing where the shelf holds `expected` documents; else ExtractorError with the first ids missing and twice."""
    if (found := shelf.count()) == expected:
        return
    settled = Settled(shelf)
    named = {"missing": missing(settled), "there twice": twice(shelf, settled)}
    said = "".join(f"; {what}: {', '.join(ids)}" for what, some in named.items() if (ids := [*islice(some, NAMED)]))
    raise ExtractorError(f"{expected} documents should be in {shelf.folder}, {found} are{said}: a fault of ours")


def twice(shelf: Shelf, settled: Settled) -> Iterator[str]:
    """Ids that more than one row of documents has."""
    seen: set[str] = set()
    for _, rows in shelf.read("documents", ["doc_id"]):
        for doc_id in filter(settled.is_twice, rows["doc_id"].to_pylist()):
            if doc_id not in seen:
                seen.add(doc_id)
                yield doc_id
