"""A schema as a person would explain it: one line a field, with what it may hold, and the layout of the answer."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from extractor.tasks.keywords import at
from extractor.tasks.labels import labels, preamble

MAX_DEPTH = 6
MAX_LINES = 1000
MAX_PIECES = 2000  # of the layout
PLAIN = {"integer": "0", "number": "0.0", "boolean": "true", "object": "{…}", "null": "null"}


def guide(schema: dict[str, Any]) -> str:
    """An indented outline of the fields: name, kind, description; allowed values a line each where each has its own."""
    return "\n".join(islice(_lines(schema, schema, 0), MAX_LINES))


def layout(schema: dict[str, Any]) -> str:
    """The answer's skeleton in one line: {"entities": [{"name": "…"}, …]}."""
    return "".join(islice(_pieces(schema, schema, 0), MAX_PIECES))


def plain(node: Any) -> Any:
    """The schema without our own annotations, which mean nothing to a model."""
    if isinstance(node, dict):
        return {key: plain(value) for key, value in node.items() if not key.startswith("x-") and key != "$schema"}
    return [plain(value) for value in node] if isinstance(node, list) else node


def _lines(root: dict[str, Any], node: Any, depth: int) -> Iterator[str]:
    node = _item(root, _follow(root, node))
    if depth > MAX_DEPTH:
        return
    for key, child in node.get("properties", {}).items():
        yield f"{'  ' * depth}- {key}{_said(root, child)}"
        yield from (f"{'  ' * (depth + 1)}- {label}: {says}" for label, says in _told(_follow(root, child)).items())
        yield from _lines(root, child, depth + 1)


def _told(node: dict[str, Any]) -> dict[str, str]:
    """The labels with what is said of each, where anything is; one without a word of its own stands for itself."""
    found = labels(node)
    return {label: says or label for label, says in found.items()} if any(found.values()) else {}


def _pieces(root: dict[str, Any], node: Any, depth: int) -> Iterator[str]:
    node = _follow(root, node)
    if "properties" in node and depth <= MAX_DEPTH:
        yield "{"
        for number, (key, child) in enumerate(node["properties"].items()):
            yield f"{', ' if number else ''}{json.dumps(key, ensure_ascii=False)}: "
            yield from _pieces(root, child, depth + 1)
        yield "}"
    elif "array" in str(node.get("type")) and depth <= MAX_DEPTH:
        yield "["
        yield from _pieces(root, node.get("items", {}), depth + 1)
        yield ", …]"
    else:
        yield PLAIN.get(_kind(root, node).split(" or ")[0], '"…"')


def _item(root: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """What the lists of lists hold in the end; a schema that contains itself is followed so far and no further."""
    for _ in range(MAX_DEPTH):
        if "array" not in str(node.get("type")) or not isinstance(node.get("items"), dict):
            break
        node = _follow(root, node["items"])
    return node


def _said(root: dict[str, Any], node: Any) -> str:
    node = _follow(root, node)
    if _told(node):
        head = preamble(node)
        return f" (one of the following){'. ' + head if head else ''}"
    values = node.get("enum") or ([node["const"]] if "const" in node else None)
    kind = "one of: " + ", ".join(map(str, values)) if values else _kind(root, node)
    described = f". {node['description']}" if node.get("description") else ""
    return f" ({kind}){described}" if kind else described.replace(".", ":", 1)


def _kind(root: dict[str, Any], node: dict[str, Any]) -> str:
    kind = node.get("type", "")
    kind = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if kind == "array":
        item = _follow(root, node.get("items", {}))
        return f"list of {item.get('type', 'anything')}s" if isinstance(item.get("type"), str) else "list"
    return kind


def _follow(root: dict[str, Any], node: Any) -> dict[str, Any]:
    for _ in range(MAX_DEPTH):
        if not isinstance(node, dict) or not str(node.get("$ref", "")).startswith("#"):
            break
        said = {key: value for key, value in node.items() if key != "$ref"}
        target = at(root, node["$ref"])
        node = {**target, **said} if isinstance(target, dict) else said
    return node if isinstance(node, dict) else {}
