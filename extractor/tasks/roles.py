"""Which keys of an item play which roles: as marked, else by their plain names."""

from extractor.tables import Table
from extractor.tasks.marks import ROLES, Marks
from extractor.tasks.places import Place, is_container
from extractor.tasks.reading import Node

PARTS = ("name", "type", "id")  # what an object that plays a role may say of itself
MAX_LISTS = 4  # in each other
Inner = dict[str, dict[str, str]]  # roles whose values are objects: the keys in them


class Roles:
    """Reads the roles in items; UserError for a mark that cannot be meant."""

    def __init__(self, marks: Marks) -> None:
        self.marks = marks

    def of(self, table: Table, item: Node, place: Place) -> tuple[dict[str, str], Inner]:
        """Which keys of an item play which roles, and the keys in those that are objects."""
        marked = self._marked(table, item, place)
        plain = {role: role for role in table.roles if role in item.properties and role not in marked}
        plain = {role: key for role, key in plain.items() if key not in marked.values()}
        keys = {role: self._keys(item.properties[key], role, f"{place}/items/{key}", 0) for role, key in plain.items()}
        keys |= {
            role: self._keys(item.properties[key], role, f"{place}/items/{key}", 0) for role, key in marked.items()
        }
        for role, key in marked.items():
            if keys[role] is None:
                wanted = "a text, a list of texts, or an object with a name"
                raise self.marks.fault(f"{place}/items/{key}", f"x-extract '{role}' needs {wanted}")
        found = {role: key for role, key in (plain | marked).items() if keys[role] is not None}
        return found, {role: inner for role in found if (inner := keys[role])}

    def _marked(self, table: Table, item: Node, place: Place) -> dict[str, str]:
        marked: dict[str, str] = {}
        for key, child in item.properties.items():
            word = self.marks.word(f"{place}/items/{key}", child)
            if word is None or (
                word in ROLES and is_container(child)
            ):  # one of its own, which is looked at in its turn
                continue
            if word not in table.roles:
                raise self.marks.fault(f"{place}/items/{key}", f"x-extract '{word}' has no place in {table.word}")
            marked[word] = key
        return marked

    def _keys(self, node: Node, role: str, where: str, depth: int) -> dict[str, str] | None:
        """The keys of the objects that play a role ({} where texts do), None where they have no name."""
        if role in ("evidence", "confidence"):
            return {}
        found: dict[str, str] = {}
        for branch in node.branches:
            keys: dict[str, str] | None = None
            if branch.items and depth < MAX_LISTS:
                keys = self._keys(branch.items, role, where, depth + 1)
            elif branch.properties or branch.entries:
                keys = self._name_in(branch, where)
            elif branch.types != ("object",):
                keys = {}
            if keys is None:
                return None
            found |= keys
        return found

    def _name_in(self, node: Node, where: str) -> dict[str, str] | None:
        """The keys of the name, type and id in an object that plays a role, None where it has neither name nor id."""
        marked: dict[str, str] = {}
        for key, child in node.properties.items():
            word = self.marks.word(f"{where}/{key}", child)
            if word and word not in PARTS:
                raise self.marks.fault(f"{where}/{key}", f"x-extract '{word}' has no place in an end")
            marked |= {word: key} if word else {}
        found = {role: role for role in PARTS if role in node.properties} | marked
        return found if {"name", "id"} & set(found) else None
