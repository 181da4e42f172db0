"""Precision, recall and F1 against values worked out by hand."""

from pathlib import Path
from typing import Any

import pytest
from shelves import document, entity, write_gold, write_run

from extractor.errors import UserError
from extractor.evaluation.evaluate import evaluate
from extractor.evaluation.gold import load_gold
from extractor.evaluation.results import Evaluation, Score
from extractor.evaluation.runs import load_run

TEXT = "Ada Lovelace met Charles Babbage in London. Lovelace wrote notes."
ADA = {"name": "Ada Lovelace", "type": "Person", "mentions": [[0, 12], [44, 52]], "aliases": ["Countess of Lovelace"]}
BABBAGE = {"name": "Charles Babbage", "type": "Person", "mentions": [[17, 32]]}
LONDON = {"name": "London", "type": "Place", "mentions": [[36, 42]]}
GOLD = {
    "doc_id": "d",
    "lang": "en",
    "text": TEXT,
    "entities": [ADA, BABBAGE, LONDON],
    "relations": [{"subject": "Ada Lovelace", "predicate": "met", "object": "Charles Babbage"}],
}


def scored(folder: Path, run: list[dict[str, Any]], gold: list[dict[str, Any]], **labels: Any) -> Evaluation:
    out, file = write_run(folder / "run", run), write_gold(folder / "gold.jsonl", gold, **labels)
    return evaluate(load_run(out), load_gold(file), resamples=50)


def pick(evaluation: Evaluation, metric: str, scope: str = "micro", name: str = "") -> Score:
    return next(s for s in evaluation.scores if (s.metric, s.scope, s.name) == (metric, scope, name))


def counts(score: Score) -> tuple[int, int | None, int]:
    return score.hits, score.spurious, score.missed


def prf(score: Score) -> tuple[float | None, ...]:
    return tuple(estimate.value if estimate else None for estimate in (score.precision, score.recall, score.f1))


@pytest.mark.parametrize(
    ("found", "strict", "any_type", "overlap"),
    [
        ([], (0, 0, 3), (0, 0, 3), (0, 0, 3)),
        ([entity("Ada Lovelace", "Person", (0, 12))], (1, 0, 2), (1, 0, 2), (1, 0, 2)),
        ([entity("ada  LOVELACE", "person")], (1, 0, 2), (1, 0, 2), (1, 0, 2)),  # case and white space do not count
        ([entity("Ａｄａ Lovelace", "Person")], (1, 0, 2), (1, 0, 2), (1, 0, 2)),  # nor does width
        ([entity("Lovelace", "Person", (44, 52))], (1, 0, 2), (1, 0, 2), (1, 0, 2)),  # a mention's text
        ([entity("Countess of Lovelace", "Person")], (1, 0, 2), (1, 0, 2), (1, 0, 2)),  # an alias
        ([entity("London", "Person", (36, 42))], (0, 1, 3), (1, 0, 2), (0, 1, 3)),  # wrong type
        ([entity("in London", "Place", (33, 42))], (0, 1, 3), (0, 1, 3), (1, 0, 2)),  # wrong edge
        ([entity("Charles", "Place", (17, 24))], (0, 1, 3), (0, 1, 3), (0, 1, 3)),  # overlaps, wrong type
        ([entity("London", "Place"), entity("LONDON", "place")], (1, 0, 2), (1, 0, 2), (1, 0, 2)),  # said twice
        ([entity("London", "Place"), entity("London", "Org")], (1, 1, 2), (1, 0, 2), (1, 1, 2)),
        (
            [entity("Ada Lovelace", "Person"), entity("Lovelace", "Person")],
            (1, 1, 2),
            (1, 1, 2),
            (1, 1, 2),
        ),  # gold once
        ([entity("London", None)], (0, 1, 3), (1, 0, 2), (0, 1, 3)),
    ],
)
def test_entities_by_three_rules(
    tmp_path: Path, found: Any, strict: tuple[int, ...], any_type: tuple[int, ...], overlap: tuple[int, ...]
) -> None:
    evaluation = scored(tmp_path, [document("d", entities=found)], [GOLD])
    metrics = ("entity_strict", "entity_any_type", "entity_overlap")
    assert [counts(pick(evaluation, metric)) for metric in metrics] == [strict, any_type, overlap]


MISTYPED = [entity("Ada Lovelace", "Place"), entity("Charles Babbage", "Person")]
PEOPLE = [entity("Ada Lovelace", "Person"), entity("Charles Babbage", "Person")]


