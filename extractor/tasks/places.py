"""Where in a record something stands, and what is found there for the tables."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from extractor.tasks.labels import labels
from extractor.tasks.reading import Node
from extractor.types import TableField

TEXTS = {"string", "number", "integer", "boolean"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the record: the steps that lead there, the property's name, and the item of a table that it is in."""

    path: tuple[str, ...]
    key: str
    item: TableField | None = None
    around: tuple[str, ...] = ()  # the steps to that item
    map: Node | None = None  # where the last step is one into a map
    above: Mapping[Any, tuple[str, ...]] = field(default_factory=dict)  # the nodes around it, with their paths

    def __str__(self) -> str:
        return "/".join(self.path) or "the root"

    def under(self, step: str, key: str, map: Node | None = None) -> "Place":
        """The place one step on; `map` is the map that the step goes into."""
        return replace(self, path=(*self.path, step), key=key, map=map)

    def is_role(self, key: str) -> bool:
        """Whether this key of the place plays a role in the item that the place is."""
        return self.item is not None and self.path == self.around and key in self.item.roles.values()


@dataclass(frozen=True, slots=True)
class Found:
    """A field, its types or predicates with what the schema says of each, and the node of its items."""

    field: TableField
    labels: dict[str, str]
    item: Node | None = None


@dataclass(frozen=True, slots=True)
class Leaf:
    """Items of a place: the steps to them, the maps among these steps, and what is said of one."""

    steps: tuple[str, ...]
    maps: tuple[Node, ...]
    item: Node

    @property
    def is_object(self) -> bool:
        """Whether an item is an object, or nothing is known of it."""
        return bool(self.item.properties or self.item.entries) or not self.is_text

    @property
    def is_text(self) -> bool:
        """Whether an item is a text, a number or the like."""
        return bool(TEXTS & set(self.item.types or ())) or bool(self.item.values)


PLACE = Place((), "")


def shown(path: Sequence[str]) -> str:
    """A path in the answer as people are told of it: "people/[]/name"."""
    return "/".join("{}" if step.startswith("{") else step for step in path) or "the root"


def key_pattern(node: Node, pattern: str | None) -> str:
    """The pattern of a map's other keys, where some are named: those that it does not name."""
    if pattern is not None:
        return pattern
    named = [f"{re.escape(key)}$" for key in node.properties] + [f".*(?:{one})" for one in node.patterns]
    return f"^(?!{'|'.join(named)})" if named else ""


def labels_of(field: TableField, kind: str, leaf: Leaf) -> dict[str, str]:
    """The types of a field's entities, or the predicates of its relations, with what the schema says of each."""
    if kind in field.roles:
        node = leaf.item.properties[field.roles[kind]]
        return labels(node.items if node.items else node)
    if field.bare == kind:
        return labels(leaf.item)
    steps = [step for step in field.shape if step.startswith("{")]
    for step, node in zip(steps, leaf.maps, strict=True):
        if step[1:].partition(":")[0].rstrip("}") == kind:
            return labels(node.names) if node.names else {key: _about(child) for key, child in node.properties.items()}
    return {field.label: ""}


def _about(node: Node) -> str:
    return str(node.word("description") or "")


def is_container(node: Node) -> bool:
    """Whether a place holds a list, a map or an object."""
    return any(branch.is_list or branch.entries or branch.properties for branch in node.branches)
