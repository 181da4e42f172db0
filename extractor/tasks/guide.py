"""A schema as a person would explain it: one line a field, with what it may hold."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from extractor.tasks.keywords import at

MAX_DEPTH = 6
MAX_LINES = 1000


def guide(schema: dict[str, Any]) -> str:
    """An indented outline of the fields: name, kind, allowed values, description."""
    return "\n".join(islice(_lines(schema, schema, 0), MAX_LINES))


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
        yield from _lines(root, child, depth + 1)


def _item(root: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """What the lists of lists hold in the end; a schema that contains itself is followed so far and no further."""
    for _ in range(MAX_DEPTH):
        if "array" not in str(node.get("type")) or not isinstance(node.get("items"), dict):
            break
        node = _follow(root, node["items"])
    return node


def _said(root: dict[str, Any], node: Any) -> str:
    node = _follow(root, node)
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
