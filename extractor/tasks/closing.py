"""Relations closed to the entities of one document: where a schema lets them be, and the grammar for one document."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from extractor.errors import UserError
from extractor.tables import ENTITIES, RELATIONS
from extractor.tables.items import Item, items_of
from extractor.tables.link import akin_to
from extractor.tables.names import kinds_of, names_of, text_of
from extractor.tasks.grammar import as_grammar, piece_body, pieces
from extractor.tasks.labels import labels
from extractor.tasks.mapping import table_fields
from extractor.tasks.places import shown
from extractor.tasks.prompt import answer_text
from extractor.tasks.reading import Node, read
from extractor.tasks.schema import Schema
from extractor.types import Ends, RelationsMode, TableField

MOST_ENDS = 300  # of one document: with more, its grammar would take longer to make than a token takes to write
PER_END = 4  # relations for each end, at most, where the schema says no other number
ANY_ENDS: Ends = (None, None)

Types = frozenset[str] | None  # of what may be an end; None where something of that name has none
PossibleEnds = Mapping[Any, Types]  # the values that an end may have


@dataclass(frozen=True, slots=True)
class ClosedPlace:
    """A list of relations at the root: its property, what feeds the table of it, its predicates if they are listed,
    and the grammar of an object with that property alone."""

    name: str
    field: TableField
    predicates: tuple[str, ...]
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Closing:
    """The lists of relations of a schema that can be closed, and a line for each place that cannot: why."""

    fields: tuple[TableField, ...]
    places: tuple[ClosedPlace, ...]
    open: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The properties of the root that are asked for after all others."""
        return tuple(place.name for place in self.places)

    def grammar(self, name: str, record: Any) -> str | None:
        """JSON text of the grammar of one of them, given the rest of the answer; None where nothing can be in it."""
        place = next(place for place in self.places if place.name == name)
        found = possible_ends(record, self.fields)
        if len(found) > MOST_ENDS:
            return as_grammar(place.body)
        closed = _closed(place, found)
        needed = _array(place.body, name).get("minItems", 0)
        return as_grammar(closed) if closed else as_grammar(place.body) if needed else None

    def shown(self, answer: Any) -> str:
        """An answer as it is given here: an object a line, the first without what is asked for after it."""
        if not isinstance(answer, dict):
            return answer_text(answer)
        rest = {key: value for key, value in answer.items() if key not in self.names}
        lines = [rest, *({name: answer[name]} for name in self.names if name in answer)]
        return "\n".join(map(answer_text, lines))


OPEN = Closing((), (), ())


def closing(schema: Schema) -> Closing:
    """What of this schema's relations can be closed."""
    fields = tuple(table_fields(schema))
    places: list[ClosedPlace] = []
    left: dict[str, None] = {}
    for field in (one for one in fields if one.table == RELATIONS.word):
        found = _place(schema, field, fields)
        if isinstance(found, str):
            left[f"{shown(field.path)}: {found}"] = None
        else:
            places.append(found)
    return Closing(fields, tuple(places), tuple(left))


def check_closing(schema: Schema, wanted: RelationsMode = "closed") -> None:
    """UserError where they are wanted closed and none of the schema's can be, with the first reason."""
    found = closing(schema) if wanted == "closed" else OPEN
    if wanted == "closed" and not found.places:
        why = found.open[0] if found.open else "it has no relations"
        raise UserError(f"--relations closed: --schema {schema.path or schema.name}: {why}; leave --relations out")


def possible_ends(record: Any, fields: Sequence[TableField]) -> dict[Any, Types]:
    """What may be an end, in the record's order: the ids of its entities where they have any, else their names."""
    found: dict[Any, Types] = {}
    for item in items_of(record, fields, ENTITIES.word):
        types = [kind for kind in kinds_of(item, "type") if kind]
        for value in _values(item):
            known = found.get(value, frozenset())
            found[value] = known | frozenset(types) if types and known is not None else None
    return found


def _values(item: Item) -> Iterator[Any]:
    said = item.said.get("id")
    if isinstance(said, str | int) and not isinstance(said, bool):
        yield said
    elif "id" not in item.said:
        yield from names_of(item.said.get("name"), item.source.inner.get("name", {}), name=text_of)


def _place(schema: Schema, field: TableField, fields: Sequence[TableField]) -> ClosedPlace | str:
    """The place of a field, or why it cannot be closed."""
    if why := _fault(schema, field, fields):
        return why
    name = field.path[0]
    body = piece_body(schema, name)
    item = _target(_array(body, name).get("items"), body)
    if not {field.roles["subject"], field.roles["object"]} <= set(item.get("properties", {})):
        return "no grammar holds its items as one form"
    ends = [_target(item["properties"][field.roles[role]], body) for role in ("subject", "object")]
    if not all(map(_is_plain, ends)):
        return "an end is more than a text or a number"
    return ClosedPlace(name, field, _predicates(schema, field, item, body), body)


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
    return tuple(listed) if _is_plain(_target(item["properties"].get(key), body)) else ()


