"""The least that a schema lets stand at a place: what a person did not fill in."""

from typing import Any

from extractor.tasks.reading import Node

DEEPEST = 12


def minimal(node: Node, depth: int = 0) -> Any:
    """Its default, else null, the first of its values, or what is empty; it need not be valid: that is checked."""
    if (said := node.word("default")) is not None:
        return said
    if node.nullable or "null" in (node.types or ()):
        return None
    first = node.branches[0] if node.branches else node
    if first.values:
        return first.values[0]
    kind = (first.types or (_guess(first),))[0]
    if kind == "object":
        return {name: minimal(first.at_key(name), depth + 1) for name in first.required if depth < DEEPEST}
    if kind == "array":
        return [minimal(first.at_index(n), depth + 1) for n in range(first.word("minItems", 0)) if depth < DEEPEST]
    return {"boolean": False, "integer": _least(first), "number": _least(first)}.get(kind, "")


def node_at(node: Node, path: tuple[str, ...]) -> Node:
    """The node that a table's steps lead to."""
    for step in path:
        branch = next((one for one in node.branches if _has(one, step)), node)
        if step.startswith("[") and step.endswith("]"):
            node = branch.at_index(int(step[1:-1] or len(branch.prefix)))
        elif step.startswith("{") and step not in branch.properties:
            node = _entry(branch, step[1:-1].partition(":")[2])
        else:
            node = branch.at_key(step)
    return node


def _has(branch: Node, step: str) -> bool:
    return bool(branch.prefix or branch.items) if step.startswith("[") else bool(branch.properties or branch.entries)


def _entry(branch: Node, pattern: str) -> Node:
    named = next((node for key, node in branch.properties.items() if pattern == f"^{key}$"), None)
    return named or next((node for said, node in branch.entries if said in (None, pattern)), Node(()))


def _guess(node: Node) -> str:
    return "object" if node.properties or node.entries else "array" if node.items or node.prefix else "string"


def _least(node: Node) -> Any:
    return next((node.word(word) for word in ("minimum", "exclusiveMinimum", "maximum") if node.word(word)), 0)
