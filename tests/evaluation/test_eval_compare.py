"""Runs side by side: pairing, differences, agreement, cost, and a verdict that claims no more than it can."""

import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from shelves import document, entity, write_gold, write_run

from extractor.cli.tables import table
from extractor.errors import UserError
from extractor.evaluation.brief import brief_arm_rows, brief_difference_rows
from extractor.evaluation.compare import compare
from extractor.evaluation.gold import Gold, load_gold
from extractor.evaluation.intervals import Estimate
from extractor.evaluation.results import Comparison, Difference
from extractor.evaluation.runs import load_run
from extractor.evaluation.verdict import is_settled, is_within

NAMES = [f"Name{n}" for n in range(6)]


def gold_of(folder: Path, documents: int) -> Gold:
    """Six people a document, each knowing the next; every other document is long."""
    entities = [{"name": name, "type": "P"} for name in NAMES]
    relations = [{"subject": a, "predicate": "knows", "object": b} for a, b in pairwise(NAMES)]
    rows = [
        {"doc_id": f"d{n:03}", "text": "x" * (1000 if n % 2 else 10), "entities": entities, "relations": relations}
        for n in range(documents)
    ]
    return load_gold(write_gold(folder / "gold.jsonl", rows))


def answers(documents: int, finds: float, links: tuple[float, float], seed: int, **more: Any) -> list[dict[str, Any]]:
    """A run that finds each person, and each relation in (short, long) documents, by chance."""
    rng = random.Random(seed)
    found = []
    for n in range(documents):
        entities = [entity(name, "P") for name in NAMES if rng.random() < finds]
        pairs = [(a, "knows", b) for a, b in pairwise(NAMES) if rng.random() < links[n % 2]]
        found.append(document(f"d{n:03}", entities=entities, relations=pairs, **more))
    return found


def compared(folder: Path, gold: Gold | None, arms: dict[str, list[dict[str, Any]]]) -> Comparison:
    runs = [load_run(write_run(folder / name, rows, {"settings": {"mode": name}})) for name, rows in arms.items()]
    return compare(runs, gold, gpu_hour_price=None)


def test_identical_arms_are_within_nothing_of_each_other(tmp_path: Path) -> None:
    rows = answers(60, 0.7, (0.5, 0.5), 1)
    comparison = compared(tmp_path, gold_of(tmp_path, 60), {"think": rows, "no_think": rows})
    for difference in comparison.differences:
        assert (difference.estimate.value, difference.estimate.low, difference.estimate.high) == (0, 0, 0)
        assert difference.p == difference.adjusted_p == 1
    assert comparison.disagreements == ()
    assert comparison.verdict.startswith("On 60 documents no_think is within 0.0 entity F1 points (0.0, 95 % interval")


def test_the_tables_of_three_arms_fit_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("think", "no_think", "auto")
    arms = {name: answers(40, 0.9 - n / 5, (0.5, 0.2), n) for n, name in enumerate(names)}
    comparison = compared(tmp_path, gold_of(tmp_path, 40), arms)
    monkeypatch.setenv("COLUMNS", "80")
    for header, *rows in (brief_arm_rows(comparison), brief_difference_rows(comparison)):
        table(header, rows)
    said = capsys.readouterr().out
    quality = next(a.evaluation for a in comparison.arms if a.evaluation)
    f1 = next(s.f1 for s in quality.scores if (s.metric, s.scope) == ("entity_strict", "micro"))
    assert f1 and f1.low and f1.high
    assert f"({f1.low:.2f}–{f1.high:.2f})".replace("0.", ".") in said
    lines = said.splitlines()
    assert max(map(len, lines)) <= 80 and "cost of a correct item" not in said
    assert sum(line.startswith(("  no_think", "  auto")) for line in lines) == 2 * 2 * 3  # arms, metrics, splits


def test_a_small_difference_on_few_documents_cannot_be_told(tmp_path: Path) -> None:
    arms = {"think": answers(40, 0.7, (0.5, 0.5), 1), "no_think": answers(40, 0.69, (0.5, 0.5), 2)}
    comparison = compared(tmp_path, gold_of(tmp_path, 40), arms)
    assert comparison.verdict.startswith(
        "40 documents cannot tell no_think and think apart: the difference (no_think − think) is "
    )
    assert "entity F1 points (95 % interval −" in comparison.verdict and "wins" not in comparison.verdict


def test_a_great_difference_is_said_with_its_interval(tmp_path: Path) -> None:
    arms = {"think": answers(60, 0.9, (0.5, 0.5), 1), "no_think": answers(60, 0.6, (0.5, 0.5), 2)}
    comparison = compared(tmp_path, gold_of(tmp_path, 60), arms)
    difference = next(d for d in comparison.differences if (d.metric, d.scope) == ("entity_strict", "micro"))
    assert difference.estimate.high is not None and difference.estimate.high < 0 and difference.adjusted_p < 0.05
    assert "no_think is worse than think by" in comparison.verdict
    assert "cannot be told from think in the rest" in comparison.verdict


