"""The scorer against a second one, written independently: it tries every assignment of found things to gold things."""

import random
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from shelves import document, entity, write_gold, write_run

from extractor.evaluation.evaluate import evaluate
from extractor.evaluation.gold import load_gold
from extractor.evaluation.runs import load_run

NAMES, TYPES, PREDICATES = ["Ann", "Bob", "Cy", "Di"], ["P", "Q"], ["likes", "near"]


def random_gold(rng: random.Random, doc_id: str) -> dict[str, Any]:
    pairs = rng.sample([(name, kind) for name in NAMES for kind in TYPES], rng.randint(0, 4))
    entities = [{"name": n, "type": t, "aliases": rng.sample(NAMES, rng.randint(0, 2))} for n, t in pairs]
    triples = {(rng.choice(NAMES), rng.choice(PREDICATES), rng.choice(NAMES)) for _ in range(rng.randint(0, 4))}
    relations = [dict(zip(("subject", "predicate", "object"), t, strict=True)) for t in sorted(triples)]
    return {"doc_id": doc_id, "lang": rng.choice(["en", "zh"]), "entities": entities, "relations": relations}


def random_answer(rng: random.Random, doc_id: str) -> dict[str, Any]:
    entities = [entity(rng.choice(NAMES).upper(), rng.choice(TYPES)) for _ in range(rng.randint(0, 5))]
    relations = [(rng.choice(NAMES), rng.choice(PREDICATES), rng.choice(NAMES)) for _ in range(rng.randint(0, 4))]
    return document(doc_id, entities=entities, relations=relations)


def most(table: list[list[bool]]) -> int:
    """The most ones that can be picked with no two in a row or column."""
    if not table or not table[0]:
        return 0
    if len(table) > len(table[0]):
        table = [list(column) for column in zip(*table, strict=True)]
    return max(
        sum(table[i][j] for i, j in enumerate(order)) for order in permutations(range(len(table[0])), len(table))
    )


def entity_counts(answer: dict[str, Any], gold: dict[str, Any]) -> tuple[int, int, int]:
    found = sorted({(e["name"].lower(), e["type"].lower()) for e in answer["entities"]})
    right = [({e["name"].lower(), *map(str.lower, e["aliases"])}, e["type"].lower()) for e in gold["entities"]]
    hits = most([[name in names and kind == t for names, t in right] for name, kind in found])
    return hits, len(found) - hits, len(right) - hits


def relation_counts(answer: dict[str, Any], gold: dict[str, Any]) -> tuple[int, int, int]:
    def names_of(end: str) -> set[str]:
        by_name = [e for e in gold["entities"] if e["name"] == end]
        meant = by_name or [e for e in gold["entities"] if end in e["aliases"]]
        return {end}.union(*({e["name"], *e["aliases"]} for e in meant))

    def fits(found: tuple[str, ...], right: tuple[str, ...]) -> bool:
        ways = [right, (right[2], right[1], right[0])] if right[1] == "near" else [right]
        return any(
            found[1] == w[1] and found[0] in names_of(w[0]) and found[2] in names_of(w[2]) for w in ways
        )  # fmt: skip

    def once(triples: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
        return sorted({(min(s, o), max(s, o), p) if p == "near" else (s, o, p) for s, p, o in triples})

    found = [(s, p, o) for s, o, p in once(answer["relations"])]
    wanted = [(s, p, o) for s, o, p in once([(r["subject"], r["predicate"], r["object"]) for r in gold["relations"]])]
    hits = most([[fits(f, w) for w in wanted] for f in found])
    return hits, len(found) - hits, len(wanted) - hits


@pytest.mark.parametrize("seed", range(4))
def test_counts_of_every_document_agree(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    gold = [random_gold(rng, f"d{n}") for n in range(60)]
    run = [random_answer(rng, f"d{n}") for n in range(60)]
    file = write_gold(tmp_path / "gold.jsonl", gold, symmetric_relations=["near"])
    evaluation = evaluate(load_run(write_run(tmp_path / "run", run)), load_gold(file), resamples=20)
    expected = {g["doc_id"]: (entity_counts(r, g), relation_counts(r, g)) for r, g in zip(run, gold, strict=True)}
    assert {d.doc_id: (d.entities, d.relations) for d in evaluation.by_document} == expected
    for metric, kind in (("entity_strict", 0), ("relation_strict", 1)):
        hits, spurious, missed = (sum(counts[kind][i] for counts in expected.values()) for i in range(3))
        micro = next(s for s in evaluation.scores if (s.metric, s.scope) == (metric, "micro"))
        assert micro.f1 and micro.f1.value == pytest.approx(2 * hits / (2 * hits + spurious + missed))
        assert (micro.hits, micro.spurious, micro.missed) == (hits, spurious, missed)


def unnicknamed(gold: dict[str, Any]) -> dict[str, Any]:
    return {**gold, "entities": [{**e, "aliases": []} for e in gold["entities"]]}


def as_found(gold: dict[str, Any]) -> dict[str, Any]:
    entities = [entity(e["name"], e["type"]) for e in gold["entities"]]
    return document(gold["doc_id"], entities=entities, relations=[tuple(r.values()) for r in gold["relations"]])


def test_a_perfect_run_scores_one_and_an_empty_run_nothing(tmp_path: Path) -> None:
    rng = random.Random(7)
    gold = [unnicknamed(random_gold(rng, f"d{n}")) for n in range(40)]
    file = load_gold(write_gold(tmp_path / "gold.jsonl", gold, symmetric_relations=["near"]))
    perfect = evaluate(load_run(write_run(tmp_path / "perfect", [as_found(g) for g in gold])), file, resamples=20)
    assert perfect.scores and all(s.f1 and s.f1.value == 1 and not s.spurious for s in perfect.scores)
    nothing = [document(g["doc_id"], status="empty") for g in gold]
    empty = evaluate(load_run(write_run(tmp_path / "empty", nothing)), file, resamples=20)
    assert all(
        s.f1 and s.precision and (s.f1.value, s.precision.value, s.recall.value) == (0, 0, 0) for s in empty.scores
    )


def test_the_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    rng = random.Random(11)
    gold = [random_gold(rng, f"d{n}") for n in range(30)]
    run = [random_answer(rng, f"d{n}") for n in range(30)]
    file = load_gold(write_gold(tmp_path / "gold.jsonl", gold))
    one = evaluate(load_run(write_run(tmp_path / "run", run)), file, resamples=100)
    for answer in run:
        rng.shuffle(answer["entities"])
        rng.shuffle(answer["relations"])
    rng.shuffle(run)
    rng.shuffle(gold)
    shuffled = load_gold(write_gold(tmp_path / "gold.jsonl", gold))
    assert evaluate(load_run(write_run(tmp_path / "run", run)), shuffled, resamples=100) == one
