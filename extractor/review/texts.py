"""The texts of the documents to review: in a file without a name, one read back at a time."""

import tempfile
from collections.abc import Iterable, Sequence
from threading import Lock

from extractor.evaluation.runs import Run
from extractor.report.details import Details
from extractor.report.texts import texts_in_inputs
from extractor.types import TEXT_STORED

OF_THE_READER = ("bad_line", "bad_encoding", "no_text", "missing_id", "duplicate_id", "unreadable")


class Texts:
    """Texts by id; memory grows with their number and not with their length."""

    def __init__(self, found: Iterable[tuple[str, str]]) -> None:
        self._file = tempfile.TemporaryFile(prefix="extract-review-")  # noqa: SIM115
        self._places: dict[str, tuple[int, int]] = {}
        self._lock = Lock()
        end = 0
        for doc_id, text in found:
            said = text.encode("utf-8", "surrogatepass")
            self._file.write(said)
            self._places[doc_id] = end, len(said)
            end += len(said)

    def __contains__(self, doc_id: str) -> bool:
        return doc_id in self._places

    def __getitem__(self, doc_id: str) -> str:
        start, length = self._places[doc_id]
        with self._lock:
            self._file.seek(start)
            return self._file.read(length).decode("utf-8", "surrogatepass")


def readable(run: Run) -> list[str]:
    """The documents of a run that a model was asked about, or could have been."""
    ids = list(run.rows)
    return [i for i, problem in zip(ids, run.values("problem", ids), strict=True) if problem not in OF_THE_READER]


def texts_to_review(run: Run, details: Details, ids: Sequence[str]) -> Texts:
    """The texts of these documents: from the inputs, else, of one that no model answered well, from the quarantine."""

    def found() -> Iterable[tuple[str, str]]:
        left = set(ids)
        for doc_id, text in texts_in_inputs(run.manifest.settings, set(ids)):
            left.discard(doc_id)
            yield doc_id, text
        for doc_id in left & set(details.quarantine):
            row = details.quarantine[doc_id]
            if row["problem"] not in OF_THE_READER and row["text"] and len(row["text"]) < TEXT_STORED:
                yield doc_id, row["text"]

    return Texts(found())
