"""Items of tables that are the same thing, said by several passages, become one item of the merged record."""

from collections.abc import Hashable, Iterator, Sequence
from itertools import product
from typing import Any

from extractor.answers.choose import Given, fold, grouped, most_given
from extractor.answers.fuse import Fusion, Spot
from extractor.tables import ENTITIES, RELATIONS
from extractor.tables.items import Item, Where, items_of
from extractor.tables.names import kinds_of, names_of
from extractor.tasks.reading import Node
from extractor.types import TableField

SHARE, FEWEST = 3 / 4, 3  # of the passages that name a thing, those that must agree on its type against the others
Said = tuple[Any, int]  # a passage's record, and its number


def unite(record: Any, root: Node, fusion: Fusion, parts: Sequence[Said]) -> tuple[Any, list[str]]:
    """The merged record (changed in place) with each entity of a name and a type once, then each relation.

    What one passage says twice stays twice. An entity goes, and is named, whose name nearly all other passages that
    have it give another type.
    """
    passages = _Passages(parts, fusion.fields)
    united = _Uniting(record, root, fusion, passages)
    for field in _places(fusion.fields, ENTITIES.word):
        united.place(field, entity_key, passages.name_of)
    dropped = list(united.drop(passages.outvoted()))
    for field in _places(fusion.fields, RELATIONS.word):
        united.place(field, relation_key, None)
    return record, dropped


def entity_key(item: Item) -> Hashable | None:
    """What entities share that are one: the folds of their names, and their types."""
    named, kinds = _called(item)
    return (tuple(map(fold, named)), tuple(kinds)) if named else None


def relation_key(item: Item) -> Hashable | None:
    """What relations share that are one: the folds of their ends, and their predicates."""
    ends = [
        tuple(map(fold, names_of(item.said.get(role), item.source.inner.get(role, {})))) for role in RELATIONS.needed
    ]
    return (*ends, tuple(kinds_of(item, "predicate"))) if any(ends) else None


class _Passages:
    """What each passage calls things, and which item is whose."""

    def __init__(self, parts: Sequence[Said], fields: Sequence[TableField]) -> None:
        self._numbers: dict[int, int] = {}
        self._forms: dict[Hashable, list[str]] = {}
        self._types: dict[str, dict[str | None, set[int]]] = {}
        for record, number in parts:
            for item in [*items_of(record, fields, ENTITIES.word), *items_of(record, fields, RELATIONS.word)]:
                self._numbers[id(reach(record, item.where))] = number
            for item in items_of(record, fields, ENTITIES.word):
                self._hear(item, number)

    def of(self, item: Any, otherwise: int) -> int:
        """The number of the passage that an item comes from."""
        return self._numbers.get(id(item), otherwise)

    def name_of(self, item: Item) -> str | None:
        """The form in which most passages write the name of an entity, None where it has several."""
        forms = self._forms.get(entity_key(item))
        return most_given(forms) if forms and len(_called(item)[0]) == 1 else None

    def outvoted(self) -> dict[tuple[str, str | None], str]:
        """Names (folded) with the types that they lose, and why."""
        found: dict[tuple[str, str | None], str] = {}
        for name, types in self._types.items():
            most = max(types, key=lambda kind: len(types[kind]))
            naming = set().union(*types.values())
            if len(types[most]) < max(FEWEST, SHARE * len(naming)) or sum(map(len, types.values())) > len(naming):
                continue
            told = f"{most} in {len(types[most])} of {len(naming)} passages that name it"
            found |= {(name, kind): told for kind in types if kind != most}
        return found

    def _hear(self, item: Item, number: int) -> None:
        names = _called(item)[0]
        if len(names) == 1:
            self._forms.setdefault(entity_key(item), []).append(names[0])
        for name, kind in _folded(item):
            self._types.setdefault(name, {}).setdefault(kind, set()).add(number)


