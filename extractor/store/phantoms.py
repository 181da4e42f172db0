"""Rows that were bad once, of a source that is well now and does not have them any more."""

from collections import defaultdict
from collections.abc import Callable, Collection

from extractor.store.parts import Parts

OF_THE_ROW = {"bad_line", "bad_encoding", "no_text", "missing_id", "duplicate_id", "unreadable"}  # what a reader says


def phantoms(parts: Parts, whole: Collection[str], gave: Callable[[str], bool]) -> dict[str, set[str]]:
    """Their ids by part: quarantined by the reader, from a source in `whole`, which was read to its end and did not
    give (`gave`) a row of that id."""
    found: dict[str, set[str]] = defaultdict(set)
    for part, rows in parts.read("documents", ["doc_id", "problem", "source"]):
        bad = zip(*(rows[name].to_pylist() for name in ("doc_id", "problem", "source")), strict=True)
        for doc_id, problem, source in bad:
            if problem in OF_THE_ROW and str(source).rpartition(":")[0] in whole and not gave(doc_id):
                found[part].add(doc_id)
    return found
