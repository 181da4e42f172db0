"""A schema as a person would explain it: one line a field, with what it may hold, and the layout of the answer."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from extractor.tasks.as_lists import NEEDED, AsList, AsLists
from extractor.tasks.kinds import kind_of, lets_null
from extractor.tasks.labels import labels, preamble, said_of
from extractor.tasks.reading import Node, read
from extractor.tasks.wire import AnswerWire, separators

MAX_DEPTH = 40
MAX_LINES = 1000
LONG = 8  # lines of what a field holds, which are told once and referred to afterwards
MAX_PIECES = 2000  # of the layout
PLAIN = {"integer": "0", "number": "0.0", "boolean": "true", "object": "{…}", "null": "null"}
TEXT = '"…"'


def guide(schema: dict[str, Any] | AnswerWire) -> str:
    """An indented outline of the fields: name, kind, description; allowed values a line each where each has its own."""
    wire = _wire(schema)
    return "\n".join(islice(_inside(wire.root, (), _Shown(wire.lists)), MAX_LINES))


def layout(schema: dict[str, Any] | AnswerWire) -> str:
    """The answer's skeleton in one line: {"entities": [{"name": "…"}, …]}."""
    wire = _wire(schema)
    return "".join(islice(_pieces(wire.root, (), wire), MAX_PIECES))


def _wire(schema: dict[str, Any] | AnswerWire) -> AnswerWire:
    return schema if isinstance(schema, AnswerWire) else AnswerWire("plain", read(schema))


def plain(node: Any) -> Any:
    """The schema without our own annotations, which mean nothing to a model."""
    if isinstance(node, dict):
        return {key: plain(value) for key, value in node.items() if not key.startswith("x-") and key != "$schema"}
    return [plain(value) for value in node] if isinstance(node, list) else node


Above = tuple[Any, ...]  # the keys of the nodes that this one is in


@dataclass(frozen=True, slots=True)
class _Shown:
    lists: AsLists
    names: dict[Any, str] = field(default_factory=dict)  # of fields, by the keys of nodes that have been told at length


def _inside(node: Node, above: Above, shown: _Shown) -> Iterator[str]:
    """The lines for what a value holds; where it may be of several forms, a heading for each."""
    if node.key in above or node.key in shown.names or len(above) > MAX_DEPTH:
        return
    above = (*above, node.key)
    if labels(node):
        return
    forms = {tuple(islice(_form(branch, above, shown), MAX_LINES)): branch for branch in node.branches}
    several = len(forms) > 1
    for number, (lines, branch) in enumerate(forms.items()):
        if several:
            yield f"- {'or' if number else 'either'} {_heading(branch)}"
        yield from (f"{'  ' if several else ''}{line}" for line in lines)


def _form(node: Node, above: Above, shown: _Shown) -> Iterator[str]:
    if as_list := shown.lists.get(node.key):
        yield f"- written as a list of values in this order, without keys: {_in_order(as_list)}"
    for key, child in node.properties.items():
        if not child.never:
            yield from _field(key, child, above, shown)
    for pattern, child in node.entries:
        yield from _field(_any_key(node, pattern), child, above, shown)
    for number, child in enumerate(node.prefix, 1):
        yield from _field(f"item {number}", child, above, shown)
    if node.items:
        yield from _inside(node.items, above, shown)


def _in_order(as_list: AsList) -> str:
    """The names of the values of a list: "[name, type, role or null]"."""
    told = zip(as_list.keys, as_list.absent, strict=True)
    said = [key if absent is NEEDED else f"{key} or {json.dumps(absent)}" for key, absent in told]
    return f"[{', '.join(said)}]"


def _field(name: str, node: Node, above: Above, shown: _Shown) -> Iterator[str]:
    held = _held(node)
    named = shown.names.get(held.key)
    again = ", each as above" if held.key in above else f", as in {named} above" if named is not None else ""
    yield f"- {name}{_said(node, again)}"
    yield from (f"  - {label}: {says}" for label, says in said_of(held, node).items())
    lines = list(islice(_inside(node, above, shown), MAX_LINES))
    yield from (f"  {line}" for line in lines)
    if len(lines) >= LONG:
        shown.names.setdefault(held.key, name)


