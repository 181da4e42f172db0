"""Documents that are encoded ahead are the same documents, in their order, and are asked the same."""

from pathlib import Path

import pytest
from fakes import fake_prepared

from extractor.pipeline.ahead import BATCH, encoded_ahead
from extractor.types import Document, Problem


@pytest.mark.parametrize("count", [0, 1, BATCH, 2 * BATCH, 2 * BATCH + 3])
def test_nothing_is_lost_and_nothing_changed(tmp_path: Path, count: int) -> None:
    (tmp_path / "in.jsonl").write_text('{"id": "a", "text": "Ann."}\n')
    prepared = fake_prepared(tmp_path / "in.jsonl", tmp_path / "out", mode="auto")
    bad = Problem("no_text", "blank")
    modes = [None, "think", "no_think", "/think", "nonsense"]
    documents = [
        None
        if n % 7 == 3
        else Document(f"d{n}", f"Text {n}.", "f:1", mode=modes[n % 5], problem=bad if n % 9 == 1 else None)
        for n in range(count)
    ]
    ahead = list(encoded_ahead(iter(documents), prepared.cutter()))
    assert ahead == documents
    alone = fake_prepared(tmp_path / "in.jsonl", tmp_path / "out", mode="auto").builder
    for document in ahead:
        if document:
            assert prepared.builder.first(document) == alone.first(document)
