"""What a person may type after --schema, and the one line they get where it can not be meant."""

import json
from pathlib import Path
from typing import Any

import pytest

from extractor.errors import UserError
from extractor.tasks import shipped
from extractor.tasks.schema import load_schema


def saved(folder: Path, body: Any) -> str:
    path = folder / "mine.json"
    path.write_text(body if isinstance(body, str) else json.dumps(body), "utf-8")
    return str(path)


def refusal(given: str) -> str:
    with pytest.raises(UserError) as caught:
        load_schema(given)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file(tmp_path: Path) -> None:
    schema = load_schema(saved(tmp_path, {"title": "Ships", "description": "What sails.", "type": "object"}))
    assert (schema.name, schema.title, schema.description) == ("mine", "Ships", "What sails.")
    assert schema.path == tmp_path / "mine.json" and schema.notes == ()


def test_a_file_with_a_byte_order_mark(tmp_path: Path) -> None:
    assert load_schema(saved(tmp_path, '\ufeff{"type": "object"}')).body == {"type": "object"}


@pytest.mark.parametrize("name", shipped.names())
def test_a_shipped_name(name: str) -> None:
    schema = load_schema(name)
    assert schema.name == name and schema.notes == () and schema.path and schema.path.is_file()


def test_a_pydantic_class_in_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "from pydantic import BaseModel\nclass Ship(BaseModel):\n    name: str\nclass Plain: ...\n"
    (tmp_path / "fleet_of_mine.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    schema = load_schema("fleet_of_mine:Ship")
    assert schema.name == "Ship" and list(schema.body["properties"]) == ["name"] and schema.path is None
    assert (
        refusal("fleet_of_mine:Sheep")
        == "--schema fleet_of_mine:Sheep: fleet_of_mine has no Sheep; did you mean 'Ship'?"
    )
    assert "is no pydantic model" in refusal("fleet_of_mine:Plain")
    assert "cannot import no_such_module_here" in refusal("no_such_module_here:Ship")


@pytest.mark.parametrize("given, said", [("new", "did you mean 'news'?"), ("xinwn", "did you mean 'xinwen'?")])
def test_a_near_miss(given: str, said: str) -> None:
    assert said in refusal(given)


@pytest.mark.parametrize("given", ["../schemas/news", "/etc/passwd.json", "", "zzz"])
def test_what_is_not_there(given: str) -> None:
    assert refusal(given).startswith(f"--schema {given}")


DEEP = '{"items": ' * 10_000 + "{}" + "}" * 10_000
LESS_DEEP = '{"items": ' * 300 + "{}" + "}" * 300

WRONG = [
    ("{", "not JSON"),
    ("[]", "a schema is a JSON object, this is list"),
    ('"text"', "a schema is a JSON object, this is str"),
    ({"type": "objekt"}, "not a JSON Schema: at type"),
    ({"type": "arrray"}, "; did you mean 'array'?"),
    (
        {"properties": {"summary": {}}, "required": ["sumary"], "additionalProperties": False},
        "/required: 'sumary' is not among the properties, and no other is allowed; did you mean 'summary'?",
    ),
    ({"properties": {"a": {"minimum": "1"}}}, "not a JSON Schema: at properties/a/minimum"),
    ({"$schema": ["x"]}, "$schema is the address of a draft"),
    ({"propertys": {}}, "'propertys' is no JSON Schema keyword; did you mean 'properties'?"),
    ({"properties": {"a": {"minimun": 1}}}, "/properties/a: 'minimun' is no JSON Schema keyword"),
    ({"$ref": "https://example.com/other.json"}, "$ref https://example.com/other.json is remote and nothing is ever"),
    ({"$ref": "file:///etc/passwd"}, "is remote and nothing is ever fetched"),
    ({"$ref": "#/$defs/nowhere"}, "$ref #/$defs/nowhere leads nowhere"),
    ({"items": {"$ref": "other.json#/a"}}, "$ref other.json#/a leads nowhere"),
    ({"items": {"$ref": "#no-anchor"}}, "$ref #no-anchor leads nowhere"),
    ({"$ref": "#/x-mine/a", "x-mine": {"a": {"type": 5}}}, "$ref #/x-mine/a: not a JSON Schema: at type"),
    ({"$ref": "#/enum", "enum": [1]}, "$ref #/enum: not a JSON Schema"),
    ({"x-mine": {"$ref": "#/nowhere"}, "$ref": "#/x-mine"}, "$ref #/nowhere leads nowhere"),
    ({"pattern": "("}, "at pattern: '(' is not a 'regex'"),
    ({"patternProperties": {"a**": {}}}, "'a**' is not a 'regex'"),
    ({"pattern": "a{99999999999999999999}"}, "repetition number is too large"),
    (DEEP, "nested too deeply"),
    (LESS_DEEP, "nested too deeply"),
    ({"enum": ["x" * 1000] * 1100}, "at most 1 MiB"),
]


@pytest.mark.parametrize("body, said", WRONG, ids=[said for _, said in WRONG])
def test_what_is_no_schema_of_ours(tmp_path: Path, body: Any, said: str) -> None:
    assert said in refusal(saved(tmp_path, body))


def test_a_schema_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_bytes(b'{"title": "\xff"}')
    assert "not UTF-8" in refusal(str(tmp_path / "mine.json"))


RIGHT = [
    {"properties": {"child": {"$ref": "#"}}},
    {"$defs": {"a": {"properties": {"b": {"$ref": "#/$defs/a"}}}}, "$ref": "#/$defs/a"},
    {"$defs": {"a b/c": {}}, "$ref": "#/$defs/a%20b~1c"},
    {"$defs": {"a": {"$anchor": "here"}}, "$ref": "#here"},
    {"$ref": "https://json-schema.org/draft/2020-12/schema"},
    {"$id": "https://example.com/mine", "$ref": "https://example.com/mine#/$defs/a", "$defs": {"a": {}}},
    {"enum": [{"$ref": "#/nowhere"}]},
    {"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/definitions/a", "definitions": {"a": {}}},
    {"$schema": "http://json-schema.org/draft-07/schema#", "$dynamicRef": "#nowhere"},
]


@pytest.mark.parametrize("body", RIGHT, ids=map(str, RIGHT))
def test_references_that_stay_inside(tmp_path: Path, body: dict[str, Any]) -> None:
    assert load_schema(saved(tmp_path, body)).body == body


def test_words_that_are_only_noted(tmp_path: Path) -> None:
    body = {"x-mine": 1, "_uniqueItems": True, "properties": {"a": {"verwendung": "b", "x-extract": "name"}}}
    assert load_schema(saved(tmp_path, body)).notes == (
        "/: keyword '_uniqueItems' is not JSON Schema's and is ignored",
        "/properties/a: keyword 'verwendung' is not JSON Schema's and is ignored",
    )


def test_names_of_properties_are_no_keywords(tmp_path: Path) -> None:
    body = {"properties": {"propertys": {}, "minimun": {}}, "$defs": {"itms": {}}, "const": {"requird": 1}}
    assert load_schema(saved(tmp_path, body)).notes == ()


def test_no_connection_is_opened_while_validating(tmp_path: Path) -> None:
    schema = load_schema(saved(tmp_path, {"$id": "https://example.invalid/a", "properties": {"b": {"$ref": "#"}}}))
    assert schema.validator().is_valid({"b": {"b": {}}})