def _held(node: Node) -> Node:
    """What the lists of lists hold in the end."""
    for _ in range(MAX_DEPTH):
        if not node.is_list or not node.items:
            break
        node = node.items
    return node


def _any_key(node: Node, pattern: str | None) -> str:
    allowed = list(labels(node.names)) if node.names else []
    if allowed:
        return f"each of {', '.join(allowed)}"
    pattern = pattern or (str(node.names.word("pattern") or "") if node.names else "")
    return f"each key matching {pattern}" if pattern else "each key"


def _said(node: Node, again: str) -> str:
    held = _held(node)
    if told := said_of(held, node):
        head = preamble(node, told) or (preamble(held) if not node.word("description") else "")
        which = "one of the following" if held is node else "list of the following"
        which += ", or null" if lets_null(node) else ""
        return f" ({which}){'. ' + head if head else ''}"
    kind, description = kind_of(node) + again, node.word("description")
    described = f". {description}" if description else ""
    return f" ({kind}){described}" if kind else described.replace(".", ":", 1)


def _heading(node: Node) -> str:
    """What tells this branch from the others: the values that only it has, its title, or its kind."""
    fixed = [f"{key} = {value}" for key, child in node.properties.items() if (value := _only(child))]
    name = ", ".join(fixed[:3]) or str(node.own("title") or "") or kind_of(node) or "anything"
    description = node.own("description")
    return f"{name}{'. ' + description if description else ''}"


def _only(node: Node) -> str:
    return next(iter(labels(node)), "") if node.values and len(node.values) == 1 else ""


def _pieces(node: Node, above: Above, wire: AnswerWire) -> Iterator[str]:
    if node.key in above or len(above) > MAX_DEPTH:
        yield PLAIN["object"] if node.properties else TEXT
        return
    above = (*above, node.key)
    forms = [branch for branch in node.branches if branch.properties or branch.entries] or [node]
    for number, branch in enumerate(forms if not labels(node) else [node]):
        yield " or " if number else ""
        yield from _skeleton(branch, above, wire)


def _skeleton(node: Node, above: Above, wire: AnswerWire) -> Iterator[str]:
    if node.key in wire.lists:
        yield from _as_list(node, above, wire)
        return
    shown = [(json.dumps(key, ensure_ascii=False), child) for key, child in node.properties.items() if not child.never]
    entries = [(_some_key(node), child) for _, child in node.entries]
    if shown or entries:
        comma, colon = separators(wire.form)
        yield "{"
        for number, (key, child) in enumerate([*shown, *entries]):
            yield f"{comma if number else ''}{key}{colon}"
            yield from _pieces(child, above, wire)
        yield f"{comma}…}}" if entries else "}"
    elif node.is_list:
        yield from _listed(node, above, wire)
    elif _only(node) and isinstance(value := (node.values or [None])[0], str):
        yield json.dumps(value, ensure_ascii=False)
    else:
        yield PLAIN.get((node.types or ("",))[0], TEXT)


def _as_list(node: Node, above: Above, wire: AnswerWire) -> Iterator[str]:
    """A list that an object is written as, texts by their names."""
    yield "["
    for number, (key, child) in enumerate(node.properties.items()):
        yield separators(wire.form)[0] if number else ""
        said = "".join(islice(_pieces(child, above, wire), MAX_PIECES))
        yield json.dumps(f"{key}…", ensure_ascii=False) if said == TEXT else said
    yield "]"


def _listed(node: Node, above: Above, wire: AnswerWire) -> Iterator[str]:
    yield "["
    for number, child in enumerate(node.prefix):
        yield separators(wire.form)[0] if number else ""
        yield from _pieces(child, above, wire)
    if not node.prefix:
        yield from _pieces(node.items or Node(()), above, wire)
        yield f"{separators(wire.form)[0]}…"
    yield "]"


def _some_key(node: Node) -> str:
    allowed = list(labels(node.names)) if node.names else []
    return json.dumps(allowed[0] if allowed else "…", ensure_ascii=False)
