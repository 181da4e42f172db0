"""What a schema says of its labels: the entity types and predicates it allows, each with its own description.

Authors write it in one of two ways: `oneOf` (or `anyOf`) of `const` with `description`, or an `enum` whose description
holds "label: what it means", one after the other. Which types a predicate joins is read from an arrow in its
description ("person → organisation", "Peop -> Org", "人物 → 机构或地点").
"""

import re
from collections.abc import Collection
from typing import Any

from extractor.types import Ends

_ARROW = re.compile(r"\s*(?:->|=>|→|⇒)\s*")
_BEFORE, _AFTER = re.compile(r"[(（\[.。;；:：\n]"), re.compile(r"[()（）\].。;；:：\n]")
_OR = re.compile(r"\s*(?:,\s*or\b|,|/|\||、|，|\bor\b|或)\s*")
_QUOTE = r"[\"'`*“”‘’]*"


def labels(node: dict[str, Any]) -> dict[str, str]:
    """Every value that this string property allows, with what the schema says of it ("" where it says nothing)."""
    branches: list[Any] = next((node[word] for word in ("oneOf", "anyOf") if isinstance(node.get(word), list)), [])
    if branches and all(isinstance(branch, dict) and "const" in branch for branch in branches):
        return {
            str(branch["const"]): str(branch.get("description") or branch.get("title") or "") for branch in branches
        }
    values = [str(value) for value in node.get("enum", []) if value is not None]
    return {value: "" for value in values} | dict(_told(values, str(node.get("description", ""))))


def preamble(node: dict[str, Any]) -> str:
    """What the property's description says before it comes to the single labels."""
    description = str(node.get("description", ""))
    first = next(_starts([str(value) for value in node.get("enum", [])], description), None)
    return description[: first.start()].strip(" -*•\n") if first else description


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
