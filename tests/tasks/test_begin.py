"""The beginnings of a schema of one's own: from a pydantic class, or from example answers."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from extractor.cli.app import app
from extractor.errors import UserError
from extractor.tasks.begin import from_answers, from_class
from extractor.tasks.grammar import free_of_grammar
from extractor.tasks.schema import Schema, load_schema

MODULE = """
from __future__ import annotations
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Generic, Literal, Optional, TypeVar, Union
from pydantic import BaseModel, Field, RootModel
T = TypeVar("T")
class Box(BaseModel, Generic[T]):
    value: T
class Kind(str, Enum):
    one = "one"
    two = "two"
class Cat(BaseModel):
    t: Literal["cat"]
    name: str = Field(alias="名称")
class Dog(BaseModel):
    t: Literal["dog"]
    name: str
class Whole(BaseModel):
    kind: Kind
    maybe: Optional[int] = None
    either: Union[int, str, None]
    by_name: dict[str, Dog]
    by_kind: dict[Kind, int]
    money: Decimal
    day: date
    few: Annotated[int, Field(ge=0, lt=10)]
    box: Box[Box[int]]
    pets: list[Annotated[Union[Cat, Dog], Field(discriminator="t")]]
    pair: tuple[int, str]
    kids: list[Whole] = []
class Root(RootModel[list[Dog]]): ...
class Calls(BaseModel):
    f: Callable[[int], int]
class Half(BaseModel):
    x: "Nowhere"
def plain(): ...
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a module of models and two that fail."""
    (tmp_path / "models_to_begin_with.py").write_text(MODULE, "utf-8")
    (tmp_path / "needs_another.py").write_text("import not_installed_anywhere\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["Whole", "Root", "Box"])
def test_what_a_class_gives_loads_and_has_a_grammar(here: Path, name: str) -> None:
    path = here / "begun.json"
    path.write_text(json.dumps(from_class(f"models_to_begin_with:{name}")))
    assert free_of_grammar(load_schema(str(path))) is None


NO_CLASS = [
    ("models_to_begin_with:Cap", "models_to_begin_with has no Cap; did you mean 'Cat'?"),
    ("models_to_begin_with", "a pydantic model is written module:Class"),
    ("models_to_begin_with:", "a pydantic model is written module:Class"),
    (":Cat", "a pydantic model is written module:Class"),
    ("", "a pydantic model is written module:Class"),
    ("./models_to_begin_with.py:Cat", "a module, not a file: models_to_begin_with:Cat"),
    ("models_to_begin_with:plain", "plain is no pydantic model"),
    ("models_to_begin_with:Calls", "Calls has no JSON Schema: Cannot generate a JsonSchema for core_schema.Callable"),
    ("models_to_begin_with:Half", "Half has no JSON Schema: `Half` is not fully defined; you should define `Nowhere`"),
    ("needs_another:Cat", "needs_another needs not_installed_anywhere: No module named"),
    ("nowhere_at_all:Cat", "cannot import nowhere_at_all: No module named 'nowhere_at_all'; is it in this folder?"),
]


@pytest.mark.parametrize("given, said", NO_CLASS, ids=[given or "nothing" for given, _ in NO_CLASS])
def test_a_class_that_is_none_is_one_line(here: Path, given: str, said: str) -> None:
    result = CliRunner().invoke(app, ["schemas", "--from-pydantic", given])
    assert result.exit_code == 1 and result.stderr.count("\n") == 1
    assert result.stderr.startswith(f"extract: --from-pydantic {given}: ") and said in result.stderr


def begun(folder: Path, *lines: Any) -> dict[str, Any]:
    path = folder / "examples.jsonl"
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    body = from_answers(str(path))
    answers = [line["answer"] if isinstance(line, dict) and "answer" in line else line for line in lines]
    assert all(Schema("begun", body, None).validator().is_valid(answer) for answer in answers)
    return body


def test_names_are_no_labels_and_dates_are_dates(tmp_path: Path) -> None:
    item = {"名称": "李", "类型": "人"}, {"名称": "京", "类型": "地"}
    body = begun(tmp_path, *[{"text": "t", "answer": {"实体": list(item), "日": "2024-02-29", "摘要": "s"}}] * 4)
    properties = body["properties"]["实体"]["items"]["properties"]
    assert properties == {"名称": {"type": "string"}, "类型": {"type": "string", "enum": ["人", "地"]}}
    assert body["properties"]["日"] == {"type": "string", "format": "date"}


def test_a_map_by_name_is_a_map(tmp_path: Path) -> None:
    body = begun(tmp_path, {"人物": {"李": {"身份": "x"}, "王": {"身份": "y"}}}, {"人物": {"张": {"身份": "z"}}})
    people = body["properties"]["人物"]
    assert list(people) == ["type", "additionalProperties"] and "身份" in people["additionalProperties"]["properties"]


def test_lists_as_roots_and_mixed_values(tmp_path: Path) -> None:
    assert begun(tmp_path, [{"name": "A"}], [])["items"]["required"] == ["name"]
    body = begun(tmp_path, {"a": 1}, {"a": "x"}, {"a": None}, {"a": {"b": 1.5}})
    assert {"b"} == {key for one in body["properties"]["a"]["anyOf"] for key in one.get("properties", {})}
    assert all(
        one.get("additionalProperties") is False for one in body["properties"]["a"]["anyOf"] if "properties" in one
    )


NO_ANSWERS = [
    ("\n", ": no answers in it; write one a line"),
    ('{"a": 1}\n{"a":\n', ":2: not JSON: "),
    ('{\n "a": 1\n}\n', ":1: not JSON: "),
    ('[{"text": "t", "answer": {"a": 1}}]\n', ":1: a list of examples; write one a line"),
    ('{"text": "t", "answer": "{\\"a\\": 1}"}\n', ":1: the answer is a text that holds JSON; write the JSON itself"),
]


@pytest.mark.parametrize("content, said", NO_ANSWERS)
def test_examples_that_are_none(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "examples.jsonl"
    path.write_text(content)
    with pytest.raises(UserError) as caught:
        from_answers(str(path))
    assert str(caught.value).startswith(f"--from-example {path}{said}") and "\n" not in str(caught.value)


def test_one_beginning_at_a_time() -> None:
    result = CliRunner().invoke(app, ["schemas", "news", "--from-example", "x.jsonl"])
    assert result.exit_code == 1 and "one of NAME, --from-pydantic and --from-example" in result.stderr
