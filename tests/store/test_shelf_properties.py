"""Whatever is settled in whatever order and parts, the shelf holds each document's latest rows once."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from fakes import a_request, fake_prepared
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shop import rows, write

from extractor.store.attempts import Attempts
from extractor.store.compact import compact
from extractor.store.ledger import faults_of
from extractor.store.manifest import Manifest
from extractor.store.settled import Settled
from extractor.store.shelf import Shelf
from extractor.store.tables import SCHEMAS, TABLES, rows_of
from extractor.store.writer import Kept, PartSize, Writer
from extractor.tables import Entity
from extractor.tasks.requests import RequestBuilder
from extractor.types import Completion, Document, Extraction, Problem, Settlement

pytestmark = pytest.mark.slow

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # where an fsync is cheap
QUICK = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
versions = st.integers(1, 2**63)  # a fingerprint is never 0
# A run is what it settles: documents (few ids, so that they come again) with a version and a number of entities.
runs = st.lists(st.dictionaries(texts, st.tuples(versions, st.integers(0, 3)), max_size=8), min_size=1, max_size=4)


def settlement(doc_id: str, version: int, entities: int) -> Settlement:
    """A document of which so many entities were found; none of them means that it is quarantined."""
    document = Document(doc_id, f"text {version}", "in.jsonl:1")
    request = a_request(document, fingerprint=f"{version:016x}{0:016x}")
    found = [Entity(f"e{n}", f"name {version}", None, [(0, 1)], "exact", {}) for n in range(entities)]
    problem = None if found else Problem("unparsable", "no JSON")
    kept = Extraction(
        Completion(request, "{}"), record={} if found else None, rows={"entities": found}, problem=problem
    )
    return Settlement(kept, (kept,), (kept.completion,))


def put(out: Path, settlements: Sequence[Settlement], documents: int) -> None:
    shelf = Shelf(out)
    shelf.recover()
    writer = Writer(shelf, Settled(shelf.now()), PartSize(documents), Kept(Attempts(out), list, True))
    for one in settlements:
        writer.add(one)
    writer.commit()


@QUICK
@given(runs, st.integers(1, 5), st.integers(1, 12))
def test_the_latest_rows_of_each_document_and_no_others(
    settled: list[dict[str, tuple[int, int]]], documents: int, full: int
) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        out, expected = Path(folder), dict[str, Settlement]()
        for run in settled:
            now = {id: settlement(id, version, entities) for id, (version, entities) in run.items()}
            put(out, list(now.values()), documents)
            expected |= now
        check(out, expected)
        Manifest(out, {"identity": {}}).save({})
        compact(out, full)
        check(out, expected)
        old = Settled(Shelf(out).now())
        assert len(old) == len(expected)
        assert all(old.holds(id, one.kept.completion.request.fingerprint) for id, one in expected.items())
        assert not any(old.holds(id, f"{0:032x}") for id in expected)
        assert faults_of(Shelf(out).now()) == []


def check(out: Path, expected: dict[str, Settlement]) -> None:
    wanted = {table: [row for one in expected.values() for row in rows_of(one)[table]] for table in TABLES}
    for table in TABLES:
        written = pa.Table.from_pylist(wanted[table], SCHEMAS[table]).to_pylist()
        assert sorted(map(repr, rows(out, table))) == sorted(map(repr, written))


@QUICK
@given(st.lists(st.tuples(texts, st.sampled_from([None, "think", "no_think"])), min_size=2, max_size=2, unique=True))
def test_a_fingerprint_names_text_and_mode_and_nothing_else(pair: list[tuple[str, str | None]]) -> None:
    one, other = (Document("a", text, "in.jsonl:1", mode=mode) for text, mode in pair)
    moved = Document("b", one.text, "elsewhere.parquet:99", kept={"url": "http://x"}, mode=one.mode)
    assert DESK.fingerprint(one) == DESK.fingerprint(moved)
    assert DESK.fingerprint(one) != DESK.fingerprint(other)
    assert len(DESK.fingerprint(one)) == 32 and int(DESK.fingerprint(one), 16) >= 0


def test_every_setting_that_changes_the_answer_changes_the_name() -> None:
    changed: list[dict[str, Any]] = [
        {"schema": "finance"},
        {"max_answer_tokens": 7},
        {"seed": 1},
        {"sampling": {"temperature": 0.3}},
        {"mode": "think", "sampling": {"temperature": 0.6}},
        {"thinking_budget": 100},
        {"examples": None},
    ]
    document = Document("a", "text", "in.jsonl:1")
    names = [_desk(**words).fingerprint(document) for words in ({}, *changed)]
    assert len(set(names)) == len(names)
    kept: list[dict[str, Any]] = [
        {"out": Path("elsewhere")},
        {"part_documents": 9},
        {"attempts": 9},
        {"engine_timeout": 9},
    ]
    assert {_desk(**words).fingerprint(document) for words in kept} == {names[0]}


def _desk(**words: Any) -> RequestBuilder:
    with tempfile.TemporaryDirectory() as folder:
        inputs = write(Path(folder) / "in.jsonl", [("a", "x")])
        return fake_prepared(inputs, **({"out": Path(folder)} | words)).builder


DESK = _desk()
