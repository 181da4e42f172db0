"""The beginning of a schema of one's own: from a pydantic class, or from example answers."""

import json
from pathlib import Path
from typing import Any

from genson import SchemaBuilder

from extractor.errors import UserError
from extractor.tasks import shipped
from extractor.tasks.schema import pydantic_model

MAX_LABELS = 12  # different texts of a property that may be labels
TIMES = 3  # each of them is used at least, on the average
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def from_class(given: str) -> dict[str, Any]:
    """The schema of a pydantic class, to be edited."""
    return {"$schema": DRAFT, **pydantic_model(given, "--from-pydantic").model_json_schema()}


def from_answers(given: str) -> dict[str, Any]:
    """A schema that every answer of a JSONL file satisfies: the lines are {"text", "answer"}, or answers alone.

    Objects are closed; a text that takes few values, each used often, becomes an enum.
    """
    builder = SchemaBuilder(DRAFT)
    answers = _answers(Path(given))
    for answer in answers:
        builder.add_object(answer)
    return _closed(builder.to_schema(), answers)


def _answers(path: Path) -> list[Any]:
    found = []
    for number, line in enumerate(shipped.read_text(path, "--from-example").split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise UserError(f"--from-example {path}:{number}: not JSON: {error}") from None
            found.append(row["answer"] if isinstance(row, dict) and "answer" in row else row)
    if not found:
        raise UserError(f"--from-example {path}: no answers in it")
    return found


def _closed(node: dict[str, Any], values: list[Any]) -> dict[str, Any]:
    """The schema with its objects closed and its labels listed, by the values that stand there."""
    node = dict(node)
    if "properties" in node:
        dicts = [value for value in values if isinstance(value, dict)]
        node["properties"] = {
            key: _closed(child, [one[key] for one in dicts if key in one]) for key, child in node["properties"].items()
        }
        node["additionalProperties"] = False
    if "items" in node:
        lists = [value for value in values if isinstance(value, list)]
        node["items"] = _closed(node["items"], [item for one in lists for item in one])
    if node.get("type") == "string":
        labels = list(dict.fromkeys(value for value in values if isinstance(value, str)))
        if 1 < len(labels) <= MAX_LABELS and len(values) >= TIMES * len(labels):
            node["enum"] = labels
    return node