@pytest.mark.parametrize(
    ("found", "relation", "strict", "any_direction", "typed"),
    [
        (PEOPLE, ("Ada Lovelace", "met", "Charles Babbage"), (1, 0, 0), (1, 0, 0), (1, 0, 0)),
        (PEOPLE, ("Charles Babbage", "met", "Ada Lovelace"), (0, 1, 1), (1, 0, 0), (0, 1, 1)),
        (PEOPLE, ("Ada Lovelace", "MET", "Charles Babbage"), (1, 0, 0), (1, 0, 0), (1, 0, 0)),
        (PEOPLE, ("Ada Lovelace", "married", "Charles Babbage"), (0, 1, 1), (0, 1, 1), (0, 1, 1)),
        (PEOPLE, ("Ada Lovelace", "met", "London"), (0, 1, 1), (0, 1, 1), (0, 1, 1)),
        (PEOPLE, ("Ada Lovelace", "met", None), (0, 1, 1), (0, 1, 1), (0, 1, 1)),
        ([], ("Lovelace", "met", "charles babbage"), (1, 0, 0), (1, 0, 0), (0, 1, 1)),  # no entities: no types
        (MISTYPED, ("Ada Lovelace", "met", "Charles Babbage"), (1, 0, 0), (1, 0, 0), (0, 1, 1)),
    ],
)
def test_relations_by_three_rules(
    tmp_path: Path, found: Any, relation: Any, strict: Any, any_direction: Any, typed: Any
) -> None:
    evaluation = scored(tmp_path, [document("d", entities=found, relations=[relation])], [GOLD])
    metrics = ("relation_strict", "relation_any_direction", "relation_typed")
    assert [counts(pick(evaluation, metric)) for metric in metrics] == [strict, any_direction, typed]


def test_symmetric_relations_have_no_direction_and_count_once(tmp_path: Path) -> None:
    both_ways = [{"subject": a, "predicate": "near", "object": b} for a, b in (("A", "B"), ("B", "A"))]
    gold = {"doc_id": "d", "entities": [{"name": "A"}, {"name": "B"}], "relations": both_ways}
    run = [document("d", relations=[("b", "near", "a"), ("a", "near", "b")])]
    assert counts(pick(scored(tmp_path / "one", run, [gold], symmetric_relations=["Near"]), "relation_strict")) == (
        1,
        0,
        0,
    )
    assert counts(pick(scored(tmp_path / "two", run[:1], [gold]), "relation_strict")) == (2, 0, 0)


TYPED = [entity("a", "X"), entity("b", "X"), entity("c", "Y"), entity("n", "Z")]


def test_micro_macro_type_and_language(tmp_path: Path) -> None:
    gold = [
        {"doc_id": "1", "lang": "en", "entities": [{"name": n, "type": "X"} for n in "abd"]},
        {"doc_id": "2", "lang": "zh", "entities": [{"name": "c", "type": "Y"}, {"name": "q", "type": "Y"}]},
    ]
    run = [document("1", entities=[TYPED[0], TYPED[1], TYPED[3]]), document("2", entities=[TYPED[2]])]
    evaluation = scored(tmp_path, run, gold)
    assert prf(pick(evaluation, "entity_strict")) == pytest.approx((3 / 4, 3 / 5, 6 / 9))
    assert prf(pick(evaluation, "entity_strict", "type", "X")) == pytest.approx((1, 2 / 3, 4 / 5))
    assert prf(pick(evaluation, "entity_strict", "type", "Y")) == pytest.approx((1, 1 / 2, 2 / 3))
    assert prf(pick(evaluation, "entity_strict", "type", "(other)")) == (0, 0, 0)  # Z: gold does not know it
    assert prf(pick(evaluation, "entity_strict", "macro")) == pytest.approx((1, 7 / 12, 11 / 15))  # of X and Y
    assert prf(pick(evaluation, "entity_strict", "language", "en")) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert prf(pick(evaluation, "entity_strict", "language", "zh")) == pytest.approx((1, 1 / 2, 2 / 3))


def test_language_may_come_from_a_kept_column(tmp_path: Path) -> None:
    gold = [{"doc_id": "1", "entities": [{"name": "a", "type": "X"}]}]
    evaluation = scored(tmp_path, [document("1", lang="fr", entities=TYPED[:1])], gold)
    assert prf(pick(evaluation, "entity_strict", "language", "fr")) == (1, 1, 1)


