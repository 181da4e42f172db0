"""What makes an answer doubtful, and which of several is kept."""

from dataclasses import replace
from typing import Any

import pytest
from fakes import a_request

from extractor.answers.signals import LONG_TEXT, UNSURE, better, signals
from extractor.tables import Entity, Ground, Summary
from extractor.types import Completion, Document, Extraction, Problem


def step(text: str = "x", problem: bool = False, grounded: bool = True, **given: Any) -> Extraction:
    request = a_request(Document("d", text, "f:1"))
    entity = Entity("e1", "Ann", None, [], "exact" if grounded else "none", {})
    fault = Problem("invalid", "no") if problem else None
    return Extraction(Completion(request, ""), rows={"entities": [entity]}, problem=fault, **given)


def told(confidence: float | None = None, unsupported: list[str] | None = None) -> Extraction:
    request = a_request(Document("d", "x", "f:1"))
    summary = Summary("s", confidence, 1.0, unsupported or [])
    return Extraction(Completion(request, ""), rows={"summaries": [summary]})


def nothing(text: str) -> Extraction:
    request = a_request(Document("d", text, "f:1"))
    return Extraction(Completion(request, ""), record={"entities": [], "summary": ""})


TABLE = [
    (step(), []),
    (step(problem=True, grounded=False), ["failed"]),
    (step(grounded=False), ["ungrounded"]),
    (nothing("x" * LONG_TEXT), ["empty"]),
    (nothing("x" * (LONG_TEXT - 1)), []),
    (told(UNSURE), []),
    (told(UNSURE - 0.01), ["unsure"]),
    (told(unsupported=["7"]), ["unsupported"]),
    (step(record={"a": [1, 1]}), []),
    (step(record={"a": [1, 1, 1]}), ["repeats"]),
    (step(record={"a": [{"b": [{"c": 1}, {"c": 1}, {"c": 1}]}]}), ["repeats"]),
    (step(record={"a": ["", "", "", None, None, None]}), []),
    (step(record=[{"x": 1, "y": 2}, {"y": 2, "x": 1}, {"x": 1, "y": 2}], grounded=False), ["ungrounded", "repeats"]),
]


@pytest.mark.parametrize("extraction, expected", TABLE)
def test_signals(extraction: Extraction, expected: list[str]) -> None:
    assert signals(extraction) == expected


@pytest.mark.parametrize("name", ["Ann Lee", "ANN LEE", "Anne Leigh-Moor"])
def test_a_name_that_is_found_in_whatever_way_is_grounded(name: str) -> None:
    place = Ground("Ann Lee met Anne Leigh-Moore.").find(name)
    entity = Entity("e1", name, None, place.mentions, place.match, {}, score=place.score)
    assert place.mentions and signals(replace(step(), rows={"entities": [entity]})) == []


FAILED, DOUBTFUL, GOOD, WORSE = step(problem=True), step(grounded=False), step(), step(grounded=False, record=[1, 1, 1])


@pytest.mark.parametrize(
    "attempts, kept",
    [
        ([FAILED, DOUBTFUL], 1),
        ([DOUBTFUL, FAILED], 0),
        ([FAILED, FAILED], 1),
        ([GOOD, DOUBTFUL], 0),
        ([DOUBTFUL, GOOD], 1),
        ([GOOD, GOOD], 1),
        ([DOUBTFUL, WORSE], 0),
        ([GOOD, told(0.1, ["7"])], 1),  # signals that are not usual decide nothing
        ([WORSE, DOUBTFUL, FAILED], 1),
    ],
)
def test_the_one_to_keep(attempts: list[Extraction], kept: int) -> None:
    numbered = [step for step in attempts]
    assert better(numbered) is numbered[kept]
