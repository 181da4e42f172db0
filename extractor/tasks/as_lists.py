"""Which objects of an answer may be written as lists of their values, so that every list leads back to its object.

Only objects that repeat, in lists and maps, and whose keys are all known. What no list could hold exactly stays an
object: open objects, unions whose forms no value tells apart, and places that may be lists of their own.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from extractor.tasks.reading import Node

MOST_KEYS = 8  # of an object: in a longer list a model, and a person, loses its place
MOST_OPTIONAL = 4  # of them, since each that is left out costs a null
MAX_PLACES = 5000  # of a schema; in a larger one all objects stay objects
MAY_ADD = ("dependentSchemas", "dependencies", "unevaluatedProperties")  # words that may give an object more keys
NEEDED = object()  # in place of what stands for a key that is left out: it never is
LOST = ("minProperties", "maxProperties")  # keywords of objects that say nothing of a list


@dataclass(frozen=True, slots=True)
class AsList:
    """An object as a list of its values in the schema's order."""

    keys: tuple[str, ...]
    absent: tuple[Any, ...]  # for each key what stands for it where it is left out: null, {}, or NEEDED
    least: int  # values that are always there: those of keys left out at the end are not written

    def schema(self, written: Mapping[str, Any]) -> dict[str, Any]:
        """The plain schema of such a list, given that of the object."""
        held = [written["properties"][key] for key in self.keys]
        values = [_or_absent(one, absent) for one, absent in zip(held, self.absent, strict=True)]
        return {"type": "array", "prefixItems": values, "minItems": self.least, "maxItems": len(self.keys)}

    def takes(self, node: Node, values: Sequence[Any]) -> bool:
        """Whether these values can be those of this object, as `node` has it: by how many they are, and by labels."""
        told = zip(self.keys, self.absent, values, strict=False)
        return self.holds(values) and all(
            is_absent(absent, one) or _may_be(node.properties[key], one) for key, absent, one in told
        )

    def holds(self, values: Sequence[Any]) -> bool:
        """Whether it is of so many values."""
        return self.least <= len(values) <= len(self.keys)


AsLists = Mapping[Any, AsList]  # by the key of the object's node


def lists_of(root: Node) -> AsLists:
    """The objects below this root that are written as lists; the root itself never is."""
    finder = _Places(root)
    return finder.found() if finder.is_whole else {}


def is_absent(absent: Any, value: Any) -> bool:
    """Whether this value says that its key is left out."""
    return absent is not NEEDED and type(value) is type(absent) and value == absent


def branch_for(node: Node, value: Any) -> Node:
    """The branch that is taken for an object or a list, the same whether what it holds is written as lists or not."""
    if isinstance(value, list):
        lists = [branch for branch in node.branches if _may_be_list(branch)]
        return lists[0] if len(lists) == 1 else node.branch_of(value)
    return node.branches[0] if len(node.branches) == 1 else node.branch_of(value)


class _Places:
    """Goes through the places of a schema."""

    def __init__(self, root: Node) -> None:
        self._found: dict[Any, AsList] = {}
        self._refused = {branch.key for branch in root.branches}
        self._met = set[tuple[Any, bool]]()
        left = deque([(root, False)])
        while left and len(self._met) < MAX_PLACES:
            node, repeats = left.popleft()
            if (node.key, repeats) not in self._met:
                self._met.add((node.key, repeats))
                self._look(node, repeats)
                left += _below(node, repeats)
        self.is_whole = not left

    def found(self) -> AsLists:
        """Those that may be lists wherever they stand."""
        return {key: as_list for key, as_list in self._found.items() if key not in self._refused}

    def _look(self, node: Node, repeats: bool) -> None:
        objects = [(branch, as_list) for branch in node.branches if (as_list := _as_list(branch))]
        lists = [branch for branch in node.branches if _may_be_list(branch)]
        if lists or not all(_apart(one, other) for one, other in combinations(objects, 2)):
            self._refused |= {branch.key for branch, _ in objects}
        if len(lists) > 1:  # by their items they are told apart
            items = [item for branch in lists for item in [*branch.prefix, *([branch.items] if branch.items else [])]]
            self._refused |= {branch.key for item in items for branch in item.branches}
        self._found |= {branch.key: as_list for branch, as_list in objects} if repeats else {}


def _below(node: Node, repeats: bool) -> Iterator[tuple[Node, bool]]:
    """The places that a place holds, and whether each may be there several times."""
    for branch in node.branches:
        if branch.values is None:
            yield from ((child, repeats) for child in [*branch.properties.values(), *branch.prefix])
            yield from ((child, True) for _, child in branch.entries)
            yield from [(branch.items, True)] if branch.items else []


def _as_list(node: Node) -> AsList | None:
    """The list that an object of this node is, where it can be one."""
    keys = tuple(node.properties)
    if not _is_closed(node) or not 0 < len(keys) <= MOST_KEYS:
        return None
    absent = [NEEDED if key in node.required else _absent(node.properties[key]) for key in keys]
    needed = [number for number, one in enumerate(absent, 1) if one is NEEDED]
    if len(keys) - len(needed) > MOST_OPTIONAL or any(one is _NOTHING for one in absent):
        return None
    return AsList(keys, tuple(absent), max(needed, default=0))


def _is_closed(node: Node) -> bool:
    """Whether it is an object, and no key is possible but those that are named."""
    if node.types != ("object",) or node.values is not None or node.never or node.loose or node.unions:
        return False
    is_open = node.patterns or node.names or (node.extra and not node.extra.never)
    may_add = any(said is not False for word in MAY_ADD for said in node.all(word))
    known = set(node.required) <= set(node.properties) and not may_add
    return known and not is_open and not any(child.never for child in node.properties.values())


_NOTHING = object()


def _absent(node: Node) -> Any:
    """What no value of this node is, to stand for none."""
    marks: list[Any] = [None, {}]
    return next((one for one in marks if not _may_be(node, one)), _NOTHING)


def _may_be(node: Node, value: Any) -> bool:
    """Whether a value can be one of this node, by what is seen without going into it."""
    if node.loose or (value is None and node.nullable):
        return True
    if isinstance(value, dict | list) and value:  # what it holds may be written otherwise
        return node.values is None
    return any(branch.loose or branch.suits(value) for branch in node.branches)


def _may_be_list(node: Node) -> bool:
    if node.values is not None:
        return any(isinstance(value, list) for value in node.values)
    return node.types is None or "array" in node.types


def _apart(one: tuple[Node, AsList], other: tuple[Node, AsList]) -> bool:
    """Whether a value that both always have at the same place tells them apart."""
    (first, its), (second, others) = one, other
    pairs = zip(its.keys, its.absent, others.keys, others.absent, strict=False)
    needed = ((first.properties[a], second.properties[b]) for a, x, b, y in pairs if x is NEEDED and y is NEEDED)
    return any(_differ(a.values, b.values, b) for a, b in needed)


def _differ(values: Iterable[Any] | None, others: Iterable[Any] | None, node: Node) -> bool:
    return values is not None and others is not None and not any(node.suits(value) for value in values)


def _or_absent(written: Any, absent: Any) -> Any:
    if absent is NEEDED:
        return written
    empty = {"type": "null"} if absent is None else {"type": "object", "properties": {}, "additionalProperties": False}
    return empty if written is False else {"anyOf": [written, empty]}