@pytest.mark.parametrize("documents", [1, 2, 4])
def test_a_few_documents_never_settle_anything(tmp_path: Path, documents: int) -> None:
    arms = {"think": answers(documents, 1.0, (1, 1), 1), "no_think": answers(documents, 0.2, (0.1, 0.1), 2)}
    comparison = compared(tmp_path, gold_of(tmp_path, documents), arms)
    assert f"{documents} document{'s' * (documents > 1)} cannot tell" in comparison.verdict
    assert ", p = " in comparison.verdict  # the interval excludes zero, and should not be trusted


@pytest.mark.slow
def test_who_wins_on_long_documents_is_said(tmp_path: Path) -> None:
    arms = {"think": answers(200, 0.7, (0.5, 0.62), 1), "no_think": answers(200, 0.7, (0.62, 0.5), 2)}
    comparison = compared(tmp_path, gold_of(tmp_path, 200), arms)
    assert "; think wins in relation F1 on long documents (by " in comparison.verdict
    assert "; no_think wins in relation F1 on short documents (by " in comparison.verdict
    halves = {d.name: d.documents for d in comparison.differences if d.scope == "length"}
    assert halves == {"short": 100, "long": 100}


def test_documents_of_one_length_are_not_split(tmp_path: Path) -> None:
    gold = gold_of(tmp_path, 1)  # one document: it is as long as itself
    comparison = compared(tmp_path, gold, {"a": answers(1, 1, (1, 1), 1), "b": answers(1, 1, (1, 1), 1)})
    assert {d.name for d in comparison.differences if d.scope == "length"} == {"short"}


@pytest.mark.parametrize(
    ("low", "high", "p", "documents", "settled", "within"),
    [
        (0.01, 0.05, 0.01, 100, True, False),
        (-0.01, 0.05, 0.01, 100, False, False),  # the test alone settles nothing
        (0.01, 0.05, 0.06, 100, False, False),  # nor does the interval alone
        (-0.05, -0.01, 0.01, 100, True, False),
        (-0.015, 0.02, 0.5, 100, False, True),
        (-0.015, 0.021, 0.5, 100, False, False),
        (-0.015, 0.02, 0.5, 29, False, False),  # too few to trust a narrow interval
        (None, None, 0.01, 100, False, False),
    ],
)
def test_what_a_verdict_may_say(
    low: float | None, high: float | None, p: float, documents: int, settled: bool, within: bool
) -> None:
    estimate = Estimate(0.0 if low is None or high is None else (low + high) / 2, low, high)
    difference = Difference("a", "b", "entity_strict", "f1", "micro", "", estimate, p / 2, p, documents)
    assert (is_settled(difference), is_within(difference)) == (settled, within)


def test_only_documents_of_every_arm_are_compared(tmp_path: Path) -> None:
    rows = answers(10, 0.7, (0.5, 0.5), 1)
    comparison = compared(tmp_path, gold_of(tmp_path, 6), {"think": rows[:8], "no_think": rows[2:], "auto": rows})
    assert (comparison.documents, comparison.scored) == (6, 4)
    assert comparison.not_joined == {"think": 2, "no_think": 2, "auto": 4}
    assert {(d.arm, d.base) for d in comparison.differences} == {("no_think", "think"), ("auto", "think")}
    assert all(arm.evaluation and arm.evaluation.documents == 4 for arm in comparison.arms)
    assert len(comparison.notes) == 4


def test_without_gold_there_is_agreement_and_no_winner(tmp_path: Path) -> None:
    def rows(entities: list[Any], relations: list[Any], summary: str | None) -> list[dict[str, Any]]:
        differing = document("b", entities=entities, relations=relations, summary=summary)
        return [document("a", entities=[entity("Z", "P")]), differing]

    one = rows([entity("A", "P"), entity("B", "P")], [("A", "r", "B")], "The cat sat.")
    two = rows([entity("a", "p"), entity("C", "P")], [("B", "r", "A")], "the CAT ran")
    comparison = compared(tmp_path, None, {"think": one, "no_think": two})
    (agreement,) = comparison.agreements
    assert agreement.entities.value == pytest.approx(2 / 4)  # Z and A of Z, A, B, C
    assert agreement.relations.value == 0
    assert agreement.summaries.value == pytest.approx(2 / 3)
    (disagreement,) = comparison.disagreements
    assert disagreement.doc_id == "b"
    assert disagreement.agreement == pytest.approx((1 / 3 + 0 + 2 / 3) / 3)
    assert comparison.differences == ()
    assert comparison.verdict.startswith("Without gold nobody can say which is better: no_think and think agree 50 %")


