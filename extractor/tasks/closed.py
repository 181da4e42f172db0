"""The grammar of relations between what one document holds: only that can be an end, and of the types that fit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator

from extractor.tables import ENTITIES
from extractor.tables.items import Item, items_of
from extractor.tables.link import akin_to
from extractor.tables.names import kinds_of, names_of, text_of
from extractor.tasks.as_lists import AsList
from extractor.types import Ends, TableField

PER_END = 4  # relations for each end, at most, where the schema says no other number
ANY_ENDS: Ends = (None, None)

Types = frozenset[str] | None  # of what may be an end, or that an end must be; None where nothing is said of them
PossibleEnds = Mapping[Any, Types]  # the values that an end may have


@dataclass(frozen=True, slots=True)
class ClosedPlace:
    """A list of relations at the root: its property, what feeds the table of it, its predicates if they are listed,
    and the grammar of an object with that property alone."""

    name: str
    field: TableField
    predicates: tuple[str, ...]
    body: dict[str, Any]
    as_list: AsList | None = None  # the list that an item is written as


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


def closed(place: ClosedPlace, found: PossibleEnds) -> dict[str, Any] | None:
    """The grammar of the place with these ends; None where no two of them can be joined."""
    array = array_of(place.body, place.name)
    item = target_of(array["items"], place.body)
    shared: dict[str, Any] = {}
    forms = [
        _form(place, item, group, [_shared(shared, values) for values in pair])
        for pair, group in _groups(place, found, item).items()
    ]
    if not forms:
        return None
    most = min(array.get("maxItems", PER_END * len(found)), PER_END * len(found))
    forms = [place.as_list.schema(form) for form in forms] if place.as_list else forms
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


def _fitting(values: Sequence[Any], types: Types, found: PossibleEnds) -> list[Any]:
    return [value for value in values if _fits(found[value], types)]


@lru_cache(maxsize=10_000)
def _fits(own: Types, types: Types) -> bool:
    return types is None or own is None or any(akin_to(kind, types) for kind in own)


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


def array_of(body: dict[str, Any], name: str) -> dict[str, Any]:
    """The list that a property of the root is, where null is not chosen; {} for anything else."""
    written = target_of(body.get("properties", {}).get(name), body)
    forms = [target_of(one, body) for one in written.get("anyOf", [written])]
    lists = [form for form in forms if "items" in form and "prefixItems" not in form]
    return {**lists[0], "type": "array"} if len(lists) == 1 else {}


def target_of(written: Any, body: Mapping[str, Any]) -> dict[str, Any]:
    """What a reference of a grammar leads to; {} for what is no object."""
    seen: list[str] = []
    while isinstance(written, dict) and "$ref" in written and written["$ref"] not in seen:
        seen.append(written["$ref"])
        written = body.get("$defs", {}).get(written["$ref"].rpartition("/")[2])
    return written if isinstance(written, dict) else {}


def is_plain(written: Mapping[str, Any]) -> bool:
    """Whether a value here is a text, a number or null."""
    if {"properties", "items", "prefixItems"} & set(written):
        return False
    types = written.get("type", ())
    inside = [one for one in written.get("anyOf", ()) if isinstance(one, dict)]
    return not {"object", "array"} & {*([types] if isinstance(types, str) else types)} and all(map(is_plain, inside))


def _allows(written: Any, value: Any, body: Mapping[str, Any]) -> bool:
    if written == {"type": "string"}:
        return isinstance(value, str)
    return bool(Draft202012Validator({"allOf": [written], "$defs": body.get("$defs", {})}).is_valid(value))
