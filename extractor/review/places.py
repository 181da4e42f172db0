"""What a schema has places for: types, predicates and what they join, and the fields of the form."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from extractor.evaluation.scored_tables import SCORED, key_columns, said_columns
from extractor.tables import ENTITIES, RELATIONS, Table
from extractor.tables.link import akin_to
from extractor.tables.summaries import SUMMARIES
from extractor.tables.table import CONFIDENCE
from extractor.tasks.mapping import table_places
from extractor.tasks.places import Found
from extractor.tasks.reading import Node, read
from extractor.tasks.schema import Schema
from extractor.types import TableField

Ends = list[list[str] | None]  # the types of subject and object, None for any


@dataclass(frozen=True, slots=True)
class FormField:
    """A value of the record that is no item of a table, as a person fills it in."""

    path: tuple[str, ...]  # keys, from the root
    kind: str  # text, number, integer, boolean, choice, or json for what is deeper
    says: str
    choices: tuple[Any, ...] = ()
    nullable: bool = False
    required: bool = True
    summary: bool = False  # whether it feeds the table of summaries

    def as_json(self) -> dict[str, Any]:
        """What the page knows of it; `empty` says whether it may be left empty."""
        about = {"path": self.path, "kind": self.kind, "says": self.says, "choices": self.choices}
        return about | {"empty": self.nullable or not self.required}


class SchemaPlaces:
    """The places of one schema; UserError where its annotations cannot be meant."""

    def __init__(self, schema: Schema) -> None:
        self.schema, self.root = schema, read(schema.body)
        self.found = table_places(schema)
        self.fields = [one.field for one in self.found]
        self.validation = schema.validator()

    def of(self, table: Table) -> list[Found]:
        """The places that feed a table."""
        return [one for one in self.found if one.field.table == table.word]

    def labels(self, table: Table) -> dict[str, str]:
        """The kinds that a table's rows may be of, with what the schema says of each."""
        return {label: says for one in self.of(table) for label, says in one.labels.items()}

    def is_open(self, table: Table) -> bool:
        """Whether a row may be of another kind too."""
        return any(not one.labels for one in self.of(table))

    @cached_property
    def ends(self) -> dict[str, Ends]:
        """The entity types that each predicate may join, of those that are listed; what is not there joins any."""
        found: dict[str, list[Ends]] = {}
        for one in self.of(RELATIONS):
            for predicate in one.labels:
                said = one.field.ends.get(predicate, (None, None))
                found.setdefault(predicate, []).append([self._akin(end) for end in said])
        return {predicate: _united(several) for predicate, several in found.items()}

    def _akin(self, end: frozenset[str] | None) -> list[str] | None:
        return None if end is None else [kind for kind in self.labels(ENTITIES) if akin_to(kind, end)]

    @cached_property
    def form(self) -> list[FormField]:
        """The fields of the record beside the items of tables, in the schema's order."""
        return [field for key, node in self._beside() for field in self._fields(key, node)]

    def _beside(self) -> Iterator[tuple[str, Node]]:
        branch = self.root.branches[0] if self.root.branches else self.root
        items = [field for field in self.fields if field.table != SUMMARIES.word]
        for key, node in branch.properties.items():
            if not node.never and not any(_feeds(field, key) for field in items):
                yield key, node

    def _fields(self, key: str, node: Node) -> Iterator[FormField]:
        feeds = any(field.table == SUMMARIES.word and field.path[:1] == (key,) for field in self.fields)
        branch = node.branches[0] if len(node.branches) == 1 else None
        inner = branch.properties if branch and not branch.entries and not node.nullable else {}
        if inner and all(_kind(child) != "json" for child in inner.values()):
            needed = branch.required if branch else ()
            yield from (_form_field((key, name), child, feeds, name in needed) for name, child in inner.items())
        else:
            yield _form_field((key,), node, feeds, key in self.root.required)

    def as_json(self) -> dict[str, Any]:
        """What the page knows of the schema."""
        tables = {table.word: self._table(table) for table in SCORED if self.of(table)}
        form = [field.as_json() for field in self.form]
        return {"title": self.schema.title, "tables": tables, "ends": self.ends, "form": form}

    def _table(self, table: Table) -> dict[str, Any]:
        columns = [name for name in said_columns(table) if name not in (table.kind, CONFIDENCE.name)]
        kinds = list(self.labels(table).items())
        of = {"one": table.one, "kind": table.kind, "key": key_columns(table), "columns": columns}
        lists = [name for name in columns if pa.types.is_list(table.columns.field(name).type)]
        return of | {"lists": lists, "kinds": kinds, "open": self.is_open(table)}


def _united(several: list[Ends]) -> Ends:
    """What one of several places lets be joined."""
    return [
        None if any(ends[n] is None for ends in several) else sorted({t for ends in several for t in ends[n] or ()})
        for n in (0, 1)
    ]


def _feeds(field: TableField, key: str) -> bool:
    """Whether a property of the root is, holds or plays a role in items of a table."""
    steps = (*field.path, *field.shape)
    if not steps:
        return key in field.roles.values()
    step = steps[0]
    return step == key or (step.startswith("{") and re.search(step[1:-1].partition(":")[2], key) is not None)


def _form_field(path: tuple[str, ...], node: Node, summary: bool, required: bool) -> FormField:
    kind, values = _kind(node), tuple(value for value in node.values or () if value is not None)
    nullable = node.nullable or "null" in (node.types or ()) or None in (node.values or ())
    return FormField(path, kind, str(node.word("description") or ""), values, nullable, required, summary)


def _kind(node: Node) -> str:
    """How a value is filled in."""
    if node.values is not None:
        return "choice" if all(isinstance(value, str | int | float | None) for value in node.values) else "json"
    kinds = {kind for branch in node.branches for kind in branch.types or ("any",)} - {"null"}
    known = {"string": "text", "number": "number", "integer": "integer", "boolean": "boolean"}
    return known.get(next(iter(kinds)), "json") if len(kinds) == 1 else "json"
