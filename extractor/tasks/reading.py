"""One reading of a schema, which the tables, the guide, the order and the grammar share.

A `Node` is a place of the schema with all that holds there: what references lead to, the parts of `allOf` and the one
branch of a union with null are gathered into it. Where several branches are left, the node has `branches`, each a node
of its own that holds what surrounds the union too.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain
from typing import Any

from extractor.tasks.facets import NONE_OF, Facet, Gathering, Union, matches
from extractor.tasks.links import Part, root

MAX_BRANCHES = 64  # of one place, made of unions that stand beside each other and so are multiplied
MAX_LISTED = 2000  # of one place in all, most of them listed one by one, as labels with their descriptions are
FAR = 1000  # steps: what surrounds a union stands behind what its branch says
TYPES = {
    "string": str,
    "array": list,
    "object": dict,
    "boolean": bool,
    "null": type(None),
    "number": int | float,
    "integer": int,
}


class Node:
    """A place of a schema: everything that is said of the values there."""

    loose = False  # whether more is said here than was read: unions that were too many, references too far

    def __init__(self, facets: Sequence[Facet], unions: Sequence[Union] = (), never: bool = False) -> None:
        self.facets, self.unions, self._never = tuple(facets), tuple(unions), never
        self.key = (frozenset(facet.source for facet in facets), frozenset(union.key for union in unions), never)
        self._near = sorted(facets, key=lambda facet: facet.steps)

    def word(self, name: str, default: Any = None) -> Any:
        """The value of this keyword or annotation, the nearest where there are several."""
        return next(iter(self.near(name)), default)

    def near(self, name: str) -> list[Any]:
        """Every value that this word has here, the nearest first."""
        return [facet.words[name] for facet in self._near if name in facet.words]

    def own(self, name: str, default: Any = None) -> Any:
        """As `word`, less what is said around the union whose branch this is."""
        near = (facet.words[name] for facet in self._near if facet.steps < FAR and name in facet.words)
        return next(near, default)

    def all(self, name: str) -> list[Any]:
        """Every value that this keyword has here."""
        return [facet.words[name] for facet in self.facets if name in facet.words]

    @cached_property
    def types(self) -> tuple[str, ...] | None:
        """The types that a value may have, null only where it is written among them; None for any."""
        return _common([[value] if isinstance(value, str) else value for value in self.all("type")])

    @cached_property
    def values(self) -> list[Any] | None:
        """The only values that are allowed, None where they are not listed."""
        lists = [[value] for value in self.all("const")] + [v for v in self.all("enum") if isinstance(v, list)]
        if not lists:
            return None
        none_of = [value for values in self.all(NONE_OF) for value in values]
        held = (value for value in lists[0] if all(_among(value, others) for others in lists[1:]))
        return [value for value in held if self._typed(value) and not _among(value, none_of)]

    @cached_property
    def never(self) -> bool:
        """Whether it is plain at this place that no value is allowed, null apart."""
        return self._never or self.types == () or self.values == []

    @cached_property
    def nullable(self) -> bool:
        """Whether a union allows null here, besides what the branches allow."""
        united = self.unions or not all(facet.hard for facet in self.facets)
        return bool(united) and self._lets_null()

    @cached_property
    def required(self) -> list[str]:
        """The properties that must be there."""
        return list(dict.fromkeys(name for names in self.all("required") if isinstance(names, list) for name in names))

    @cached_property
    def properties(self) -> dict[str, "Node"]:
        """The properties that the schema names, in its order."""
        names = dict.fromkeys(chain.from_iterable(self._maps("properties")))
        return {name: self._of(*(facet.at_key(name) for facet in self.facets)) for name in names}

    @cached_property
    def patterns(self) -> dict[str, "Node"]:
        """What holds for the keys that match a pattern."""
        names = dict.fromkeys(chain.from_iterable(self._maps("patternProperties")))
        return {name: self._of(*(facet.at_pattern(name) for facet in self.facets)) for name in names}

    @cached_property
    def extra(self) -> "Node | None":
        """What holds for all other keys, None where nothing is said of them."""
        return self._said("additionalProperties")

    @cached_property
    def names(self) -> "Node | None":
        """What holds for the keys themselves, None where nothing is said of them."""
        return self._said("propertyNames")

    @property
    def entries(self) -> list[tuple[str | None, "Node"]]:
        """What a map holds: for a pattern of keys, or for any key (None), the node of its values."""
        extra = self.extra or (Node(()) if self.names else None)
        rest = [(None, extra)] if extra and not extra.never and (extra.key != Node(()).key or self.names) else []
        return [*((pattern, node) for pattern, node in self.patterns.items() if not node.never), *rest]

    @cached_property
    def prefix(self) -> list["Node"]:
        """What holds for the first items one by one."""
        most = max((len(facet.first_items) for facet in self.facets), default=0)
        return [self._of(*(facet.at_index(index) for facet in self.facets)) for index in range(most)]

    @cached_property
    def items(self) -> "Node | None":
        """What holds for the (other) items of a list, None where nothing is said of them."""
        parts = [part for facet in self.facets for part in facet.other_items()]
        return Node.of(*parts) if parts else None

    @cached_property
    def branches(self) -> list["Node"]:
        """The nodes of which one holds, null apart: itself where there is no union, or where there are too many."""
        found = list(self._unfolded(MAX_LISTED + 1))
        if len(found) > MAX_LISTED or sum(multiplied for _, multiplied in found) > MAX_BRANCHES:
            return [_Loose(self.facets)]
        known = {node.key: node for node, _ in found if not node.never and not (self.unions and node._lacks)}
        return list(known.values())

    @property
    def _lacks(self) -> bool:
        """Whether it needs a property that no value is left for, as where two choices exclude each other."""
        needed = (self.properties[name] for name in self.required if name in self.properties)
        return self.types == ("object",) and any(node.never and not node.nullable for node in needed)

    @property
    def is_list(self) -> bool:
        """Whether it is a list, as far as the schema says."""
        return "array" in (self.types or ())

    def branch_of(self, value: Any) -> "Node":
        """The branch that holds for this value, by its type, its keys and what is written in them.

        Of several the one that names most of its keys.
        """
        suiting = (branch for branch in self.branches if branch.suits(value))
        if not isinstance(value, dict):
            return next(suiting, self)
        return max(suiting, key=lambda branch: len(value.keys() & branch.properties.keys()), default=self)

    def suits(self, value: Any) -> bool:
        """Whether a value can be meant by this place, by what is seen without going into it further."""
        if not self._typed(value) or (self.values is not None and not _among(value, self.values)):
            return False
        if isinstance(value, list):
            return all(self.at_index(n)._lets(item) for n, item in enumerate(value[:1]))
        if not isinstance(value, dict):
            return True
        if any(self.at_key(key).never for key in value):
            return False
        told = ((value[key], node.values) for key, node in self.properties.items() if key in value)
        return set(self.required) <= set(value) and all(v is None or _among(said, v) for said, v in told)

    def _lets(self, value: Any) -> bool:
        """Whether a value is of a type that is allowed here."""
        return any(branch._typed(value) for branch in self.branches)

    def at_key(self, key: str) -> "Node":
        """What holds for the value of this key."""
        if key in self.properties:
            return self.properties[key]
        matching = (node for pattern, node in self.patterns.items() if matches(pattern, key))
        return next(matching, self.extra or Node(()))

    def at_index(self, index: int) -> "Node":
        """What holds for the item at this place of a list."""
        return self.prefix[index] if index < len(self.prefix) else self.items or Node(())

    @staticmethod
    def of(*parts: Part) -> "Node":
        """What holds where all these subschemas hold."""
        found = Gathering()
        for part in parts:
            found.take(part, 0, True)
        return (_Loose if found.cut else Node)(found.facets, found.unions, found.never)

    def _unfolded(
        self, most: int, under: frozenset[tuple[int, str]] = frozenset(), multiplied: bool = False
    ) -> Iterator[tuple["Node", bool]]:
        """The nodes without unions, at most so many: each choice of the first union with what surrounds it.

        With each whether unions beside each other were multiplied for it.
        """
        if not self.unions:
            yield self, multiplied
            return
        multiplied = multiplied or sum(len(union.choices) > 1 for union in self.unions) > 1
        under |= {self.unions[0].key}
        for choice in self.unions[0].choices:
            inner = Node.of(*choice)
            if any(union.key in under for union in inner.unions):  # leads back to this union, and adds nothing to it
                continue
            for found in self._with(inner)._unfolded(most, under, multiplied):
                yield found
                most -= 1
            if most <= 0:
                return

    def _with(self, choice: "Node") -> "Node":
        """What holds where this choice of the first union is taken."""
        near = {facet.source for facet in choice.facets}
        around = [replace(facet, steps=FAR + facet.steps % FAR) for facet in self.facets if facet.source not in near]
        unions = {union.key: union for union in (*self.unions[1:], *choice.unions)}
        return Node([*around, *choice.facets], list(unions.values()), self._never or choice._never)

    def _lets_null(self, under: frozenset[Any] = frozenset()) -> bool:
        """Whether a null passes here, by a union or by itself."""
        if self._never or self.key in under:
            return False
        hard = Node([facet for facet in self.facets if facet.hard])
        under |= {self.key}
        unions = (u for u in self.unions if u.hard and not u.null)
        passed = all(any(Node.of(*choice)._lets_null(under) for choice in union.choices) for union in unions)
        return passed and hard._typed(None) and (hard.values is None or None in hard.values)

    def _typed(self, value: Any) -> bool:
        return self.types is None or any(_is(value, name) for name in self.types)

    def _maps(self, word: str) -> list[dict[str, Any]]:
        return [value for value in self.all(word) if isinstance(value, dict)]

    def _said(self, word: str) -> "Node | None":
        parts = [part for facet in self.facets for part in facet.parts(word)]
        return Node.of(*parts) if parts else None

    def _of(self, *parts: Iterable[Part]) -> "Node":
        return Node.of(*chain.from_iterable(parts))


class _Loose(Node):
    loose = True


def read(body: Any) -> Node:
    """The root of a schema."""
    return Node.of(root(body))


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, TYPES.get(name, object))


def _among(value: Any, values: Sequence[Any]) -> bool:
    return any(value == other and isinstance(value, bool) == isinstance(other, bool) for other in values)


def _common(lists: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """The types that are in all of these lists; an integer is a number."""
    if not lists:
        return None
    first, *others = lists
    narrowed = ("integer" if name == "number" and any(_whole(names) for names in others) else name for name in first)
    return tuple(
        dict.fromkeys(
            name
            for name in narrowed
            if all(name in names or (name == "integer" and "number" in names) for names in others)
        )
    )


def _whole(names: Sequence[str]) -> bool:
    return "integer" in names and "number" not in names
