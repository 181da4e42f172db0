"""Tables beside entities, relations and summaries are scored by their columns: shown here on events."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shelves import document, entity, write_gold, write_run

from extractor.errors import UserError
from extractor.evaluation.brief import brief_arm_rows, brief_difference_rows, brief_rows
from extractor.evaluation.compare import compare
from extractor.evaluation.evaluate import evaluate
from extractor.evaluation.gold import Gold, load_gold
from extractor.evaluation.result_rows import arm_rows, difference_rows, evaluation_rows
from extractor.evaluation.results import Comparison, Evaluation, Score
from extractor.evaluation.runs import load_run
from extractor.evaluation.tidy import save
from extractor.tables import TABLES

Row = dict[str, Any]
BOUGHT: Row = {"name": "had bought", "type": "acquisition", "participants": ["Ann Ltd", "Bob Ltd"], "when": "9 June"}
LEFT: Row = {"name": "leaves", "type": "departure", "participants": ["Cy"], "when": None}


def event(name: str, kind: str | None, *participants: str, **more: Any) -> Row:
    return {"name": name, "type": kind, "participants": list(participants), **more}


def scored(folder: Path, found: list[Row], gold: list[Row], **labels: Any) -> Evaluation:
    file = write_gold(folder / "gold.jsonl", [{"doc_id": "d", "lang": "en", "events": gold}], **labels)
    return evaluate(load_run(write_run(folder / "run", [document("d", events=found)])), load_gold(file), resamples=50)


def pick(evaluation: Evaluation, metric: str, scope: str = "micro", name: str = "") -> Score:
    return next(s for s in evaluation.scores if (s.metric, s.scope, s.name) == (metric, scope, name))


def counts(score: Score) -> tuple[int, int | None, int]:
    return score.hits, score.spurious, score.missed


@pytest.mark.parametrize(
    ("found", "strict", "any_type"),
    [
        ([], (0, 0, 2), (0, 0, 2)),
        ([event("had bought", "acquisition")], (1, 0, 1), (1, 0, 1)),
        ([event("Had  BOUGHT", "Acquisition")], (1, 0, 1), (1, 0, 1)),  # case and white space do not count
        ([event("bought", "acquisition")], (1, 0, 1), (1, 0, 1)),  # an alias
        ([event("bought", "purchase")], (1, 0, 1), (1, 0, 1)),  # another type that is right
        ([event("had bought", "contract")], (0, 1, 2), (1, 0, 1)),  # wrong type
        ([event("had bought", None)], (0, 1, 2), (1, 0, 1)),
        ([event("had bought", "acquisition"), event("bought", "acquisition")], (1, 1, 1), (1, 1, 1)),  # gold once
        ([event("leaves", "departure", "Cy"), event("leaves", "departure", "Di")], (1, 0, 1), (1, 0, 1)),  # one key
        ([event("had bought", "acquisition"), event("leaves", "departure")], (2, 0, 0), (2, 0, 0)),
    ],
)
def test_rows_by_two_rules(
    tmp_path: Path, found: list[Row], strict: tuple[int, ...], any_type: tuple[int, ...]
) -> None:
    gold = [{**BOUGHT, "aliases": ["bought"], "alt_types": ["purchase"]}, LEFT]
    evaluation = scored(tmp_path, found, gold)
    assert [counts(pick(evaluation, f"event_{rule}")) for rule in ("strict", "any_type")] == [strict, any_type]
    (one,) = evaluation.by_document
    assert one.further == {"events": strict} and one.entities is None


def test_each_type_and_language_has_its_score(tmp_path: Path) -> None:
    evaluation = scored(tmp_path, [BOUGHT, event("fined", "penalty")], [BOUGHT, LEFT])
    by_type = {s.name: counts(s) for s in evaluation.scores if (s.metric, s.scope) == ("event_strict", "type")}
    assert by_type == {"acquisition": (1, 0, 0), "departure": (0, 0, 1), "(other)": (0, 1, 0)}
    assert counts(pick(evaluation, "event_strict", "language", "en")) == (1, 1, 1)
    macro = pick(evaluation, "event_strict", "macro").f1
    assert macro and macro.value == pytest.approx(0.5)


def test_the_other_columns_of_rows_that_were_found_are_scored_too(tmp_path: Path) -> None:
    gold = [{**BOUGHT, "attributes": {"amount": "$85 million"}}, LEFT]
    found = [
        event("had bought", "acquisition", "Bob Ltd", "Ann Ltd", when="9 June", attributes={"amount": "$85m"}),
        LEFT,
    ]
    told = {(a.metric, a.name): (a.estimate.value, a.n) for a in scored(tmp_path, found, gold).averages}
    assert told["event_exact", "participants"] == (0.5, 2)  # the order says who bought whom
    assert told["event_value", "participants"] == (1, 2)
    assert told["event_exact", "when"] == (1, 1)
    assert told["event_exact", "amount"] == (0, 1)


def test_partial_gold_tells_recall_alone(tmp_path: Path) -> None:
    evaluation = scored(tmp_path, [BOUGHT, event("fined", "penalty")], [BOUGHT, LEFT], event_annotation="partial")
    score = pick(evaluation, "event_strict")
    assert (score.f1, score.spurious, score.recall.value) == (None, None, 0.5)
    assert "gold marks only some events: recall alone can be told" in evaluation.notes


def test_what_gold_does_not_mark_is_not_scored(tmp_path: Path) -> None:
    file = write_gold(tmp_path / "gold.jsonl", [{"doc_id": "d", "entities": [{"name": "Ann", "type": "P"}]}])
    found = document("d", entities=[entity("Ann", "P")], events=[BOUGHT])
    evaluation = evaluate(load_run(write_run(tmp_path / "run", [found])), load_gold(file), resamples=50)
    assert {s.metric for s in evaluation.scores} == {"entity_strict", "entity_any_type", "entity_overlap"}
    assert evaluation.by_document[0].further == {}


def test_an_output_from_before_the_table_has_missed_its_rows(tmp_path: Path) -> None:
    gold = load_gold(write_gold(tmp_path / "gold.jsonl", [{"doc_id": "d", "events": [BOUGHT]}]))
    out = write_run(tmp_path / "run", [document("d")])
    assert not (Path(out) / "events").exists()
    assert counts(pick(evaluate(load_run(out), gold, resamples=50), "event_strict")) == (0, 0, 1)


def test_parquet_says_the_same_as_jsonl(tmp_path: Path) -> None:
    rows: list[Row] = [{"doc_id": "a", "events": [{**BOUGHT, "aliases": ["bought"], "attributes": {"x": 1}}, LEFT]}]
    structs = json.loads(json.dumps([*rows, {"doc_id": "b", "events": None}]))
    structs[0]["events"][0]["attributes"] = json.dumps({"x": 1})
    pq.write_table(pa.Table.from_pylist(structs), tmp_path / "gold.parquet")
    wanted = load_gold(write_gold(tmp_path / "gold.jsonl", [*rows, {"doc_id": "b"}]))
    assert load_gold(str(tmp_path / "gold.parquet")).documents == wanted.documents
    assert wanted.documents["a"].rows["events"][0].aliases == ("bought",)


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ('[{"type": "acquisition"}]', "events.0.name: Field required"),
        ('[{"name": " "}]', "events.0.name: String should have at least 1 character"),
        (
            '[{"name": "a"}, {"name": "b", "participants": "Ann"}]',
            "events.1.participants: Input should be a valid list",
        ),
        ('{"name": "a"}', "events: Input should be a valid list"),
    ],
)
def test_a_malformed_row_is_named_by_file_and_line(tmp_path: Path, events: str, says: str) -> None:
    file = tmp_path / "gold.jsonl"
    file.write_text(f'{{"doc_id": "d", "events": {events}}}\n')
    with pytest.raises(UserError) as fault:
        load_gold(str(file))
    assert str(fault.value).startswith(f"{file}:1: {says}") and "\n" not in str(fault.value)


def compared(folder: Path, gold: Gold | None, **arms: list[list[Row]]) -> Comparison:
    runs = [
        load_run(write_run(folder / arm, [document(f"d{n}", events=e) for n, e in enumerate(found)]))
        for arm, found in arms.items()
    ]
    return compare(runs, gold)


def test_arms_are_compared_by_rows(tmp_path: Path) -> None:
    gold = load_gold(
        write_gold(tmp_path / "gold.jsonl", [{"doc_id": f"d{n}", "events": [BOUGHT, LEFT]} for n in range(40)])
    )
    comparison = compared(tmp_path, gold, one=[[BOUGHT, LEFT]] * 40, two=[[BOUGHT]] * 40)
    strict = next(d for d in comparison.differences if (d.metric, d.scope) == ("event_strict", "micro"))
    assert strict.estimate.value == pytest.approx(2 / 3 - 1)
    assert "is worse than one by 33.3 event F1 points" in comparison.verdict
    assert {d.name for d in comparison.differences if d.metric == "event_strict" and d.scope == "length"} != set()
    spent = [arm.resources.tokens_per_correct_item for arm in comparison.arms]
    assert spent == [10, 20]  # 20 tokens for two right events, or for one
    assert ["event_strict f1", "1.000 (0.912–1.000)", "0.667 (0.667–0.667)"] in arm_rows(comparison)
    assert any(row[1] == "event f1" for row in brief_difference_rows(comparison))
    assert any(row[0] == "event_strict f1" for row in brief_arm_rows(comparison))
    evaluation = comparison.arms[1].evaluation
    assert evaluation and any(row[:2] == ["event_strict", "acquisition"] for row in brief_rows(evaluation))
    assert any(row[:2] == ["event_strict", "type departure"] for row in evaluation_rows(evaluation))
    save(comparison, str(tmp_path / "metrics.parquet"))
    tidy = {
        (r["arm"], r["metric"], r["scope"]): r["value"] for r in pq.read_table(tmp_path / "metrics.parquet").to_pylist()
    }
    assert tidy["two", "event_strict.recall", "micro"] == 0.5
    assert json.loads(json.dumps(dataclasses.asdict(comparison)))["agreements"][0]["further"]["events"]["value"] == 0.5


def test_arms_agree_on_rows_with_one_key(tmp_path: Path) -> None:
    two = [[event("HAD bought", "acquisition", "Eve")], [event("leaves", "appointment")]]
    comparison = compared(tmp_path, None, one=[[BOUGHT], [LEFT]], two=two)
    (agreement,) = comparison.agreements
    assert agreement.further["events"].value == pytest.approx(1 / 3)  # one of three keys
    assert [d.doc_id for d in comparison.disagreements] == ["d1"]
    assert difference_rows(comparison)[0][-1] == "summaries alike" and "events agree" in difference_rows(comparison)[0]
    assert "33 % in events" in comparison.verdict


def test_without_rows_nothing_is_said_of_them(tmp_path: Path) -> None:
    comparison = compared(tmp_path, None, one=[[]], two=[[]])
    assert comparison.agreements[0].further == {}
    assert difference_rows(comparison)[0] == ["arms", "entities agree", "relations agree", "summaries alike"]


@pytest.mark.parametrize("table", [table for table in TABLES if table.holds == "items"], ids=lambda table: table.name)
def test_a_table_of_items_says_what_it_is_scored_by(table: Any) -> None:
    assert table.scored and set(table.scored) <= set(table.columns.names) & set(table.roles)
