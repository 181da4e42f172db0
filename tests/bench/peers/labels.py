"""What a schema of entities and relations lets them be, for tools that are told so in their own way."""

import json
from pathlib import Path
from typing import Any


def labels(schema: str) -> tuple[list[str], list[str]]:
    """The types of entities and the predicates of relations of the schema in this file."""
    properties = json.loads(Path(schema).read_text())["properties"]
    return _of(properties["entities"], "type"), _of(properties["relations"], "predicate")


def _of(items: dict[str, Any], key: str) -> list[str]:
    said = items["items"]["properties"][key]
    return said.get("enum") or [one["const"] for one in said["oneOf"]]
