"""How far confidence can be relied on, against values worked out by hand; and the calibration made of it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shelves import document, entity, write_gold, write_run
from typer.testing import CliRunner

from extractor.answers.calibration import load_calibration
from extractor.cli.app import app
from extractor.errors import UserError
from extractor.evaluation.calibrate import calibrate, platt
from extractor.evaluation.evaluate import evaluate
from extractor.evaluation.gold import load_gold
from extractor.evaluation.results import Reliability
from extractor.evaluation.runs import load_run

pytestmark = pytest.mark.slow

Sure = list[tuple[float | None, bool]]  # of each entity: its confidence, and whether gold has it
MANIFEST = {"identity": {"model": "m@1"}, "settings": {}}


def made(folder: Path, documents: list[Sure], manifest: Any = MANIFEST, **labels: Any) -> tuple[str, str]:
    """A run and gold over documents with such entities."""
    run = [
        document(f"d{d}", entities=[entity(f"N{n}", "t") | {"confidence": sure} for n, (sure, _) in enumerate(rows)])
        for d, rows in enumerate(documents)
    ]
    gold = [
        {"doc_id": f"d{d}", "entities": [{"name": f"N{n}", "type": "t"} for n, (_, right) in enumerate(rows) if right]}
        for d, rows in enumerate(documents)
    ]
    return write_run(folder / "run", run, manifest), write_gold(folder / "gold.jsonl", gold, **labels)


def told(folder: Path, documents: list[Sure], **labels: Any) -> list[Reliability]:
    run, gold = made(folder, documents, **labels)
    return list(evaluate(load_run(run), load_gold(gold), resamples=50).reliability)


def test_auroc_counts_pairs_and_ece_how_far_apart_bins_are(tmp_path: Path) -> None:
    (found,) = told(
        tmp_path, [[(0.92, True), (0.98, True), (0.95, False)], [(0.45, True), (0.45, False), (None, True)]]
    )
    assert (found.table, found.items, found.right) == ("entities", 5, 3)
    assert found.auroc.value == pytest.approx((1 + 2 + 0.5) / 6)  # of 3 × 2 pairs
    assert [(one.low, one.items, one.right.value) for one in found.bins] == [(0.4, 2, 0.5), (0.9, 3, 2 / 3)]
    assert found.ece == pytest.approx(2 / 5 * 0.05 + 3 / 5 * (0.95 - 2 / 3))
    assert found.mean == pytest.approx(0.75)


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=30))
def test_auroc_is_the_share_of_pairs(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, bool]]) -> None:
    (found,) = told(tmp_path_factory.mktemp("a"), [[(level / 4, right) for level, right in rows], [(None, True)]])
    right, wrong = ([level for level, hit in rows if hit is wanted] for wanted in (True, False))
    pairs = [(r > w) + (r == w) / 2 for r in right for w in wrong]
    assert found.auroc.value == (pytest.approx(sum(pairs) / len(pairs)) if pairs else None)


def test_nothing_is_told_without_confidence_or_where_gold_is_partial(tmp_path: Path) -> None:
    assert told(tmp_path / "a", [[(None, True), (None, False)]]) == []
    assert told(tmp_path / "b", [[(0.5, True), (0.7, False)]], entity_annotation="partial") == []


def test_relations_and_further_tables_have_theirs(tmp_path: Path) -> None:
    events = [{"name": "met", "type": "t", "confidence": 0.9}, {"name": "left", "type": "t", "confidence": 0.2}]
    run = write_run(tmp_path / "run", [document("d", events=events)], MANIFEST)
    gold = write_gold(tmp_path / "gold.jsonl", [{"doc_id": "d", "events": [{"name": "met", "type": "t"}]}])
    (found,) = evaluate(load_run(run), load_gold(gold), resamples=50).reliability
    assert (found.table, found.auroc.value) == ("events", 1.0)


def test_platt_finds_the_curve_that_made_the_rows() -> None:
    drawn = np.random.default_rng(0)
    score = drawn.uniform(0.5, 0.9999, 5000)
    wanted = 1 / (1 + np.exp(-(0.6 * np.log(score / (1 - score)) - 1.2)))
    a, b = platt(score, drawn.random(5000) < wanted)
    assert a == pytest.approx(0.6, abs=0.1) and b == pytest.approx(-1.2, abs=0.15)


def test_platt_never_turns_the_order_round() -> None:
    right = np.array([True, False] * 20)
    a, b = platt(np.where(right, 0.2, 0.9), right)
    assert a == 0.0 and b == pytest.approx(0.0, abs=1e-9)
    assert platt(np.full(40, 1.0), right)[0] >= 0


SURE: list[Sure] = [[(0.9 + n / 1000, n % 2 == 0), (0.5 + n / 1000, n % 5 == 0)] for n in range(20)]


def ran(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["evaluate", *words])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_tells_it_and_writes_the_calibration(tmp_path: Path) -> None:
    run, gold = made(tmp_path, SURE)
    file, numbers = tmp_path / "c.json", tmp_path / "n.parquet"
    code, out, _ = ran(run, "--gold", gold, "--calibrate", str(file), "--parquet", str(numbers))
    assert code == 0 and "AUROC" in out and "ECE" in out
    found = load_calibration(file)
    assert found.model == "m@1" and [*found.tables] == ["entities"]
    assert (found.tables["entities"].items, found.tables["entities"].right) == (40, 14)
    shares = [found.of("entities", score) for score in (0.51, 0.91)]
    assert shares == [pytest.approx(0.2, abs=0.06), pytest.approx(0.5, abs=0.06)]
    metrics = {row["metric"] for row in pq.read_table(numbers).to_pylist()}
    assert {"entities_confidence.auroc", "entities_confidence.ece"} <= metrics
    assert json.loads(ran(run, "--gold", gold, "--json")[1])["reliability"][0]["items"] == 40


def test_what_cannot_be_calibrated_on_is_said_in_a_line(tmp_path: Path) -> None:
    run, gold = made(tmp_path, SURE, MANIFEST | {"settings": {"calibration": "c.json"}})
    code, _, said = ran(run, "--gold", gold, "--calibrate", str(tmp_path / "c.json"))
    assert code == 1 and "was made with --calibration, its scores are not raw" in said
    run, gold = made(tmp_path / "few", SURE[:5])
    with pytest.raises(UserError, match="has no table with 20 rows"):
        calibrate(load_run(run), load_gold(gold))
    code, _, said = ran(run, "--gold", gold, "--calibrate", gold)
    assert code == 1 and "would be written over" in said
