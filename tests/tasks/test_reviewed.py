"""A review is gold and examples as it is: the last word on each document, none on what was skipped."""

import json
from pathlib import Path
from typing import Any

import pytest

from extractor.errors import UserError
from extractor.evaluation.gold import load_gold
from extractor.tasks.examples import load_examples
from extractor.tasks.schema import load_schema

SCHEMA = load_schema("news")


def line(doc_id: str, name: str = "Ann", verdict: str = "mended", **more: Any) -> str:
    entities = [{"name": name, "type": "person"}]
    said = {
        "doc_id": doc_id,
        "text": f"{name} met Bob.",
        "entities": entities,
        "answer": {"entities": entities, "relations": [], "summary": "They met."},
        "review": {"verdict": verdict, "by": "anna", "seconds": 4.2},
    }
    return json.dumps(said | more)


def written(folder: Path, *lines: str, end: str = "\n") -> str:
    (folder / "review.jsonl").write_text("\n".join(lines) + end, encoding="utf-8")
    return str(folder / "review.jsonl")


def names(path: str) -> dict[str, list[str]]:
    return {one.doc_id: [entity.name for entity in one.entities] for one in load_gold(path).documents.values()}


def test_the_last_word_on_a_document_counts(tmp_path: Path) -> None:
    path = written(tmp_path, line("a", "Ann"), line("b", "Bob"), line("a", "Anna"))
    assert names(path) == {"b": ["Bob"], "a": ["Anna"]}
    assert [one["text"] for one in load_examples(path, SCHEMA)[1]] == ["Bob met Bob.", "Anna met Bob."]


def test_a_skipped_document_is_neither(tmp_path: Path) -> None:
    path = written(tmp_path, line("a"), line("b"), line("a", verdict="skipped"))
    assert list(names(path)) == ["b"]
    assert [one["doc_id"] for one in load_examples(path, SCHEMA)[1]] == ["b"]


def test_a_document_without_an_answer_is_gold_alone(tmp_path: Path) -> None:
    path = written(tmp_path, line("a"), line("b", answer=None))
    assert list(names(path)) == ["a", "b"]
    assert [one["doc_id"] for one in load_examples(path, SCHEMA)[1]] == ["a"]


def test_a_line_that_a_crash_cut_short_is_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path, line("a"), line("b")[:40], end="")
    assert list(names(path)) == ["a"]
    assert len(load_examples(path, SCHEMA)[1]) == 1


def test_so_it_is_in_the_middle_where_others_went_on_after_the_crash(tmp_path: Path) -> None:
    path = written(tmp_path, line("a"), line("b")[:40], line("c"))
    assert list(names(path)) == ["a", "c"]
    assert len(load_examples(path, SCHEMA)[1]) == 2


@pytest.mark.parametrize("cut", range(1, 400, 7))
def test_wherever_it_was_cut(tmp_path: Path, cut: int) -> None:
    whole = line("b", "Bé", n=12, known=False)
    path = written(tmp_path, line("a"), whole[: cut % len(whole) or 1], line("c"))
    assert list(names(path)) == ["a", "c"]


def test_a_line_that_somebody_broke_by_hand_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, line("a"), line("b").replace('"entities"', '"entities', 1), line("c"))
    for read in (load_gold, lambda file: load_examples(file, SCHEMA)):
        with pytest.raises(UserError, match=r"review.jsonl:2: not JSON"):
            read(path)


def test_a_broken_line_of_any_other_file_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps({"doc_id": "a", "text": "", "answer": {}}), line("b")[:40])
    for read in (load_gold, lambda file: load_examples(file, SCHEMA)):
        with pytest.raises(UserError, match=r"review.jsonl:\d: not JSON"):
            read(path)


def test_how_it_was_reviewed_does_not_name_the_work(tmp_path: Path) -> None:
    path = written(tmp_path, line("a"))
    assert [set(one) for one in load_examples(path, SCHEMA)[1]] == [{"doc_id", "text", "answer"}]
