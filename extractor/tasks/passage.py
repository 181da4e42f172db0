"""What is asked of a passage of a long document, and what the merged answer must satisfy."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from extractor.tasks.keywords import LISTS, MAPS, SINGLES
from extractor.tasks.links import Part
from extractor.tasks.merging import is_whole, word_of
from extractor.tasks.reading import Node
from extractor.tasks.rewrite import ALIKE, Rewriter
from extractor.tasks.schema import Schema

LEAST = {"minItems", "minProperties", "contains", "minContains", "maxContains"}  # a passage may have less
MOST = {"maxItems", "uniqueItems", "maxProperties", "maxContains"}  # all passages together may have more
TURNED = {"not", "if", "contains"}  # where to ask less is to allow less


def passage_schema(schema: Schema) -> Schema:
    """The schema as one passage is asked: it need not hold as much, and says null where it says nothing.

    Outside lists and maps what holds one value may be null, and is needed all the same; their items stay as they are.
    """
    body = _Passage().whole(schema.body, True)
    return replace(schema, body=body, model=None)


def merged_schema(schema: Schema) -> Schema:
    """What the merged answer must satisfy: the schema without the bounds that held for each passage alone."""
    body = _lifted(schema.body)
    return replace(schema, body=body, model=schema.model if body == schema.body else None)


class _Passage(Rewriter[bool]):
    """The state says whether the place is outside lists and maps."""

    def part(self, part: Part, state: bool) -> Any:
        return super().part(part, state and not is_whole(Node.of(part)))

    def child(self, word: str, key: str, part: Part, state: bool) -> Any:
        if state and word == "properties":
            return self._property(part)
        return self.part(part, state and word in ALIKE)

    def finished(self, words: dict[str, Any], part: Part, state: bool) -> Any:
        if not state:
            return words
        words = {("anyOf" if word == "oneOf" and "anyOf" not in words else word): v for word, v in words.items()}
        if words.get("additionalProperties") or "patternProperties" in words:
            needed = [name for name in words.get("required", ()) if name in words.get("properties", ())]
            words |= {"required": needed} if "required" in words else {}
        return {word: value for word, value in words.items() if word not in LEAST}

    def _property(self, part: Part) -> Any:
        node = Node.of(part)
        written = self.part(part, True)
        if node.never or _takes_null(node) or _is_fixed(node) or _is_gathered(node):
            return written
        return {"anyOf": [written, {"type": "null"}]}


def _takes_null(node: Node) -> bool:
    return node.nullable or any(branch.suits(None) for branch in node.branches)


def _is_fixed(node: Node) -> bool:
    """Whether there is but one value, which tells of what form an object is."""
    return node.values is not None and len(node.values) == 1


def _is_gathered(node: Node) -> bool:
    """Whether it is put together from what the passages say: a list, a map or an object."""
    if is_whole(node) or word_of(node) == "atomic":
        return False
    branches = node.branches
    objects = len(branches) == 1 and branches[0].types == ("object",) and branches[0].values is None
    return objects or all(branch.types == ("array",) and branch.values is None for branch in branches)


def _lifted(raw: Any) -> Any:
    if not isinstance(raw, dict):
        return raw
    return {word: _below(word, value) for word, value in raw.items() if word not in MOST}


def _below(word: str, value: Any) -> Any:
    if word in TURNED:
        return value
    if word in MAPS and isinstance(value, dict):
        return dict(zip(value, _each(value.values()), strict=True))
    if word in LISTS | {"items"} and isinstance(value, list):
        return _each(value)
    return _lifted(value) if word in SINGLES else value


def _each(values: Iterable[Any]) -> list[Any]:
    return [_lifted(value) for value in values]