@pytest.mark.parametrize("word", ["partial", "PARTIAL: only entities in a relation", "Silver, from a list"])
def test_partial_annotation_gives_recall_alone(tmp_path: Path, word: str) -> None:
    run = [document("d", entities=[*PEOPLE, entity("Notes", "Work")], relations=[("x", "met", "y")])]
    evaluation = scored(tmp_path, run, [GOLD], entity_annotation=word, relation_annotation="exhaustive")
    for scope, name in (("micro", ""), ("macro", ""), ("type", "Person"), ("language", "en")):
        score = pick(evaluation, "entity_strict", scope, name)
        assert (score.precision, score.f1, score.spurious) == (None, None, None)
    assert pick(evaluation, "entity_strict").recall.value == pytest.approx(2 / 3)
    assert prf(pick(evaluation, "relation_strict")) == (0, 0, 0)
    assert any("recall alone" in note for note in evaluation.notes)


def test_what_gold_never_annotates_is_not_scored(tmp_path: Path) -> None:
    gold = [{"doc_id": "d", "entities": [ADA], "relations": []}]
    evaluation = scored(tmp_path, [document("d", relations=[("x", "met", "y")])], gold)
    assert {score.metric.partition("_")[0] for score in evaluation.scores} == {"entity"}


def test_quarantined_documents_count_as_finding_nothing_and_absent_ones_are_listed(tmp_path: Path) -> None:
    gold = [{**GOLD, "doc_id": doc_id} for doc_id in ("a", "b", "c")]
    run = [
        document("a", entities=PEOPLE),
        document("b", status="quarantined", problem="truncated"),
        document("x", status="empty"),
    ]
    evaluation = scored(tmp_path, run, gold)
    assert counts(pick(evaluation, "entity_strict")) == (2, 0, 4)
    assert evaluation.documents == 2
    assert (evaluation.gold_without_document, evaluation.documents_without_gold) == (("c",), ("x",))
    assert (evaluation.rates["valid"].value, evaluation.rates["quarantined"].value) == (0.5, 0.5)
    assert evaluation.problems == {"truncated": 1}


def test_pending_documents_count_as_finding_nothing_if_the_manifest_owns_up_to_them(tmp_path: Path) -> None:
    file = write_gold(tmp_path / "gold.jsonl", [{**GOLD, "doc_id": doc_id} for doc_id in ("a", "b", "c")])
    under_way = {"state": "running", "total": 3, "pending": 2}
    for said, documents, missed in (({"pending": 2}, 3, 7), ({"pending": 1}, 1, 1), (under_way, 3, 7)):
        out = write_run(tmp_path / str(said), [document("a", entities=PEOPLE)], {"last_run": said})
        evaluation = evaluate(load_run(out), load_gold(file), resamples=20)
        assert (evaluation.documents, pick(evaluation, "entity_strict").missed) == (documents, missed)


def test_a_run_without_gold_documents_or_without_documents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="share no doc_id"):
        scored(tmp_path, [document("other")], [GOLD])
    with pytest.raises(UserError, match="nowhere: no such folder"):
        load_run(str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match="not an output folder of extract run"):
        load_run(str(tmp_path))
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(UserError, match="no document is settled yet"):
        load_run(str(tmp_path))


def test_counts_of_each_document_are_kept(tmp_path: Path) -> None:
    evaluation = scored(tmp_path, [document("d", entities=[*PEOPLE, entity("x", "Place")])], [GOLD])
    (one,) = evaluation.by_document
    assert (one.doc_id, one.status, one.entities, one.relations, one.rouge_l) == ("d", "ok", (2, 1, 1), (0, 0, 1), None)


def test_a_name_that_two_gold_entities_share_is_given_to_the_one_that_leaves_most_right(tmp_path: Path) -> None:
    gold = [
        {"name": "Ann", "type": "P", "aliases": ["Lee", "Miss Lee"]},
        {"name": "Ben", "type": "P", "aliases": ["Lee"]},
    ]
    found = [entity("Lee", "P"), entity("Miss Lee", "P")]  # Lee could be either, Miss Lee only Ann
    evaluation = scored(tmp_path, [document("d", entities=found)], [{"doc_id": "d", "entities": gold}])
    assert counts(pick(evaluation, "entity_strict")) == (2, 0, 0)
