"""Every document accounted for at the end of a run: none lost, none twice."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from extractor.errors import ExtractorError
from extractor.store.ledger import NAMED, audit, said_of
from extractor.store.parts import Parts
from extractor.store.settled import Settled, ids_of


def verify(before: Parts, now: Parts, expected: int, missing: Callable[[Settled], Iterable[str]]) -> None:
    """Nothing where the output holds `expected` documents, each once, and each row belongs to one of them; else
    ExtractorError with the first ids missing and twice. What was there `before`, and was found well, is not read again.
    """
    settled, faults = Settled(now), list(audit(now, before.stamps))
    if len(settled) == expected and not settled.surplus and not faults:
        return
    named = {"missing": missing(settled), "there twice": _twice(now, settled)}
    said = "".join(f"; {what}: {', '.join(ids)}" for what, some in named.items() if (ids := [*islice(some, NAMED)]))
    said += "".join(f"; {line}" for line in islice(said_of(faults), 3))
    raise ExtractorError(
        f"{expected} documents should be in {now.folder}, {len(settled)} are{said}: something else wrote there, or a"
        f" fault of ours; extract repair {now.folder}"
    )


def _twice(parts: Parts, settled: Settled) -> Iterator[str]:
    """Ids that more than one row of documents has."""
    return iter(dict.fromkeys(doc_id for _, doc_id in ids_of(settled.twice(), parts)))
