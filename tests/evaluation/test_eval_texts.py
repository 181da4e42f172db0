"""Summaries by ROUGE in any script, fields of records and attributes of entities, tables and tidy Parquet."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer
from shelves import document, entity, write_gold, write_run

from extractor.evaluation.brief import in_short
from extractor.evaluation.compare import compare
from extractor.evaluation.evaluate import evaluate
from extractor.evaluation.gold import GoldDocument, load_gold
from extractor.evaluation.intervals import Estimate
from extractor.evaluation.result_rows import arm_rows, difference_rows, evaluation_rows
from extractor.evaluation.results import Evaluation
from extractor.evaluation.runs import load_run
from extractor.evaluation.summaries import MixedTokenizer, rouge, similarity
from extractor.evaluation.tidy import save


def averages(evaluation: Evaluation) -> dict[tuple[str, str], tuple[float, int]]:
    return {(a.metric, a.name): (round(a.estimate.value or 0, 4), a.n) for a in evaluation.averages}


def scored(folder: Path, run: list[dict[str, Any]], gold: list[dict[str, Any]]) -> Evaluation:
    file = load_gold(write_gold(folder / "gold.jsonl", gold))
    return evaluate(load_run(write_run(folder / "run", run)), file, resamples=20)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The Cat's 2 hats", ["the", "cat", "s", "2", "hats"]),
        ("用BERT模型。", ["用", "bert", "模", "型"]),
        ("ひらカタ漢", ["ひ", "ら", "カ", "タ", "漢"]),
        ("ไทย ok", ["ไ", "ท", "ย", "ok"]),
        ("한국 사람", ["한국", "사람"]),
        ("Привет, été", ["привет", "été"]),
        ("𠮷野家", ["𠮷", "野", "家"]),
        ("，。!?", []),
    ],
)
def test_tokens_are_words_or_characters_by_script(text: str, tokens: list[str]) -> None:
    assert MixedTokenizer().tokenize(text) == tokens


def test_rouge_of_english_is_that_of_the_library_and_of_chinese_goes_by_characters(tmp_path: Path) -> None:
    wanted, said = "The cat sat on the mat.", "A cat lay on the mat today"
    gold: list[dict[str, Any]] = [
        {"doc_id": "en", "summary": wanted},
        {"doc_id": "zh", "summary": "猫坐在垫子上"},
        {"doc_id": "none"},
    ]
    gold.append({"doc_id": "two", "summaries": ["no match", "dogs bark"]})
    run = [document("en", summary=said), document("zh", summary="狗坐在椅子上"), document("none", summary="x")]
    evaluation = scored(tmp_path, [*run, document("two", summary="dogs bark")], gold)
    library = RougeScorer(["rougeL"]).score(wanted, said)["rougeL"].fmeasure
    of_document = {d.doc_id: d.rouge_l for d in evaluation.by_document}
    assert of_document == {"en": pytest.approx(library), "zh": pytest.approx(4 / 6), "none": None, "two": 1.0}
    assert averages(evaluation)["rougeL", ""] == (round((library + 4 / 6 + 1) / 3, 4), 3)


@given(st.lists(st.text("abc ", max_size=90), min_size=1, max_size=3), st.text("abcd ", min_size=1, max_size=90))
def test_rouge_is_that_of_the_library(wanted: list[str], said: str) -> None:
    kinds = ["rouge1", "rouge2", "rougeL"]
    library = RougeScorer(kinds, tokenizer=MixedTokenizer()).score_multi(wanted, said)
    ours = rouge([GoldDocument("a", summaries=tuple(wanted))], [said])
    if any(map(str.strip, wanted)):
        assert ours == {kind: [pytest.approx(library[kind].fmeasure)] for kind in kinds}
    else:
        assert ours == {kind: [None] for kind in kinds}


def test_a_missing_summary_scores_nothing(tmp_path: Path) -> None:
    evaluation = scored(tmp_path, [document("a", status="quarantined")], [{"doc_id": "a", "summary": "x y"}])
    assert averages(evaluation)["rouge1", ""] == (0, 1)


def test_summaries_are_as_alike_whichever_comes_first() -> None:
    one, two = "a b c d e f", "f a b c"
    assert similarity(one, two) == similarity(two, one) == pytest.approx(2 * 3 / 10)
    assert similarity("same", "SAME") == 1


def test_fields_of_the_record_exactly_and_in_value(tmp_path: Path) -> None:
    gold = [
        {"doc_id": "a", "record": {"price": 1200, "place": "Paris", "tags": ["x", "y"], "who": {"age": 3}}},
        {"doc_id": "b", "record": {"price": 5}},
    ]
    run = [
        document("a", record={"price": "1,200", "place": "Paris", "tags": ["Y", "x"], "who": {"age": 4}, "more": 1}),
        document("b", status="quarantined"),
    ]
    found = averages(scored(tmp_path, run, gold))
    exact = {"place": (1, 1), "price": (0, 2), "tags": (0, 1), "who.age": (0, 1)}
    in_value = {"place": (1, 1), "price": (0.5, 2), "tags": (1, 1), "who.age": (0, 1), "": (0.6, 5)}
    assert {name: found["record_exact", name] for name in exact} == exact
    assert {name: found["record_value", name] for name in in_value} == in_value


def test_attributes_of_entities_that_were_found(tmp_path: Path) -> None:
    entities = [
        {"name": "Ann", "type": "P", "attributes": {"role": "Chair", "age": 50}},
        {"name": "Bob", "type": "P", "attributes": {"role": "cook"}},
    ]
    run = [document("a", entities=[entity("Ann", "P", role="chair", age=50), entity("Eve", "P", role="cook")])]
    found = averages(scored(tmp_path, run, [{"doc_id": "a", "entities": entities}]))
    assert (found["attribute_exact", "role"], found["attribute_value", "role"]) == ((0, 1), (1, 1))
    assert found["attribute_exact", "age"] == (1, 1)


@pytest.mark.parametrize(
    ("estimate", "said"),
    [
        (Estimate(0.3125, 0.1852, 0.4549), "0.31 (.19–.45)"),  # rounded once: 0.455 would be .46
        (Estimate(1.0, 0.806, 1.0), "1.00 (.81–1)"),
        (Estimate(0.5, None, None), "0.50"),
        (Estimate(None, None, None), "–"),
        (None, "–"),
    ],
)
def test_an_estimate_in_short(estimate: Estimate | None, said: str) -> None:
    assert in_short(estimate) == said


def test_tables_and_tidy_parquet_and_json(tmp_path: Path) -> None:
    gold = load_gold(write_gold(tmp_path / "gold.jsonl", [{"doc_id": "a", "entities": [{"name": "Ann", "type": "P"}]}]))
    found = [document("a", entities=[entity("Ann", "P")], summary="s")]
    runs = [load_run(write_run(tmp_path / name, found)) for name in ("one", "two")]
    evaluation, comparison = evaluate(runs[0], gold), compare(runs, gold, gpu_hour_price=1.0)
    for rows in (evaluation_rows(evaluation), arm_rows(comparison), difference_rows(comparison)):
        assert len({len(row) for row in rows}) == 1 and all(isinstance(cell, str) for row in rows for cell in row)
    assert evaluation_rows(evaluation)[1][:5] == ["entity_strict", "micro", *["1.000"] * 3]
    assert difference_rows(compare(runs, None, gpu_hour_price=None))[1][:2] == ["two, one", "1.000"]
    save(comparison, str(tmp_path / "metrics.parquet"))
    tidy = pq.read_table(tmp_path / "metrics.parquet")
    assert tidy.column_names == ["arm", "metric", "scope", "type", "value", "low", "high", "n"]
    values = {(r["arm"], r["metric"], r["scope"]): r["value"] for r in tidy.to_pylist()}
    assert values["one", "entity_strict.f1", "micro"] == 1
    assert values["two − one", "difference.entity_strict.f1", "micro"] == 0
    assert values["two", "tokens.written.median", "all"] == 20
    save(evaluation, str(tmp_path / "metrics.parquet"))
    assert set(pq.read_table(tmp_path / "metrics.parquet")["arm"].to_pylist()) == {"no_think"}
    assert json.loads(json.dumps(dataclasses.asdict(comparison)))["arms"][0]["evaluation"]["documents"] == 1
