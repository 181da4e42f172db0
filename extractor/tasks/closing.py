"""Relations closed to the entities of each document: which lists of a schema can be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from extractor.errors import UserError
from extractor.tables import ENTITIES, RELATIONS
from extractor.tasks.as_lists import AsList
from extractor.tasks.closed import ClosedPlace, array_of, closed, is_plain, possible_ends, target_of
from extractor.tasks.grammar import as_grammar, piece, piece_body, pieces
from extractor.tasks.labels import labels
from extractor.tasks.mapping import table_fields
from extractor.tasks.places import shown
from extractor.tasks.prompt import answer_text
from extractor.tasks.reading import Node, read
from extractor.tasks.schema import Schema
from extractor.tasks.wire import wire_of
from extractor.types import RelationsMode, TableField, WireForm

MOST_ENDS = 300  # of one document: measured up to here, where a grammar with 55 predicates takes some 50 ms


@dataclass(frozen=True, slots=True)
class Closing:
    """The lists of relations of a schema that can be closed, and a line for each place that cannot: why."""

    fields: tuple[TableField, ...]
    places: tuple[ClosedPlace, ...]
    open: tuple[str, ...]
    whole: Mapping[str, str] = field(default_factory=dict)  # by property, its grammar with any ends
    form: WireForm = "plain"

    @property
    def names(self) -> tuple[str, ...]:
        """The properties of the root that are asked for after all others."""
        return tuple(place.name for place in self.places)

    def grammar(self, name: str, record: Any) -> str | None:
        """JSON text of the grammar of one of them, given the rest of the answer; None where nothing can be in it."""
        place = next(place for place in self.places if place.name == name)
        found = possible_ends(record, self.fields)
        if len(found) > MOST_ENDS:
            return self.whole[name]
        body = closed(place, found)
        needed = array_of(place.body, name).get("minItems", 0)
        return as_grammar(body, self.form) if body else self.whole[name] if needed else None

    def shown(self, answer: Any, text: Callable[[Any], str] = answer_text) -> str:
        """An answer as it is given here: an object a line, the first without what is asked for after it."""
        if not isinstance(answer, dict):
            return text(answer)
        rest = {key: value for key, value in answer.items() if key not in self.names}
        lines = [rest, *({name: answer[name]} for name in self.names if name in answer)]
        return "\n".join(map(text, lines))


OPEN = Closing((), (), ())


def closing(schema: Schema) -> Closing:
    """What of this schema's relations can be closed."""
    fields = tuple(table_fields(schema))
    places: list[ClosedPlace] = []
    left: dict[str, None] = {}
    for one in (one for one in fields if one.table == RELATIONS.word):
        found = _place(schema, one, fields)
        if isinstance(found, str):
            left[f"{shown(one.path)}: {found}"] = None
        else:
            places.append(found)
    whole = {place.name: piece(schema, place.name) for place in places}
    return Closing(fields, tuple(places), tuple(left), whole, schema.form)


def check_closing(schema: Schema, wanted: RelationsMode = "closed") -> None:
    """UserError where they are wanted closed and none of the schema's can be, with the first reason."""
    found = closing(schema) if wanted == "closed" else OPEN
    if wanted == "closed" and not found.places:
        why = found.open[0] if found.open else "it has no relations"
        raise UserError(f"--relations closed: --schema {schema.path or schema.name}: {why}; leave --relations out")


def _place(schema: Schema, field: TableField, fields: Sequence[TableField]) -> ClosedPlace | str:
    """The place of a field, or why it cannot be closed."""
    if why := _fault(schema, field, fields):
        return why
    name = field.path[0]
    body = piece_body(replace(schema, form="plain"), name)
    item = target_of(array_of(body, name).get("items"), body)
    if not {field.roles["subject"], field.roles["object"]} <= set(item.get("properties", {})):
        return "no grammar holds its items as one form"
    ends = [target_of(item["properties"][field.roles[role]], body) for role in ("subject", "object")]
    if not all(map(is_plain, ends)):
        return "an end is more than a text or a number"
    return ClosedPlace(name, field, _predicates(schema, field, item, body), body, _as_list(schema, name))


def _fault(schema: Schema, field: TableField, fields: Sequence[TableField]) -> str:
    """Why the grammar is not looked at, or nothing."""
    things = [one for one in fields if one.table == ENTITIES.word]
    if not things:
        return "there are no entities that could be their ends"
    if field.around or "*" in field.aside:
        return "they lie within entities"
    if not pieces(schema) or len(field.path) != 1 or field.shape != ("[]",):
        return "no list of them is a property of the root"
    if any(one.path[:1] == field.path for one in things):
        return "entities lie in it"
    if [one.path for one in fields].count(field.path) > 1:
        return "its items have several forms"
    if not {"subject", "object"} <= set(field.roles):
        return "its items have not both ends"
    return "an end is an object" if {"subject", "object"} & set(field.inner) else ""


def _predicates(schema: Schema, field: TableField, item: dict[str, Any], body: dict[str, Any]) -> tuple[str, ...]:
    """The predicates whose ends the schema tells of, with those of the same list; none where it tells of none."""
    key = field.roles.get("predicate")
    if not field.ends or key is None:
        return (field.label,) if field.ends else ()
    listed = labels(_at_root(read(schema.body), field.path[0]).properties[key])
    return tuple(listed) if is_plain(target_of(item["properties"].get(key), body)) else ()


def _as_list(schema: Schema, name: str) -> AsList | None:
    """The list that an item of this property is written as."""
    wire = wire_of(schema)
    items = _at_root(wire.root, name).branches
    return wire.lists.get(items[0].key) if len(items) == 1 else None


def _at_root(node: Node, name: str) -> Node:
    """The items of a list of the root."""
    branches = node.properties[name].branches
    return next((branch.items for branch in branches if branch.items), Node(()))
