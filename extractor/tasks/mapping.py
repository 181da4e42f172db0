"""Which places of a schema feed which tables: the `x-extract` annotation, and the plain names that need none."""

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import replace

from extractor.tables import BY_WORD, ENTITIES, RELATIONS
from extractor.tasks.containers import Tables
from extractor.tasks.labels import ends
from extractor.tasks.marks import ROLES, Marks
from extractor.tasks.places import PLACE, Found, Place, key_pattern, shown
from extractor.tasks.reading import Node, read
from extractor.tasks.schema import Schema
from extractor.types import Ends, TableField

MAX_DEPTH = 12  # steps of a path into what contains itself, which has no end of its own
MAX_STEPS = 60  # of any path
MAX_PLACES = 10_000  # looked at, the shallowest first: references can make a small schema larger than the world


def table_fields(schema: Schema) -> list[TableField]:
    """The places that feed tables, shallow before deep; UserError where an annotation cannot be meant."""
    return [one.field for one in table_places(schema)]


def table_places(schema: Schema) -> list[Found]:
    """The same, each with its types or predicates, what the schema says of each, and the node of its items."""
    finder = _Finder(schema)
    found: list[Found] = []
    for one in finder.fields():
        if one.field not in [other.field for other in found]:
            found.append(one)
    if finder.places < MAX_PLACES:
        finder.marks.check_all(schema.body)
    types = {name for one in found if one.field.table == ENTITIES.word for name in one.labels}
    return [replace(one, field=replace(one.field, ends=_ends(one, types))) for one in found]


def too_deep(schema: Schema) -> list[str]:
    """Where what would feed tables lies too deep for them and stays in the record, in a line each."""
    finder = _Finder(schema)
    paths = [one.field.path for one in finder.fields()]
    lost = [(cut, ring) for cut, ring in finder.cut if any(path[: len(ring)] == ring for path in paths)]
    rings = {ring: cut for cut, ring in reversed(lost)}
    said = [f"{shown(ring)} holds itself: what lies in {shown(cut)} feeds no table" for ring, cut in rings.items()]
    if finder.ahead:
        said.append(f"of more than {MAX_PLACES:,} places the deepest feed no table")
    return [f"{line}, it stays in record" for line in said]


def _ends(found: Found, types: Collection[str]) -> dict[str, Ends]:
    """The types that each predicate of a field joins, where the schema tells of either end."""
    predicates = found.labels if found.field.table == RELATIONS.word else {}
    said = {predicate: ends(says, types) for predicate, says in predicates.items()}
    return {predicate: joined for predicate, joined in said.items() if joined != (None, None)}


class _Finder:
    """Goes through the places of a schema, the shallowest first."""

    def __init__(self, schema: Schema) -> None:
        self.marks, self.places = Marks(f"--schema {schema.path or schema.name}"), 0
        self.tables = Tables(self.marks)
        self.cut: list[tuple[tuple[str, ...], tuple[str, ...]]] = []  # where it went no further, and what began there
        self.ahead: deque[tuple[Node, Place]] = deque([(read(schema.body), PLACE)])

    def fields(self) -> Iterator[Found]:
        yield from self.look(*self.ahead.popleft())
        while self.ahead and self.places < MAX_PLACES:
            outer, place = self.ahead.popleft()
            for node, below in _below(outer, place):
                self.places += 1
                yield from self.look(node, below)

    def look(self, node: Node, place: Place) -> Iterator[Found]:
        word = self.marks.word(str(place), node)
        table = word or self.tables.implied(node, place) or ("" if place.item else _plain_name(place.key, node))
        fed = BY_WORD.get(table)
        if fed and fed.holds == "text":
            yield self.tables.text(fed, node, place)
        elif fed:
            found = list(self.tables.rows(fed, node, place, asked=bool(word)))
            yield from found
            self.look_inside(node, place if found else replace(place, item=None), found)
        elif word is None:
            self.look_inside(node, place, [])
        else:
            raise self.marks.fault(str(place), f"x-extract '{word}' belongs inside an item of {' or '.join(ROLES)}")

    def look_inside(self, node: Node, place: Place, found: list[Found]) -> None:
        """What the place holds is looked at in its turn; in items of a table only what is marked feeds another."""
        if not found:
            self.go_on(node, place)
        for one in found:
            steps = (*place.path, *(_plain(step) for step in one.field.shape))
            if one.item:
                self.go_on(one.item, Place(steps, place.key, one.field, steps, above=place.above))

    def go_on(self, node: Node, place: Place) -> None:
        """Looks into a place later, unless it lies too deep."""
        if len(place.path) > (MAX_DEPTH if node.key in place.above else MAX_STEPS):
            self.cut.append((place.path, place.above.get(node.key, ())))
        else:
            above = {node.key: place.path, **place.above}
            self.ahead.append((node, replace(place, above=above)))


def _below(node: Node, place: Place) -> Iterator[tuple[Node, Place]]:
    """The places that a place holds."""
    for branch in node.branches:
        for key, child in branch.properties.items():
            if not (child.never or place.is_role(key)):
                yield child, place.under(key, key)
        for pattern, child in branch.entries:
            yield child, place.under(f"{{:{key_pattern(branch, pattern)}}}", place.key, branch)
        for number, child in enumerate(branch.prefix):
            yield child, place.under(f"[{number}]", place.key)
        if branch.items:
            yield branch.items, place.under("[]", place.key)


def _plain_name(key: str, node: Node) -> str:
    kinds = {kind for branch in node.branches for kind in branch.types or ()}
    table = BY_WORD.get(key)
    if table is None or not table.needs_no_mark:
        return ""
    return key if ("array" if table.holds == "items" else "string") in kinds else ""


def _plain(step: str) -> str:
    """A step without the role of its keys."""
    return step if step.startswith("[") else "{:" + step[1:-1].partition(":")[2] + "}"
