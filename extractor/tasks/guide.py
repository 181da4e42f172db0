"""A schema as a person would explain it: one line a field, with what it may hold."""

from collections.abc import Iterator
from typing import Any

MAX_DEPTH = 6


def guide(schema: dict[str, Any]) -> str:
    """An indented outline of the fields: name, kind, allowed values, description."""
    return "\n".join(_lines(schema, schema, 0))


def plain(node: Any) -> Any:
    """The schema without our own annotations, which mean nothing to a model."""
    if isinstance(node, dict):
        return {key: plain(value) for key, value in node.items() if not key.startswith("x-") and key != "$schema"}
    return [plain(value) for value in node] if isinstance(node, list) else node


def _lines(root: dict[str, Any], node: Any, depth: int) -> Iterator[str]:
    node = _follow(root, node)
    if depth > MAX_DEPTH:
        return
    if "array" in str(node.get("type")) and isinstance(node.get("items"), dict):
        yield from _lines(root, node["items"], depth)
    for key, child in node.get("properties", {}).items():
        yield f"{'  ' * depth}- {key}{_said(root, child)}"
        yield from _lines(root, child, depth + 1)


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
        if not isinstance(node, dict) or not str(node.get("$ref", "")).startswith("#/"):
            break
        said = {key: value for key, value in node.items() if key != "$ref"}
        target: Any = root
        for step in node["$ref"][2:].split("/"):
            target = target.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(target, dict) else {}
        node = {**target, **said} if isinstance(target, dict) else said
    return node if isinstance(node, dict) else {}
