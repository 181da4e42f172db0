"""What a schema says of its labels: the entity types and predicates it allows, each with its own description.

Authors write it in one of two ways: `oneOf` (or `anyOf`) of `const` with `description`, or an `enum` whose description
holds "label: what it means", one after the other. Which types a predicate joins is read from an arrow in its
description ("person → organisation", "Peop -> Org", "人物 → 机构或地点").
"""

import json
import re
from collections.abc import Collection
from typing import Any

from extractor.tasks.reading import Node, read
from extractor.tasks.schema import Schema
from extractor.types import Ends

_ARROW = re.compile(r"\s*(?:->|=>|→|⇒)\s*")
_BEFORE, _AFTER = re.compile(r"[(（\[.。;；:：\n]"), re.compile(r"[()（）\].。;；:：\n]")
_OR = re.compile(r"\s*(?:,\s*or\b|,|/|\||、|，|\bor\b|或)\s*")
_QUOTE = r"[\"'`*“”‘’]*"


def labels(node: Node) -> dict[str, str]:
    """Every value that is allowed here, with what the schema says of it ("" where it says nothing); {} for others."""
    branches = node.branches
    if node.unions:
        found = [_branch_labels(branch) for branch in branches]
        return {label: says for each in found for label, says in each.items()} if found and all(found) else {}
    values = _values(node)
    told = (_told(values, str(description)) for description in node.near("description"))
    return {value: "" for value in values} | next((found for found in told if found), {})


def said_of(node: Node, around: Node | None = None) -> dict[str, str]:
    """The labels with what is said of each, by them or by the list around them; {} where nothing is said of any.

    One without a word of its own stands for itself.
    """
    found = labels(node)
    if around and not any(found.values()):
        found |= _told(list(found), str(around.word("description") or ""))
    return {label: says or label for label, says in found.items()} if any(found.values()) else {}


def listed(schema: Schema) -> frozenset[str]:
    """The properties of the root whose values are listed."""
    return frozenset(name for name, node in read(schema.body).properties.items() if labels(node))


def preamble(node: Node, known: Collection[str] = ()) -> str:
    """What the property's description says before it comes to the single labels."""
    description = str(node.word("description") or "")
    first = next(_starts(list(known or _values(node)), description), None)
    return description[: first.start()].strip(" -*•\n") if first else description


def as_label(value: Any) -> str:
    """A value as a label: text as it is, anything else as JSON has it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _branch_labels(branch: Node) -> dict[str, str]:
    values = _values(branch)
    said = str(branch.own("description") or branch.own("title") or "")
    if len(values) == 1:
        return {values[0]: said}
    return {value: "" for value in values} | dict(_told(values, said))


def _values(node: Node) -> list[str]:
    return [as_label(value) for value in node.values or () if value is not None]


def ends(description: str, types: Collection[str]) -> Ends:
    """The types that a predicate joins, as its description has them; None for an end that names none of `types`."""
    before, arrow, after = _split(description)
    if not arrow:
        return None, None
    return _types(_BEFORE.split(before)[-1], types), _types(_AFTER.split(after)[0], types)


def _split(description: str) -> tuple[str, bool, str]:
    found = _ARROW.search(description)
    return (description[: found.start()], True, description[found.end() :]) if found else (description, False, "")


def _types(said: str, types: Collection[str]) -> frozenset[str] | None:
    known = {name.casefold(): name for name in types}
    words = [said.strip()] if said.strip().casefold() in known else [word for word in _OR.split(said.strip()) if word]
    found = [known.get(word.strip().casefold()) for word in words]
    return frozenset(name for name in found if name) if found and all(found) else None


def _told(values: list[str], description: str) -> dict[str, str]:
    starts = list(_starts(values, description))
    stops = [start.start() for start in starts[1:]] + [len(description)]
    return {
        start["label"]: description[start.end() : stop].strip(" \n;；,，-*•")
        for start, stop in zip(starts, stops, strict=False)
    }


def _starts(values: list[str], description: str) -> Any:
    """Where "label:" stands at the beginning, on a line of its own, or after a stop."""
    if not values:
        return iter(())
    names = "|".join(re.escape(value) for value in sorted(values, key=len, reverse=True))
    begin = r"(?:\A|(?<=[\n;；.。:：]))[\s\-*•]*" + _QUOTE
    return re.finditer(rf"{begin}(?P<label>{names}){_QUOTE}\s*(?:[:：=—–]|-(?!>))\s*", description)
