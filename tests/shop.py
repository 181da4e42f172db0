"""A small shop for the store's tests: inputs, a job on a fake engine, and what lies on the shelf afterwards."""

import fnmatch
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from fakes import Silent, answering, fake_prepared

from extractor.pipeline.session import run
from extractor.progress.tally import Tally
from extractor.types import Completion, Request

GOOD = '{"entities": [{"name": "Alice", "type": "person"}], "relations": [], "summary": "x"}'
Answer = Callable[[Request], str | Completion]


def write(path: Path, documents: Iterable[tuple[str, str]]) -> Path:
    """A JSONL file of (id, text)."""
    path.write_text("".join(json.dumps({"id": id, "text": text}) + "\n" for id, text in documents))
    return path


def some(count: int, word: str = "meets") -> list[tuple[str, str]]:
    """Documents that all name Alice."""
    return [(f"d{number}", f"Alice {word} Bob {number}.") for number in range(count)]


class Clerk:
    """Answers by a function, and remembers whom it was asked about."""

    def __init__(self, answer: Answer = lambda request: GOOD) -> None:
        self.asked: list[str] = []
        self._answer = answer

    def __call__(self, request: Request) -> str | Completion:
        self.asked.append(request.document.id)
        return self._answer(request)


def settle(
    inputs: Path, out: Path, answer: Answer = lambda request: GOOD, draining: Callable[[], bool] = bool, **given: Any
) -> Tally:
    """One whole run with small parts."""
    prepared = fake_prepared(inputs, out, **({"part_documents": 4} | given))
    return run(prepared, lambda _: answering(answer, window=4), Silent(), draining)


def found(folder: Path, pattern: str) -> list[Path]:
    """The files under a folder whose name fits; unlike a glob it bears that a run removes folders meanwhile."""
    return [Path(at, name) for at, _, names in os.walk(folder) for name in fnmatch.filter(names, pattern)]


def rows(out: Path, table: str = "documents") -> list[dict[str, Any]]:
    """All rows of a table, as a plain glob finds them."""
    files = sorted((out / table).glob("*.parquet"))
    return [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]


def assert_whole(out: Path, expected: Iterable[str]) -> None:
    """Each document is there once, with its one entity, and nothing is left of any other."""
    documents = rows(out)
    assert Counter(row["doc_id"] for row in documents) == Counter(expected)
    ok = Counter(row["doc_id"] for row in documents if row["status"] == "ok")
    assert Counter(row["doc_id"] for row in rows(out, "entities")) == ok
    assert Counter(row["doc_id"] for row in rows(out, "summaries")) == ok
