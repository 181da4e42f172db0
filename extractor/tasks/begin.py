"""The beginning of a schema of one's own: from a pydantic class, or from example answers."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from genson import SchemaBuilder
from jsonschema import Draft202012Validator

from extractor.errors import UserError
from extractor.tasks import shipped
from extractor.tasks.hints import NAMES, OBJECTS, SUBJECTS, SUMMARIES
from extractor.tasks.schema import class_schema, pydantic_model

MAX_LABELS = 12  # different texts of a property that may be labels
TIMES = 3  # each of them is used at least, on the average
NO_LABELS = NAMES | SUBJECTS | OBJECTS | SUMMARIES  # whatever stands there comes from the text
FORMATS = ("date", "date-time")
CHECKER = Draft202012Validator.FORMAT_CHECKER
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def from_class(given: str) -> dict[str, Any]:
    """The schema of a pydantic class, to be edited."""
    option = "--from-pydantic"
    return {"$schema": DRAFT, **class_schema(given, pydantic_model(given, option), option)}


def from_answers(given: str) -> dict[str, Any]:
    """A schema that every answer of a JSONL file satisfies: the lines are {"text", "answer"}, or answers alone.

    Objects are closed, and maps where hardly a key comes twice; a text that takes few values, each used often, becomes
    an enum, and one that is a date each time has that format.
    """
    answers = _answers(Path(given))
    return {"$schema": DRAFT, **_closed(_inferred(answers), answers)}


def _inferred(values: Sequence[Any]) -> dict[str, Any]:
    builder = SchemaBuilder(DRAFT)
    for value in values:
        builder.add_object(value)
    found: dict[str, Any] = builder.to_schema()
    return {word: value for word, value in found.items() if word != "$schema"}


def _answers(path: Path) -> list[Any]:
    found = []
    for number, line in enumerate(shipped.read_text(path, "--from-example").split("\n"), 1):
        where = f"--from-example {path}:{number}"
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise UserError(f"{where}: not JSON: {error}; write one answer a line") from None
            found.append(_answer(where, row))
    if not found:
        raise UserError(f"--from-example {path}: no answers in it; write one a line")
    return found


def _answer(where: str, row: Any) -> Any:
    if isinstance(row, list) and any(isinstance(one, dict) and "answer" in one for one in row):
        raise UserError(f"{where}: a list of examples; write one a line")
    answer = row["answer"] if isinstance(row, dict) and "answer" in row else row
    if isinstance(answer, str) and answer.lstrip()[:1] in ("{", "["):
        raise UserError(f"{where}: the answer is a text that holds JSON; write the JSON itself")
    return answer


def _closed(node: dict[str, Any], values: Sequence[Any], key: str = "") -> dict[str, Any]:
    """The schema with its objects closed and its labels listed, by the values that stand there."""
    node = dict(node)
    if "anyOf" in node:
        node["anyOf"] = [_closed(child, values, key) for child in node["anyOf"]]
    if "properties" in node:
        node |= _object(node, [value for value in values if isinstance(value, dict)])
        if node["additionalProperties"] is not False:
            del node["properties"]
    if "items" in node:
        node["items"] = _closed(node["items"], [item for one in values if isinstance(one, list) for item in one], key)
    if node.get("type") == "string":
        node |= _text([value for value in values if isinstance(value, str)], key)
    return node


def _object(node: dict[str, Any], dicts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What an object may hold: its properties and no others, or, of a map, anything that is alike."""
    inside = {key: [one[key] for one in dicts if key in one] for key in node["properties"]}
    kinds = {json.dumps(child.get("type")) for child in node["properties"].values()}
    if len(inside) > 2 and len(kinds) == 1 and all(len(found) <= len(dicts) / 2 for found in inside.values()):
        held = [value for found in inside.values() for value in found]
        return {"additionalProperties": _closed(_inferred(held), held)}
    properties = {key: _closed(child, inside[key], key) for key, child in node["properties"].items()}
    return {"properties": properties, "additionalProperties": False}


def _text(values: Sequence[str], key: str) -> dict[str, Any]:
    """What is known of a text: its labels, or its format."""
    labels = list(dict.fromkeys(values))
    if len(labels) > 1 and key.casefold() not in NO_LABELS and len(labels) <= min(MAX_LABELS, len(values) / TIMES):
        return {"enum": labels}
    known = (name for name in FORMATS if all(CHECKER.conforms(value, name) for value in values))
    return {"format": found} if values and (found := next(known, "")) else {}
