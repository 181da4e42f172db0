"""A new item for a row that a person added, as the schema wants one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.review.minimal import minimal, node_at
from extractor.review.origins import ids_in
from extractor.tables import ENTITIES, RELATIONS, Table
from extractor.tables.items import items_of
from extractor.tables.names import text_of
from extractor.tasks.places import Found
from extractor.tasks.reading import Node
from extractor.types import TableField

Values = Mapping[str, Any]


def ids_of(record: Any, fields: Sequence[TableField]) -> dict[str, Any]:
    """Names of entities that the record calls by an id → the id as it is written."""
    written = {
        text_of(item.said["id"]): item.said["id"]
        for item in items_of(record, fields, ENTITIES.word)
        if item.said.get("id") is not None
    }
    return {name: written[identifier] for identifier, name in reversed(ids_in(record, fields).items())}


@dataclass(frozen=True, slots=True)
class NewItem:
    """A row to be put into a record: its columns, and `more` keys, which the item gets as far as it has them."""

    table: Table
    values: Values
    more: Values
    ids: Mapping[str, Any]  # names of the record's entities → their ids

    def made(self, found: Found, root: Node) -> Any:
        """The item as this place of the schema has it."""
        field, node = found.field, found.item
        if node is None:
            said = self.values.get(field.bare)
            return minimal(node_at(root, (*field.path, *field.shape))) if said is None else said
        made = {key: minimal(node.at_key(key)) for key in node.required}
        made |= {key: said for key, said in self.more.items() if key in node.properties}
        made |= {key: allowed[0] for key, allowed in field.when if allowed}
        for role, key in field.roles.items():
            if self.values.get(role) is not None:
                made[key] = self._in_role(found, role, self.values[role], node.at_key(key))
        return made | self._own(field, made)

    def _own(self, field: TableField, made: Values) -> dict[str, Any]:
        """What no row says: how sure a person is, and the id of what is new."""
        sure, identifier = field.roles.get("confidence"), field.roles.get("id")
        own: dict[str, Any] = {sure: 1} if sure and sure in made else {}
        return own | ({identifier: self.new_id(made.get(identifier))} if identifier else {})

    def _in_role(self, found: Found, role: str, said: Any, node: Node) -> Any:
        """In a list, in an object or by its id, where the schema wants that."""
        branch = next(iter(node.branches), node)
        if branch.items:
            return [self._in_role(found, role, one, branch.items) for one in _as_list(said)]
        inner = found.field.inner.get(role, {})
        if inner and branch.properties:
            made = {key: minimal(branch.at_key(key)) for key in branch.required}
            made |= {inner["name"]: said} if "name" in inner else {}
            return made | ({inner["id"]: self.ids[said]} if "id" in inner and said in self.ids else {})
        return self.ids.get(said, said) if self.table is RELATIONS and role != self.table.kind else said

    def new_id(self, least: Any) -> Any:
        """One that no entity of the record has, like those that are there."""
        taken = list(self.ids.values())
        if all(isinstance(one, int) for one in taken) and (taken or isinstance(least, int)):
            return max(taken, default=0) + 1
        stem = str(taken[-1]).rstrip("0123456789") if taken else "e"
        return next(one for n in range(1, len(taken) + 2) if (one := f"{stem}{n}") not in map(str, taken))


def _as_list(said: Any) -> list[Any]:
    return said if isinstance(said, list) else [said]
