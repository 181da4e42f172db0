"""Which properties of a schema feed which tables: the `x-extract` annotation, and the plain names that need none."""

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from extractor.errors import UserError, did_you_mean
from extractor.tables import BY_WORD, ENTITIES, RELATIONS, TABLES, Table
from extractor.tasks.keywords import at
from extractor.tasks.labels import ends, labels
from extractor.tasks.schema import Schema
from extractor.types import Ends, TableField

WORD = "x-extract"
WORDS = sorted({*BY_WORD}.union(*(table.roles for table in TABLES)))
MAX_DEPTH = 12  # steps of a path: a schema that contains itself has no end of its own
MAX_PLACES = 10_000  # looked at, the shallowest first: references can make a small schema larger than the world


@dataclass(frozen=True, slots=True)
class _Place:
    where: str  # for messages
    path: tuple[str, ...]
    key: str  # the property's name


def table_fields(schema: Schema) -> list[TableField]:
    """The properties that feed tables, shallow before deep; UserError where an annotation cannot be meant."""
    finder = _Finder(schema.body, f"--schema {schema.path or schema.name}")
    found = list(finder.fields())
    types = {name for field in found if field.table == ENTITIES.word for name in finder.labels(field, "type")}
    return [replace(field, ends=finder.ends(field, types)) for field in found]


class _Finder:
    def __init__(self, root: dict[str, Any], where: str) -> None:
        self.root, self.where = root, where
        self.ahead: deque[tuple[Any, tuple[str, ...]]] = deque([(root, ())])

    def fields(self) -> Iterator[TableField]:
        places = 0
        while self.ahead and places < MAX_PLACES:
            node, path = self.ahead.popleft()
            node = self.follow(node)
            for key, child in node.get("properties", {}).items():
                places += 1
                yield from self.field(_Place(f"{self.where}: {'/'.join((*path, key))}", (*path, key), key), child)
            if isinstance(items := node.get("items"), dict):
                places += 1
                self.look_into(items, (*path, "[]"))

    def look_into(self, node: Any, path: tuple[str, ...]) -> None:
        if len(path) <= MAX_DEPTH:
            self.ahead.append((node, path))

    def field(self, place: _Place, child: Any) -> Iterator[TableField]:
        resolved = self.follow(child)
        word = self.word(place, child if isinstance(child, dict) and WORD in child else resolved)
        table = BY_WORD.get(word or _plain_name(place.key, resolved) or "")
        if table and table.holds == "text":
            yield self.text(place, table, resolved)
        elif table:
            yield from self.table(place, table, resolved, asked=bool(word))
        elif word is None:
            self.look_into(resolved, place.path)
        else:
            raise UserError(f"{place.where}: {WORD} '{word}' belongs inside an item of {_of_items()}")

    def table(self, place: _Place, table: Table, node: dict[str, Any], asked: bool) -> Iterator[TableField]:
        if "array" not in _types(node):
            kind = node.get("type", "untyped")
            raise UserError(f"{place.where}: {WORD} '{table.word}' needs an array, this is {kind}")
        item = self.follow(node.get("items", {}))
        if table.takes_plain_text and "string" in _types(item):
            yield TableField(table.word, place.path, place.key)
            return
        roles = self.roles(place, table, item)
        missing = [role for role in table.needed if role not in roles]
        if not missing:
            yield TableField(table.word, place.path, place.key, roles)
        elif asked:
            names = ", ".join(item.get("properties", {})) or "none"
            raise UserError(
                f'{place.where}: no property of its items is marked "{WORD}": "{missing[0]}" (properties: {names})'
            )

    def roles(self, place: _Place, table: Table, item: dict[str, Any]) -> dict[str, str]:
        properties: dict[str, Any] = item.get("properties", {})
        marked = {}
        for key, child in properties.items():
            word = self.word(_Place(f"{place.where}/items/{key}", (), key), child)
            if word and word not in table.roles:
                raise UserError(f"{place.where}/items/{key}: {WORD} '{word}' has no place in {table.word}")
            if word:
                marked[word] = key
        plain = {role: role for role in table.roles if role in properties and role not in marked}
        return {role: key for role, key in (plain | marked).items() if role not in plain or key not in marked.values()}

    def labels(self, field: TableField, role: str) -> dict[str, str]:
        """The types of a field's entities, or the predicates of its relations, with what the schema says of each."""
        item, key = self.follow(self.at(field.path).get("items", {})), field.roles.get(role)
        return labels(self.follow(item.get("properties", {}).get(key))) if key else {field.label: ""}

    def ends(self, field: TableField, types: Collection[str]) -> dict[str, Ends]:
        """The types that each predicate of a field joins, where the schema tells of either end."""
        predicates = self.labels(field, "predicate") if field.table == RELATIONS.word else {}
        said = {predicate: ends(says, types) for predicate, says in predicates.items()}
        return {predicate: joined for predicate, joined in said.items() if joined != (None, None)}

    def at(self, path: tuple[str, ...]) -> dict[str, Any]:
        """The node that a path of properties leads to."""
        node = self.follow(self.root)
        for step in path:
            node = self.follow(node.get("items", {}) if step == "[]" else node.get("properties", {}).get(step))
        return node

    def text(self, place: _Place, table: Table, node: dict[str, Any]) -> TableField:
        if "string" not in _types(node):
            kind = node.get("type", "untyped")
            raise UserError(f"{place.where}: {WORD} '{table.word}' needs a string, this is {kind}")
        return TableField(table.word, place.path, place.key)

    def word(self, place: _Place, node: Any) -> str | None:
        value = node.get(WORD) if isinstance(node, dict) else None
        if value is None or value in WORDS:
            return value
        hint = did_you_mean(str(value), WORDS)
        raise UserError(f"{place.where}: {WORD} {value!r} is not known (one of {', '.join(WORDS)}){hint}")

    def follow(self, node: Any) -> dict[str, Any]:
        """The node behind local references and single-branch or nullable unions."""
        for _ in range(MAX_DEPTH):
            if not isinstance(node, dict):
                return {}
            branches = [b for word in ("allOf", "anyOf", "oneOf") for b in node.get(word, []) if b != {"type": "null"}]
            if str(node.get("$ref", "")).startswith("#"):
                node = at(self.root, node["$ref"])
            elif "properties" not in node and "items" not in node and len(branches) == 1:
                node = branches[0]
            else:
                return node
        return {}


def _of_items() -> str:
    return " or ".join(table.word for table in TABLES if table.holds == "items")


def _plain_name(key: str, node: dict[str, Any]) -> str | None:
    table = BY_WORD.get(key)
    if table is None or not table.needs_no_mark:
        return None
    return key if ("array" if table.holds == "items" else "string") in _types(node) else None


def _types(node: dict[str, Any]) -> list[str]:
    value = node.get("type", [])
    return [value] if isinstance(value, str) else list(value)
