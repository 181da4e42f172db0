"""Validation is whole: formats, the pydantic class, and schemas that nothing satisfies."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field, field_validator

from extractor.errors import UserError
from extractor.tasks.schema import Schema, load_schema
from extractor.tasks.validation import Validation

FORMATS = [
    ("date", "2024-02-29", "2024-02-30"),
    ("date-time", "2024-02-29T10:00:00Z", "2024-02-29 at ten"),
    ("time", "10:00:00Z", "25:00:00Z"),
    ("duration", "PT2H", "2h"),
    ("email", "a@example.org", "nobody"),
    ("uri", "https://example.org/a", "not a url"),
    ("uuid", "6f9619ff-8b86-4d01-b42d-00c04fc964ff", "6f9619ff"),
    ("ipv4", "192.0.2.1", "192.0.2.256"),
    ("ipv6", "2001:db8::1", "2001:db8::z"),
    ("hostname", "www.example.org", "-bad-.example"),
    ("regex", "^a+$", "(a"),
    ("json-pointer", "/a/b", "a/b"),
    ("iri", "https://example.org/ä", "no link at all"),
]


@pytest.mark.parametrize("name, good, bad", FORMATS, ids=[row[0] for row in FORMATS])
def test_formats_are_checked(name: str, good: str, bad: str) -> None:
    validation = Validation({"type": "string", "format": name})
    assert validation.is_valid(good) and not validation.is_valid(bad)


class Bill(BaseModel):
    total: Decimal
    buyer: str = Field(alias="买方")

    @field_validator("total")
    @classmethod
    def positive(cls, value: Decimal) -> Decimal:
        if value <= 0:
            raise ValueError("a bill is over nothing")
        return value

    @field_validator("buyer")
    @classmethod
    def known(cls, value: str) -> str:
        return {"甲": "A", "乙": "B"}[value]  # a KeyError is no ValueError


def test_the_class_has_its_say() -> None:
    validation = Schema("Bill", Bill.model_json_schema(), None, model=Bill).validator()
    assert validation.is_valid({"total": 3, "买方": "甲"})
    [fault] = validation.iter_errors({"total": -3, "买方": "甲"})
    assert "a bill is over nothing" in fault.message and list(fault.absolute_path) == ["total"]
    [fault] = validation.iter_errors({"total": 3, "买方": "丙"})
    assert fault.message == "Bill failed on this answer: KeyError: '丙'"
    assert ["is a required property" in fault.message for fault in validation.iter_errors({"total": 3, "buyer": "甲"})]


IMPOSSIBLE: list[tuple[dict[str, Any], str]] = [
    ({"properties": {"x": {"enum": []}}}, "/properties/x/enum: no value is allowed"),
    ({"type": "object", "properties": {"x": False}, "required": ["x"]}, "no answer can satisfy it: at x nothing is"),
    ({"type": "integer", "minimum": 5, "maximum": 3}, "at the root minimum is above maximum"),
    ({"allOf": [{"type": "string"}, {"type": "array"}]}, "at the root nothing is allowed"),
    ({"anyOf": [{"type": "string", "enum": [1]}, False]}, "at the root nothing is allowed"),
    ({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}, "at a it needs itself without end"),
    ({"type": "array", "items": False, "minItems": 1}, "at [] nothing is allowed"),
]


@pytest.mark.parametrize("body, said", IMPOSSIBLE, ids=[row[1] for row in IMPOSSIBLE])
def test_a_schema_that_no_answer_satisfies_is_refused(tmp_path: Path, body: dict[str, Any], said: str) -> None:
    path = tmp_path / "s.json"
    path.write_text(json.dumps(body))
    with pytest.raises(UserError) as caught:
        load_schema(str(path))
    assert said in str(caught.value) and "\n" not in str(caught.value)


POSSIBLE = [
    {"type": "object", "properties": {"x": False}},
    {"type": "object", "properties": {"a": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}, "required": ["a"]},
    {"type": "array", "items": {"$ref": "#"}},
    {"type": ["integer", "string"], "minimum": 5, "maximum": 3},
]


@pytest.mark.parametrize("body", POSSIBLE)
def test_what_some_answer_satisfies_is_loaded(tmp_path: Path, body: dict[str, Any]) -> None:
    path = tmp_path / "s.json"
    path.write_text(json.dumps(body))
    assert load_schema(str(path)).body == body


def test_a_format_that_nobody_checks_is_said(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text(json.dumps({"type": "string", "format": "data"}))
    assert load_schema(str(path)).notes == ("/: format 'data' is not checked; did you mean 'date'?",)
