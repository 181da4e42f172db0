"""The annotation `x-extract`: its words, where each is read, and those that nobody read."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from extractor.errors import UserError, did_you_mean
from extractor.tables import TABLES
from extractor.tasks.keywords import walk
from extractor.tasks.labels import as_label
from extractor.tasks.reading import Node

WORD, KEY, PARENT = "x-extract", "x-extract-key", "x-extract-parent"
ROLES = {table.word: table.roles for table in TABLES if table.holds == "items"}
WORDS = sorted({table.word for table in TABLES}.union(*ROLES.values()))


class Marks:
    """Reads the annotations of one schema, and knows which it has read."""

    def __init__(self, where: str) -> None:
        self.where = where
        self._read = set[tuple[int, str]]()

    def word(self, place: str, node: Node) -> str | None:
        """The word that a place is marked with, or None; UserError for one that is not known."""
        found = self._value(node, WORD)
        if found is None or (isinstance(found, str) and found in WORDS):
            return None if found is None else str(found)
        hint = did_you_mean(str(found), WORDS)
        raise self.fault(place, f"{WORD} {found!r} is not known (one of {', '.join(WORDS)}){hint}")

    def key(self, place: str, node: Node, keys: Sequence[str]) -> str:
        """The role that the keys of a map are marked with, one of `keys`, or ""."""
        found = self._value(node, KEY)
        if found is None or (isinstance(found, str) and found in keys):
            return str(found or "")
        raise self.fault(
            place, f"{KEY} {found!r} is not known (one of {', '.join(keys)}){did_you_mean(str(found), keys)}"
        )

    def parent(self, node: Node) -> str | None:
        """The predicate that joins nested entities to what holds them, where it is asked for."""
        found = self._value(node, PARENT)
        return None if not found else "parent" if found is True else as_label(found)

    def fault(self, place: str, said: str) -> UserError:
        """A mistake at a place of the schema."""
        return UserError(f"{self.where}: {place}: {said}")

    def check_all(self, body: dict[str, Any]) -> None:
        """UserError where an annotation stands that no table was made of."""
        for path, node in walk(body):
            for word in (WORD, KEY, PARENT):
                if node.get(word) is not None and (id(node), word) not in self._read and _is_reached(path, body):
                    belongs = "a list, a map or an object of the answer, or directly to a property of its items"
                    raise self.fault(
                        path or "/", f"{word} {node[word]!r} cannot be meant here: it belongs to {belongs}"
                    )

    def _value(self, node: Node, word: str) -> Any:
        self._read |= {(facet.source, word) for facet in node.facets}
        return node.word(word)


def _is_reached(path: str, body: dict[str, Any]) -> bool:
    """Whether a place is of the answer: a definition that nothing refers to is not."""
    _, word, name, *_ = [*path.split("/"), "", ""]
    if word not in ("$defs", "definitions"):
        return True
    wanted = f"#/{word}/{name}"
    return any(unquote(str(node.get("$ref", ""))).startswith(wanted) for _, node in walk(body))
