"""How sure the model was of each row, from the log-probabilities of what it wrote."""

import json
import math
from typing import Any

import pytest
from fakes import a_request

from extractor.answers.calibration import Calibration, Platt
from extractor.answers.confidence import Confidence
from extractor.answers.judge import Judge
from extractor.answers.values import spans
from extractor.tasks.labels import listed
from extractor.tasks.mapping import table_fields
from extractor.tasks.neutral import Neutraliser
from extractor.tasks.schema import Schema, load_schema
from extractor.types import Completion, Document, Extraction, ValueLogprobs

TEXT = "Ann met Bob in Rome."
HALF, THIRD = math.log(0.5), math.log(1 / 3)


def extracted(
    answer: Any, sure: dict[Any, list[float]], schema: Schema | str = "news", calibration: Calibration | None = None
) -> Extraction:
    """What an answer gives whose names and values have these log-probabilities, and the others 0.0."""
    body = load_schema(schema) if isinstance(schema, str) else schema
    text = json.dumps(answer)
    said = [text[start:end] for start, end in spans(text)]
    known: ValueLogprobs = [sure.get(one, [0.0]) for one in said]
    fields = table_fields(body)
    confidence = Confidence(fields, listed(body), calibration)
    judge = Judge(body.validator(), fields, Neutraliser().restore, None, confidence=confidence)
    return judge.judge(Completion(a_request(Document("d", TEXT, "in:1")), text, value_logprobs=known))


def scores(found: Extraction, table: str) -> list[float | None]:
    assert not found.problem, found.problem
    return [None if row.confidence is None else round(row.confidence, 6) for row in found.rows[table]]


def news(*entities: tuple[str, str], relations: tuple[tuple[str, str, str], ...] = (), summary: str = "s") -> Any:
    triples = [dict(zip(("subject", "predicate", "object"), one, strict=True)) for one in relations]
    return {"entities": [{"name": n, "type": t} for n, t in entities], "relations": triples, "summary": summary}


def test_an_entity_is_as_sure_as_its_name_on_average_times_its_type() -> None:
    answer = news(("Ann", "person"), ("Rome", "location"))
    found = extracted(answer, {"Ann": [HALF, HALF, HALF], "person": [HALF, HALF], "location": [THIRD]})
    assert scores(found, "entities") == [0.125, round(1 / 3, 6)]


def test_a_relation_is_the_mean_of_its_ends_and_its_predicate_also_turned_round() -> None:
    people = (("Ann", "person"), ("Rome", "location"))
    said = {"Ann": [HALF], "born_in": [HALF, HALF], "located_in": [HALF, HALF], "Rome": [0.0]}
    relations = (("Rome", "located_in", "Ann"),)
    schema = {
        "properties": {
            "entities": {
                "type": "array",
                "items": {"properties": {"name": {"type": "string"}, "type": {"enum": ["person", "location"]}}},
            },
            "relations": {
                "type": "array",
                "items": {
                    "properties": {
                        "subject": {"type": "string"},
                        "predicate": {"enum": ["located_in"], "description": "located_in: person → location"},
                        "object": {"type": "string"},
                    }
                },
            },
        }
    }
    found = extracted(news(*people, relations=relations), said, Schema("mine", schema, None))
    assert [(row.subject, row.object) for row in found.rows["relations"]] == [("Ann", "Rome")]
    assert scores(found, "relations") == [round((0.5 + 0.25 + 1) / 3, 6)]


def test_ends_that_are_ids_are_as_sure_as_the_ids() -> None:
    schema = {
        "properties": {
            "entities": {
                "type": "array",
                "items": {"properties": {"id": {"type": "string"}, "name": {"type": "string"}}},
            },
            "relations": {
                "type": "array",
                "items": {
                    "properties": {name: {"type": "string"} for name in ("subject", "predicate", "object")},
                },
            },
        }
    }
    answer = {
        "entities": [{"id": "e1", "name": "Ann"}, {"id": "e2", "name": "Bob"}],
        "relations": [{"subject": "e1", "predicate": "met", "object": "e2"}],
    }
    found = extracted(answer, {"e2": [HALF], "met": [HALF]}, Schema("mine", schema, None))
    assert [(row.subject, row.object) for row in found.rows["relations"]] == [("Ann", "Bob")]
    assert scores(found, "relations") == [round(2 / 3, 6)]


