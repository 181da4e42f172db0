"""Items of tables that are the same thing, said by several passages, become one item of the merged record."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from extractor.answers.choose import Given, fold, grouped, is_absent, most_given
from extractor.answers.fuse import Fusion, Spot
from extractor.tables import ENTITIES, RELATIONS
from extractor.tables.items import Item, Where, items_of
from extractor.tables.names import kinds_of, names_of, text_of
from extractor.tasks.reading import Node
from extractor.types import TableField

APART = ("evidence", "confidence")  # roles of an item whose values may differ, and disagree in nothing
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
        united.place(field, _own_key, passages.name_of)
    dropped = list(united.drop(passages.outvoted()))
    for field in _places(fusion.fields, RELATIONS.word):
        united.place(field, relation_key, None)
    return record, dropped


def entity_key(item: Item) -> Hashable | None:
    """What entities share that are one: the folds of their names, and their types."""
    named, kinds = _called(item)
    return (tuple(map(fold, named)), tuple(kinds)) if named else None


def _own_key(item: Item) -> Hashable | None:
    """The id of an entity, which is the document's by now; else what entities share that are one."""
    return text_of(item.said.get("id")) or entity_key(item)


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
                value = reach(record, item.where)
                self._numbers |= {id(value): number} if isinstance(value, dict) else {}
            for item in items_of(record, fields, ENTITIES.word):
                self._hear(item, number)

    def of(self, item: Any, otherwise: int) -> int:
        """The number of the passage that an object comes from; a text, and what is merged already, is nobody's."""
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
        apart = [first.source.roles[role] for role in APART if role in first.source.roles]
        found = [(one, reach(self.record, one.value.where)) for one in group]
        said = [replace(one, value=_less(value, apart)) for one, value in found if isinstance(value, dict)]
        called = " ".join(str(name) for role, name in first.said.items() if role not in APART and isinstance(name, str))
        node = node_at(self.root, self.record, first.where)
        value = self.fusion.fields_of(node, said, Spot((*first.source.path, called)))
        value |= {key: best for key in apart if (best := _best([one.get(key) for _, one in found])) is not None}
        return {**{key: None for key in found[0][1]}, **value}


def _less(value: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    return {key: one for key, one in value.items() if key not in keys}


def _best(values: Sequence[Any]) -> Any:
    """The highest of numbers, the first of anything else."""
    said = [value for value in values if not is_absent(value)]
    if said and all(isinstance(value, int | float) for value in said):
        return max(said)
    return next(iter(said), next((value for value in values if value is not None), None))


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
    """Takes out of their lists and maps what these lead to, the last first, and the lists in lists that it empties."""
    for where in sorted(set(gone), key=_order, reverse=True):
        around = reach(record, where[:-1])
        del around[where[-1]]
        if not around and len(where) > 1 and isinstance(where[-2], int):
            del reach(record, where[:-2])[where[-2]]


def _order(where: Where) -> list[tuple[int, str]]:
    return [(step, "") if isinstance(step, int) else (0, step) for step in where]


def _called(item: Item) -> tuple[list[str], list[str | None]]:
    return names_of(item.said.get("name"), item.source.inner.get("name", {})), kinds_of(item, "type")


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