def test_tokens_seconds_and_cost(tmp_path: Path) -> None:
    thought = {"mode": "think", "thinking_tokens": 180, "thinking_end": "closed", "thinking_seconds": 8.0}
    cut = {**thought, "thinking_end": "truncated", "problem": "truncated", "status": "quarantined"}
    think = [document("d000", **thought, entities=[entity("Name0", "P")], relations=[("Name0", "knows", "Name1")])]
    think.append(document("d001", **cut))
    sessions: list[dict[str, Any]] = [
        {"settled": {"ok": 1, "quarantined": 1}, "seconds": 30.0, "load_seconds": 10.0},
        {"settled": {"ok": 2}, "seconds": 2.0},
    ]
    arms = {"think": think, "no_think": [document(d["doc_id"]) for d in think]}
    runs = [
        load_run(write_run(tmp_path / mode, rows, {"settings": {"mode": mode}, "last_run": session}))
        for (mode, rows), session in zip(arms.items(), sessions, strict=True)
    ]
    comparison = compare(runs, gold_of(tmp_path, 2), gpu_hour_price=3.6)
    spent, cheap = (arm.resources for arm in comparison.arms)
    assert (spent.tokens["written"].total, spent.tokens["thinking"].median, cheap.tokens["written"].total) == (
        400,
        180,
        40,
    )
    assert (spent.seconds["all"].median, cheap.seconds["all"].p95) == (9.75, 1.75)
    assert (spent.documents_per_second, spent.tokens_per_second, cheap.documents_per_second) == (0.1, 20, 1)
    assert (spent.cost_per_1000_documents, cheap.cost_per_1000_documents) == pytest.approx((10.0, 1.0))
    assert spent.cost_per_correct_item == pytest.approx(0.01)  # 2 documents, 10 seconds each, 2 right items
    assert (spent.tokens_per_correct_item, cheap.cost_per_correct_item) == (200, None)
    assert spent.thinking_end == {"closed": 1, "truncated": 1} and spent.truncated.value == 0.5
    assert "no_think wrote 10 % of the tokens of think" in comparison.verdict
    assert "50 % of the documents of think were quarantined" in comparison.verdict


def test_an_arm_of_one_engine_load_has_its_share_of_the_seconds(tmp_path: Path) -> None:
    work = {"settled": {"ok": 2}, "seconds": 45.0, "load_seconds": 5.0, "interleaved": True}
    shares = {"think": 0.75, "no_think": 0.25}
    runs = []
    for mode, share in shares.items():
        manifest = {"last_run": {"settled": {}, "seconds": 0.1}, "last_work": work | {"engine_share": share}}
        runs.append(load_run(write_run(tmp_path / mode, [document(i) for i in "ab"], manifest)))
    comparison = compare(runs, None, gpu_hour_price=None)
    assert [arm.resources.wall_seconds for arm in comparison.arms] == pytest.approx([30, 10])


@pytest.mark.parametrize(
    ("manifests", "labels"),
    [
        (({"settings": {"mode": "think"}}, {"settings": {"mode": "no_think"}}), ["think", "no_think"]),
        (({"settings": {"mode": "think", "thinking_budget": 512}}, {"settings": {"mode": "think"}}),
         ["think budget=512", "think"]),
        (({"settings": {"mode": "think"}}, {"settings": {"mode": "think"}}), ["one", "two"]),
    ],
)  # fmt: skip
def test_arms_are_named_by_what_sets_them_apart(tmp_path: Path, manifests: Any, labels: list[str]) -> None:
    pairs = zip(("one", "two"), manifests, strict=True)
    runs = [load_run(write_run(tmp_path / name, [document("a")], manifest)) for name, manifest in pairs]
    assert [arm.label for arm in compare(runs, None, gpu_hour_price=None).arms] == labels


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    one = load_run(write_run(tmp_path / "one", [document("a")]))
    two = load_run(write_run(tmp_path / "two", [document("b")]))
    with pytest.raises(UserError, match="two or more"):
        compare([one], None, gpu_hour_price=None)
    with pytest.raises(UserError, match="share no doc_id"):
        compare([one, two], None, gpu_hour_price=None)
    with pytest.raises(UserError, match="one is there twice"):
        compare([one, one], None, gpu_hour_price=None)
    same = load_run(write_run(tmp_path / "same", [document("a")]))
    with pytest.raises(UserError, match="none of the 1 documents"):
        compare([one, same], gold_of(tmp_path, 1), gpu_hour_price=None)