def test_names_that_are_keys_of_a_map_and_names_that_are_bare() -> None:
    by_type = {"properties": {"people": {"type": "array", "x-extract": "entities", "items": {"type": "string"}}}}
    found = extracted({"people": ["Ann", "Bob"]}, {"Bob": [HALF]}, Schema("mine", by_type, None))
    assert scores(found, "entities") == [1.0, 0.5]
    mapped = {"properties": {"entities": {"type": "object", "additionalProperties": {"type": "string"}}}}
    found = extracted({"entities": {"Ann": "person"}}, {"Ann": [HALF], "person": [HALF]}, Schema("mine", mapped, None))
    if rows := found.rows["entities"]:
        assert [row.name for row in rows] == ["Ann"] and scores(found, "entities") == [0.25]


def test_a_summary_is_the_mean_of_its_tokens() -> None:
    found = extracted(news(summary="They met."), {"They met.": [HALF, HALF, 0.0, 0.0]})
    assert scores(found, "summaries") == [round(math.sqrt(0.5), 6)]


def test_single_values_of_the_root_by_property() -> None:
    schema = {
        "properties": {
            "topic": {"enum": ["sport", "trade"]},
            "title": {"type": "string"},
            "year": {"type": ["integer", "null"]},
            "tags": {"type": "array"},
            "summary": {"type": "string"},
        }
    }
    answer = {"topic": "trade", "tags": ["a", {"b": 1}], "title": "On Ann", "year": None, "summary": "s"}
    sure = {"trade": [HALF, HALF], "On Ann": [HALF, HALF], "null": [THIRD]}
    found = extracted(answer, sure, Schema("mine", schema, None))
    assert {name: round(value, 6) for name, value in found.confidence.items()} == {
        "topic": 0.25, "title": 0.5, "year": round(1 / 3, 6)
    }  # fmt: skip


def test_the_models_own_confidence_stands() -> None:
    item = {"properties": {"name": {"type": "string"}, "confidence": {"type": "number"}}, "required": ["name"]}
    schema = Schema("mine", {"properties": {"entities": {"type": "array", "items": item}}}, None)
    answer = {"entities": [{"name": "Ann", "confidence": 0.9}, {"name": "Bob"}]}
    assert scores(extracted(answer, {"Ann": [HALF], "Bob": [HALF]}, schema), "entities") == [0.9, 0.5]


def test_what_is_not_known_is_null() -> None:
    answer = news(("Ann", "person"), ("Bob", "person"), relations=(("Ann", "located_in", "Bob"),))
    assert scores(extracted(answer, {"Ann": []}), "entities") == [None, 1.0]
    body = load_schema("news")
    fields = table_fields(body)
    judge = Judge(body.validator(), fields, Neutraliser().restore, None, confidence=Confidence(fields))
    completion = Completion(a_request(Document("d", TEXT, "in:1")), json.dumps(answer), value_logprobs=[[-1.0]])
    assert scores(judge.judge(completion), "entities") == [None, None], "numbers of another answer say nothing"


@pytest.mark.parametrize("score, expected", [(0.5, 0.5), (0.9, 0.75), (1.0, 0.999)])
def test_a_calibration_makes_shares_of_scores(score: float, expected: float) -> None:
    half = Platt(0.5, 0.0, 10, 5)
    calibration = Calibration("m@1", {"entities": half})
    found = extracted(news(("Ann", "person")), {"Ann": [math.log(score)], "s": [HALF]}, calibration=calibration)
    assert scores(found, "entities") == [pytest.approx(expected, abs=1e-3)]
    assert scores(found, "summaries") == [0.5], "for which nothing was fitted"