class _Uniting:
    def __init__(self, record: Any, root: Node, fusion: Fusion, passages: _Passages) -> None:
        self.record, self.root, self.fusion, self.passages = record, root, fusion, passages

    def place(self, fields: Sequence[TableField], key: Any, name_of: Any) -> None:
        """The items of one place of the schema, which are one wherever they lie in the same list or map."""
        items = list(items_of(self.record, fields, fields[0].table))
        given = [
            Given(item, self.passages.of(reach(self.record, item.where), -n), 1) for n, item in enumerate(items, 2)
        ]
        gone = []
        for group in grouped(given, lambda item: (found := key(item)) and (item.where[: len(item.source.path)], found)):
            name = name_of(group[0].value) if name_of else None
            gone += self._one(group, name)
        _remove(self.record, gone)

    def drop(self, outvoted: dict[tuple[str, str | None], str]) -> Iterator[str]:
        """Takes out the entities that lose their type where one of the other type stays, and names them."""
        places = _places(self.fusion.fields, ENTITIES.word) if outvoted else []
        staying = {
            name
            for fields in places
            for item in items_of(self.record, fields, ENTITIES.word)
            for name, kind in _folded(item)
            if (name, kind) not in outvoted
        }
        for fields in places:
            gone = []
            for item in items_of(self.record, fields, ENTITIES.word):
                called = _folded(item)
                alone = len(item.where) > len(item.source.path) and not item.source.aside  # not with what it holds
                if called and alone and all(one in outvoted and one[0] in staying for one in called):
                    gone.append(item.where)
                    yield f"{', '.join(_called(item)[0])} ({called[0][1]}): {outvoted[called[0]]}"
            _remove(self.record, gone)

    def _one(self, group: Sequence[Given], name: str | None) -> list[Where]:
        """Makes the first item what all of a group say; the places of the others, which go."""
        first, *others = [given.value for given in group]
        value = reach(self.record, first.where)
        if isinstance(value, dict) and others:
            value = self._merged(group)
        key = first.source.roles.get("name", "")
        if isinstance(value, dict) and name and isinstance(value.get(key), str) and fold(value[key]) == fold(name):
            value = {**value, key: name}
        if value is not reach(self.record, first.where):
            put(self.record, first.where, value)
        return [other.where for other in others if other.where and len(other.where) > len(other.source.path)]

    def _merged(self, group: Sequence[Given]) -> dict[str, Any]:
        first = group[0].value
        given = [Given(reach(self.record, one.value.where), one.passage, one.weight) for one in group]
        objects = [one for one in given if isinstance(one.value, dict)]
        node = node_at(self.root, self.record, first.where)
        called = tuple(str(name) for name in first.said.values() if isinstance(name, str))
        value = self.fusion.fields_of(node, objects, Spot((*first.source.path, " ".join(called))))
        surest = [number for one in group if (number := one.value.said.get("confidence")) is not None]
        key = first.source.roles.get("confidence")
        return {**value, key: max(surest)} if key and one_kind(surest) else value


def one_kind(numbers: Sequence[Any]) -> bool:
    """Whether these are numbers, at least one."""
    return bool(numbers) and all(isinstance(one, int | float) for one in numbers)


def reach(record: Any, where: Where) -> Any:
    """The value of a record to which these keys and numbers lead."""
    for step in where:
        record = record[step]
    return record


def put(record: Any, where: Where, value: Any) -> None:
    """Sets the value to which these keys and numbers lead."""
    reach(record, where[:-1])[where[-1]] = value


def node_at(node: Node, value: Any, where: Where) -> Node:
    """What the schema says of the value to which these keys and numbers lead."""
    for step in where:
        branch = node.branch_of(value)
        node = branch.at_index(step) if isinstance(step, int) else branch.at_key(step)
        value = value[step]
    return node


def _remove(record: Any, gone: Sequence[Where]) -> None:
    """Takes out of their lists and maps what these lead to, the last first."""
    for where in sorted(
        dict.fromkeys(gone), key=lambda where: [str(s) if isinstance(s, str) else f"{s:09}" for s in where]
    )[::-1]:
        del reach(record, where[:-1])[where[-1]]


def _called(item: Item) -> tuple[list[str], list[str | None]]:
    return list(names_of(item.said.get("name"), item.source.inner.get("name", {}))), kinds_of(item, "type")


def _folded(item: Item) -> list[tuple[str, str | None]]:
    named, kinds = _called(item)
    return list(product(map(fold, named), kinds))


def _places(fields: Sequence[TableField], table: str) -> list[list[TableField]]:
    """The fields of a table, those of one place together; not those that are made of the items of another."""
    places: dict[Any, list[TableField]] = {}
    for field in fields:
        if field.table == table and "*" not in field.aside:
            places.setdefault((field.path, field.shape), []).append(field)
    return list(places.values())
