"""How the items of one place give rows: lists, maps, unions and single objects of entities or relations."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from extractor.errors import UserError
from extractor.tables import ENTITIES, RELATIONS, TABLES, Table
from extractor.tasks.labels import labels
from extractor.tasks.marks import PARENT, ROLES, Marks
from extractor.tasks.places import Found, Leaf, Place, is_container, key_pattern, labels_of
from extractor.tasks.reading import Node
from extractor.tasks.roles import Roles
from extractor.types import TableField


class Tables:
    """Finds the fields of places; UserError for what is asked for and cannot be."""

    def __init__(self, marks: Marks) -> None:
        self.marks, self.roles = marks, Roles(marks)

    def rows(self, table: Table, node: Node, place: Place, asked: bool) -> list[Found]:
        """The fields of entities or relations at this place: one for each form that its items may have."""
        leaves = list(self._leaves(table, node, place, (), ()))
        if place.map:  # what is said of the values of a map is said of the map, whose keys then say more of them
            role = self.marks.key(str(place), place.map, table.keys)
            step = f"{{{role}{place.path[-1][1:]}"
            leaves = [Leaf((step, *leaf.steps), (place.map, *leaf.maps), leaf.item) for leaf in leaves]
            place = replace(place, path=place.path[:-1], map=None)
        if asked and not any(leaf.steps or leaf.item.properties or leaf.is_text for leaf in leaves):
            raise self.marks.fault(
                str(place), f"x-extract '{table.word}' needs a list, a map or an object, this is {_kind(node)}"
            )
        found = [self._row(table, leaf, place, leaves) for leaf in leaves]
        whole = [one for one in found if isinstance(one, Found)]
        if asked and not whole:
            raise self._missing(table, place, leaves[0].item, next(one for one in found if isinstance(one, str)))
        return [*whole, *self._parents(node, place, whole)]

    def implied(self, node: Node, place: Place) -> str:
        """The table that a list or map must mean, by the roles that its items are marked with; "" for none."""
        for table in TABLES:
            for branch in node.branches:
                below = [branch.items] if branch.items else [child for _, child in branch.entries]
                for item in (inner for child in below for inner in child.branches):
                    marked = {self.marks.word(f"{place}/{key}", child) for key, child in item.properties.items()}
                    if table.needed and set(table.needed) <= marked:
                        return table.word
        return ""

    def text(self, table: Table, node: Node, place: Place) -> Found:
        """The field of a table of texts: a text, or a list or object of nothing but texts."""
        if not all_text(node):
            raise self.marks.fault(
                str(place),
                f"x-extract '{table.word}' needs a string, this is {_kind(node)}; lists and objects of strings will do",
            )
        for branch in node.branches:
            for key, child in branch.properties.items():
                self.marks.word(f"{place}/{key}", child)
        return Found(TableField(table.word, place.path, place.key), {})

    def _leaves(
        self, table: Table, node: Node, place: Place, steps: tuple[str, ...], maps: tuple[Node, ...]
    ) -> Iterator[Leaf]:
        """The items of a place, through lists of lists and maps of maps."""
        for branch in node.branches if len(steps) < 8 else ():
            if branch.prefix or branch.items:
                for number, child in enumerate(branch.prefix):
                    yield from self._leaves(table, child, place, (*steps, f"[{number}]"), maps)
                if branch.items:
                    yield from self._leaves(table, branch.items, place, (*steps, "[]"), maps)
            elif children := self._keyed(table, branch, place, steps):
                for step, child in children:
                    yield from self._leaves(table, child, place, (*steps, step), (*maps, branch))
            else:
                yield Leaf(steps, maps, branch)

    def _keyed(self, table: Table, node: Node, place: Place, steps: tuple[str, ...]) -> list[tuple[str, Node]]:
        """What a map holds, or an object whose properties are lists: the steps to it. Nothing for an item."""
        role = self.marks.key(str(place), node, table.keys)
        named = [(f"{{{role}:^{re.escape(key)}$}}", child) for key, child in node.properties.items() if not child.never]
        if role and named and not node.entries:
            return named
        if self._is_item(table, node, place, steps):
            return []
        listed = bool(named) and all(is_container(child) for _, child in named)
        entries = [(f"{{{role}:{key_pattern(node, pattern)}}}", child) for pattern, child in node.entries]
        return [*(named if listed else []), *entries]

    def _is_item(self, table: Table, node: Node, place: Place, steps: tuple[str, ...]) -> bool:
        if not node.properties:
            return not node.entries
        roles = self.roles.of(table, node, place)[0]
        return any(role in roles for role in table.needed) or (not node.entries and any("{" in step for step in steps))

    def _row(self, table: Table, leaf: Leaf, place: Place, leaves: Sequence[Leaf]) -> Found | str:
        """The field for these items, or the role that nothing plays."""
        roles, inner = self.roles.of(table, leaf.item, place) if leaf.is_object else ({}, {})
        several = [other for other in leaves if other.steps == leaf.steps and other.is_object]
        kind = table.kind or ""
        if kind not in roles and len(several) > 1 and (told := _discriminator(leaf.item)):
            roles[kind] = told
        bare = _bare(table, leaf)
        taken = {*roles, *([] if leaf.is_object else [bare])}
        steps = self._named(table, leaf, place, taken)
        around = self._around(table, place, taken)
        if missing := [role for role in table.needed if role not in taken | set(around)]:
            return missing[0]
        field = TableField(
            table=table.word,
            path=place.path,
            label=place.key or table.word,
            roles=roles,
            shape=steps,
            bare=bare,
            inner=inner,
            when=_when(leaf.item) if len(several) > 1 and leaf.is_object else (),
            around=around,
            aside=tuple(self._nested(leaf.item, place)) if leaf.is_object else (),
        )
        return Found(field, labels_of(field, kind, leaf), leaf.item if leaf.is_object else None)

    def _named(self, table: Table, leaf: Leaf, place: Place, taken: set[str]) -> tuple[str, ...]:
        """The steps to the items, each map with the role of its keys: as marked, else the first that nothing plays."""
        steps = list(leaf.steps)
        marked = {step[1:].partition(":")[0] for step in steps if step.startswith("{")} - {""}
        taken |= marked
        for number in reversed([n for n, step in enumerate(steps) if step.startswith("{:")]):
            role = next((role for role in _candidates(table, leaf, number) if role not in taken), "")
            taken |= {role} if role else set()
            steps[number] = f"{{{role}:{steps[number][2:]}"
        return tuple(step.replace(":}", "}") for step in steps)

    def _around(self, table: Table, place: Place, taken: set[str]) -> dict[str, tuple[int, str]]:
        """The subject of relations that lie in an entity: the entity itself."""
        if table is not RELATIONS or not place.item or place.item.table != ENTITIES.word or "subject" in taken:
            return {}
        if "name" in place.item.roles:
            return {"subject": (len(place.around), place.item.roles["name"])}
        steps = [n for n, step in enumerate(place.item.shape) if step.startswith("{name")]
        return {"subject": (len(place.item.path) + steps[0] + 1, "")} if steps else {}

    def _nested(self, item: Node, place: Place) -> Iterator[str]:
        """The keys of an item that feed a table of their own."""
        for key, child in item.properties.items():
            if self.marks.word(f"{place}/items/{key}", child) in ROLES:
                yield key

    def _parents(self, node: Node, place: Place, found: Sequence[Found]) -> Iterator[Found]:
        """The relation of nested entities to what holds them, where it is asked for."""
        if not (word := self.marks.parent(node)):
            return
        outer, inside = place.item, [one for one in found if one.field.table == ENTITIES.word]
        direct = outer is not None and place.path == (*place.around, place.key)
        if not (outer and direct and "name" in outer.roles and inside):
            raise self.marks.fault(
                str(place), f"{PARENT} belongs to entities that are a property of the items of entities"
            )
        keys = {"name": inside[0].field.roles["name"]} if "name" in inside[0].field.roles else {}
        field = TableField(
            table=RELATIONS.word,
            path=outer.path,
            label=word,
            roles={"subject": place.key, "object": outer.roles["name"]},
            shape=outer.shape,
            inner={"subject": keys} if keys else {},
            aside=("*",),
        )
        yield Found(field, {word: ""})

    def _missing(self, table: Table, place: Place, item: Node, role: str) -> UserError:
        names = ", ".join(item.properties) or "none"
        return self.marks.fault(
            str(place), f'no property of its items is marked "x-extract": "{role}" (properties: {names})'
        )


def _candidates(table: Table, leaf: Leaf, number: int) -> tuple[str, ...]:
    """The roles that the keys of this map may play, the likeliest first."""
    free = leaf.steps[number].endswith(":}")
    last = number == len(leaf.steps) - 1
    named = "name" in leaf.item.properties or not last or not free
    return ("id", "type") if "id" in table.keys and named and last and free and leaf.is_object else table.keys


def _bare(table: Table, leaf: Leaf) -> str:
    if leaf.is_object:
        return "name"
    if table.bare != "name":
        return table.bare
    keyed = bool(leaf.steps) and leaf.steps[-1].startswith("{")
    if not keyed:
        return "name"
    return "type" if labels(leaf.item) or leaf.item.word("x-extract") == "type" else "value"


def _discriminator(item: Node) -> str:
    fixed = [key for key, child in item.properties.items() if child.values and len(child.values) == 1]
    return fixed[0] if fixed else ""


def _when(item: Node) -> tuple[tuple[str, tuple[Any, ...]], ...]:
    return tuple((key, tuple(item.at_key(key).values or ())) for key in item.required)


def all_text(node: Node, depth: int = 0) -> bool:
    """Whether a place holds nothing but texts, in whatever lists and objects."""
    if depth > 4 or not node.branches:
        return False
    for branch in node.branches:
        below = [*branch.properties.values(), *(child for _, child in branch.entries), *branch.prefix]
        below += [branch.items] if branch.items else []
        text = "string" in (branch.types or ()) or any(isinstance(value, str) for value in branch.values or ())
        if not text and not (below and all(all_text(child, depth + 1) for child in below)):
            return False
    return True


def _kind(node: Node) -> str:
    kinds = dict.fromkeys(kind for branch in node.branches for kind in branch.types or ())
    return " or ".join(kinds) or "untyped"
