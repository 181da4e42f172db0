"""Quarantined documents that are no more: a row that was broken and is whole now has another id, or none."""

from collections import defaultdict
from collections.abc import Callable, Collection

import pyarrow.compute as pc

from extractor.store.parts import Parts


def phantoms(parts: Parts, whole: Collection[str], gave: Callable[[str], bool]) -> dict[str, set[str]]:
    """Part → ids of the quarantined documents whose source was read `whole` (by name) and did not give them again."""
    found: dict[str, set[str]] = defaultdict(set)
    for part, rows in parts.read("documents", ["doc_id", "status", "source"]):
        bad = rows.filter(pc.equal(rows["status"], "quarantined"))
        for doc_id, source in zip(bad["doc_id"].to_pylist(), bad["source"].to_pylist(), strict=True):
            if (source or "").rpartition(":")[0] in whole and not gave(doc_id):
                found[part].add(doc_id)
    return dict(found)
