"""Rows that were bad once, of a source that is well now and does not have them any more."""

from collections import defaultdict
from collections.abc import Callable, Collection

import pyarrow as pa
import pyarrow.compute as pc

from extractor.store.parts import Parts

# What a reader says of a row
OF_THE_ROW = pa.array(["bad_line", "bad_encoding", "no_text", "missing_id", "duplicate_id", "unreadable"])


def phantoms(parts: Parts, whole: Collection[str], gave: Callable[[str], bool]) -> dict[str, set[str]]:
    """Their ids by part: quarantined by the reader, from a source in `whole`, which was read to its end and did not
    give (`gave`) a row of that id."""
    found: dict[str, set[str]] = defaultdict(set)
    for part, rows in parts.read("documents", ["doc_id", "problem", "source"]):
        bad = rows.filter(pc.is_in(rows["problem"], OF_THE_ROW))
        for doc_id, source in zip(bad["doc_id"].to_pylist(), bad["source"].to_pylist(), strict=True):
            if str(source).rpartition(":")[0] in whole and not gave(doc_id):
                found[part].add(doc_id)
    return dict(found)