def _at_root(node: Node, name: str) -> Node:
    """The items of a list of the root."""
    branches = node.properties[name].branches
    return next((branch.items for branch in branches if branch.items), Node(()))


def _closed(place: ClosedPlace, found: PossibleEnds) -> dict[str, Any] | None:
    """The grammar of the place with these ends; None where no two of them can be joined."""
    array = _array(place.body, place.name)
    item = _target(array["items"], place.body)
    shared: dict[str, Any] = {}
    forms = [
        _form(place, item, group, [_shared(shared, values) for values in pair])
        for pair, group in _groups(place, found, item).items()
    ]
    if not forms:
        return None
    most = min(array.get("maxItems", PER_END * len(found)), PER_END * len(found))
    held = {**array, "items": forms[0] if len(forms) == 1 else {"anyOf": forms}}
    held["maxItems"] = max(most, array.get("minItems", 0))
    return {
        **place.body,
        "properties": {**place.body["properties"], place.name: held},
        "$defs": {**place.body.get("$defs", {}), **shared},
    }


def _groups(
    place: ClosedPlace, found: PossibleEnds, item: dict[str, Any]
) -> dict[tuple[tuple[Any, ...], tuple[Any, ...]], list[str]]:
    """The predicates by what may be their subjects and objects; those that no two ends fit are left out."""
    subjects, objects = (
        [value for value in found if _allows(item["properties"][place.field.roles[role]], value, place.body)]
        for role in ("subject", "object")
    )
    groups: dict[tuple[tuple[Any, ...], tuple[Any, ...]], list[str]] = {}
    for predicate in place.predicates or ("",):
        ends = place.field.ends.get(predicate, ANY_ENDS)
        pair = tuple(_fitting(subjects, ends[0], found)), tuple(_fitting(objects, ends[1], found))
        if all(pair) and len({*pair[0], *pair[1]}) > 1:
            groups.setdefault(pair, []).append(predicate)
    return groups


def _fitting(values: Sequence[Any], types: Collection[str] | None, found: PossibleEnds) -> list[Any]:
    fits = {own: types is None or own is None or any(akin_to(one, types) for one in own) for own in {*found.values()}}
    return [value for value in values if fits[found[value]]]


def _form(place: ClosedPlace, item: dict[str, Any], group: Sequence[str], ends: Sequence[str]) -> dict[str, Any]:
    """An item with these predicates, if they are told apart, and ends that are one of those listed under a name."""
    roles = place.field.roles
    changed: dict[str, Any] = {}
    for role, name in zip(("subject", "object"), ends, strict=True):
        said: dict[str, Any] = {"$ref": f"#/$defs/{name}"}
        null = _allows(item["properties"][roles[role]], None, place.body)
        changed[roles[role]] = {"anyOf": [said, {"type": "null"}]} if null else said
    if place.predicates and "predicate" in roles:
        changed[roles["predicate"]] = {"enum": list(group)}
    return {**item, "properties": {key: changed.get(key, child) for key, child in item["properties"].items()}}


def _shared(shared: dict[str, Any], values: Sequence[Any]) -> str:
    """The name under which these values are listed."""
    listed = {"enum": list(values)}
    name = next((name for name, other in shared.items() if other == listed), f"ends{len(shared)}")
    shared[name] = listed
    return name


def _array(body: dict[str, Any], name: str) -> dict[str, Any]:
    """The list that a property of the root is, where null is not chosen; {} for anything else."""
    written = _target(body.get("properties", {}).get(name), body)
    forms = [_target(one, body) for one in written.get("anyOf", [written])]
    lists = [form for form in forms if "items" in form and "prefixItems" not in form]
    return {**lists[0], "type": "array"} if len(lists) == 1 else {}


def _target(written: Any, body: Mapping[str, Any]) -> dict[str, Any]:
    """What a reference of a grammar leads to; {} for what is no object."""
    seen: list[str] = []
    while isinstance(written, dict) and "$ref" in written and written["$ref"] not in seen:
        seen.append(written["$ref"])
        written = body.get("$defs", {}).get(written["$ref"].rpartition("/")[2])
    return written if isinstance(written, dict) else {}


def _is_plain(written: Mapping[str, Any]) -> bool:
    """Whether a value here is a text, a number or null."""
    if {"properties", "items", "prefixItems"} & set(written):
        return False
    types = written.get("type", ())
    inside = [one for one in written.get("anyOf", ()) if isinstance(one, dict)]
    return not {"object", "array"} & {*([types] if isinstance(types, str) else types)} and all(map(_is_plain, inside))


def _allows(written: Any, value: Any, body: Mapping[str, Any]) -> bool:
    if written == {"type": "string"}:
        return isinstance(value, str)
    return bool(Draft202012Validator({"allOf": [written], "$defs": body.get("$defs", {})}).is_valid(value))
