"""What kind of value a place of the schema holds, in a few words."""

from typing import Any

from extractor.tasks.labels import as_label, labels
from extractor.tasks.reading import Node

FORMATS = {
    "date": "date as 2024-02-29",
    "date-time": "date and time as 2024-02-29T18:30:00Z",
    "time": "time as 18:30:00Z",
    "duration": "duration as P1DT2H",
    "email": "e-mail address as ann@example.org",
    "hostname": "host name as www.example.org",
    "uri": "address as https://example.org/a",
    "uuid": "UUID as 123e4567-e89b-12d3-a456-426614174000",
    "ipv4": "IPv4 address as 192.0.2.1",
    "ipv6": "IPv6 address as 2001:db8::1",
    "regex": "regular expression",
    "json-pointer": "JSON pointer as /a/b",
}
MAX_ITEMS = 3  # lists in lists in lists are named, those in them are not


def kind_of(node: Node, depth: int = 0) -> str:
    """Its labels, its types, its format or pattern and its bounds ("integer, 1 to 5"); "" where it may be anything."""
    kinds = list(dict.fromkeys(kind for branch in node.branches if (kind := _kind(branch, depth))))
    found = labels(node)
    kinds = [f"one of: {', '.join(found)}"] if found else kinds
    nullable = lets_null(node) and "null" not in " or ".join(kinds).split(" or ")
    return " or ".join([*kinds, "null"] if kinds and nullable else kinds)


def lets_null(node: Node) -> bool:
    """Whether null is allowed here by a union, or is one of the values."""
    return node.nullable or (node.values is not None and None in node.values)


def _kind(node: Node, depth: int) -> str:
    if node.values:
        return f"one of: {', '.join(as_label(value) for value in node.values)}"
    types = node.types or (("object",) if node.entries else ())
    return " or ".join(_typed(node, name, depth) for name in types)


def _typed(node: Node, name: str, depth: int) -> str:
    if name == "array":
        return _listed(node, depth)
    if name == "string":
        return _text(node)
    if name in ("integer", "number"):
        return f"{name}{_bounds(node)}"
    return f"{name} with an entry for each" if name == "object" and node.entries and not node.properties else name


def _listed(node: Node, depth: int) -> str:
    if node.prefix:
        return f"list of {len(node.prefix)}"
    item = node.items or Node(())
    if found := labels(item):
        return f"list, any of: {', '.join(found)}"
    kinds = {kind for branch in item.branches for kind in branch.types or ()}
    if len(kinds) != 1 or depth > MAX_ITEMS:
        return "list"
    inner = "lists" if item.is_list else f"{next(iter(kinds))}s"
    detail = kind_of(item, depth + 1) if "string" in kinds or item.is_list else ""
    more = f", each a {detail}" if detail and detail not in ("string", "list") else ""
    return f"list of {inner}{more}"


def _text(node: Node) -> str:
    form, pattern = node.word("format"), node.word("pattern")
    kind = FORMATS.get(form, f"string in the format {form}") if isinstance(form, str) else "string"
    return f"{kind} matching {pattern}" if pattern else kind


def _bounds(node: Node) -> str:
    low, high = node.word("minimum"), node.word("maximum")
    over, under = node.word("exclusiveMinimum"), node.word("exclusiveMaximum")
    said: list[Any] = []
    if _is_number(low) or _is_number(high):
        both = _is_number(low) and _is_number(high)
        said += [f"{low} to {high}" if both else f"at least {low}" if _is_number(low) else f"at most {high}"]
    said += [f"over {over}"] if _is_number(over) else []
    said += [f"under {under}"] if _is_number(under) else []
    return f", {', '.join(said)}" if said else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
