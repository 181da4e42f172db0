"""Whether any answer can satisfy a schema, as far as its reading shows it."""

from collections.abc import Iterator
from typing import Any

from extractor.tasks.reading import Node, read

MAX_NODES = 3000  # of what must be there; a larger schema is taken to be satisfiable
MAX_DEPTH = 60
PAIRS = [
    ("minimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
]


def unsatisfiable(body: dict[str, Any]) -> str | None:
    """Why no answer can satisfy this schema, with the place, or None where one may."""
    return _Search().why(read(body), ())


class _Search:
    def __init__(self) -> None:
        self.left = MAX_NODES
        self._well = set[Any]()  # places that something satisfies, whatever they lie in

    def why(self, node: Node, path: tuple[str, ...], under: frozenset[Any] = frozenset()) -> str | None:
        """What forbids every value here; a place that needs itself inside it has no end."""
        if node.key in self._well or node.nullable or self.left <= 0 or len(path) > MAX_DEPTH:
            return None
        self.left -= 1
        where = f"at {'/'.join(path) or 'the root'}"
        if node.key in under:
            return f"{where} it needs itself without end"
        said = [self._branch(branch, path, under | {node.key}) for branch in node.branches]
        if not said or all(said):
            return (said or [None])[0] or f"{where} nothing is allowed"
        self._well.add(node.key)
        return None

    def _branch(self, node: Node, path: tuple[str, ...], under: frozenset[Any]) -> str | None:
        if node.never:
            return f"at {'/'.join(path) or 'the root'} nothing is allowed"
        if node.values is not None:
            return None
        if len(node.types or ("any", "other")) != 1:  # of several types one may always do
            return None
        return next((why for why in self._faults(node, path, under) if why), None)

    def _faults(self, node: Node, path: tuple[str, ...], under: frozenset[Any]) -> Iterator[str | None]:
        where = f"at {'/'.join(path) or 'the root'}"
        for low, high in PAIRS:
            if _relevant(low, node) and _number(node, low, max) > _number(node, high, min):
                yield f"{where} {low} is above {high}"
        if node.types == ("object",):
            for name in node.required:
                yield self.why(node.at_key(name), (*path, name), under)
        if node.types == ("array",) and _number(node, "minItems", max) >= 1:
            yield self.why(node.at_index(0), (*path, "[]"), under)


def _relevant(word: str, node: Node) -> bool:
    kind = {"minimum": ("integer", "number"), "minLength": ("string",), "minItems": ("array",)}
    return (node.types or ("",))[0] in kind.get(word, ("object",))


def _number(node: Node, word: str, which: Any) -> float:
    said = [value for value in node.all(word) if isinstance(value, int | float) and not isinstance(value, bool)]
    return float(which(said)) if said else (float("-inf") if which is max else float("inf"))
