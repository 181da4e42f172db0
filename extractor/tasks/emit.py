"""A reading of a schema written down again as one plain schema: no references but to its own `$defs`, no `allOf`."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from extractor.tasks.as_lists import LOST, AsLists
from extractor.tasks.keywords import KNOWN
from extractor.tasks.labels import as_label
from extractor.tasks.places import shown
from extractor.tasks.reading import FAR, Node

FORMATS = {
    *("date", "time", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "uuid", "uri"),
}
REFUSED = {
    *("uniqueItems", "not", "dependentRequired", "dependentSchemas", "dependencies", "contains", "minContains"),
    *("maxContains", "propertyNames", "unevaluatedItems", "unevaluatedProperties", "contentSchema"),
    *("contentEncoding", "contentMediaType"),
}
SAYS_NOTHING = {
    *("title", "description", "default", "examples", "$comment", "deprecated", "readOnly", "writeOnly"),
    *("$schema", "$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary", "discriminator"),
    *("$defs", "definitions"),
}
FOLLOWED = {"$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf", "if", "then", "else"}
OPENS = {"dependentSchemas", "dependencies"}  # they may give an object more properties
MAX_COUNT = 1000  # a bound on items above it costs memory for each item, and stops no answer that anyone waits for
MAX_NODES = 20_000
MAX_DEPTH = 100
MAX_NAMES = 200  # keys of a map that are written as properties
HIGHEST = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}  # of several, the highest holds
LOWEST = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}


GivenUp = tuple[str, str]  # a keyword, and the place in the answer where no grammar holds it


@dataclass(slots=True)
class Emitted:
    """A schema for the decoder, what it lacks of the one it is of, and why it is none where it is none."""

    body: dict[str, Any]
    given_up: list[GivenUp]
    where: dict[str, tuple[str, ...]]  # the first place in the answer that each of its `$defs` stands for
    objection: str | None = None


def emit(root: Node, only: str | None = None, lists: AsLists | None = None) -> Emitted:
    """The schema of this reading; with `only`, of an object with that property alone; `lists` are written as lists."""
    writer = _Writer(lists or {})
    body = writer.alone(root, only) if only else writer.node(root)
    body = body if isinstance(body, dict) else {"not": {}}
    defs = {name: node for name, node in writer.defs.items() if node is not None}
    return Emitted({**body, "$defs": defs} if defs else body, list(writer.given_up), writer.where)


class _Writer:
    def __init__(self, lists: AsLists) -> None:
        self._lists = lists
        self.defs: dict[str, Any] = {}
        self.given_up: dict[GivenUp, None] = {}
        self._first: dict[Any, tuple[str, ...]] = {}
        self._names: dict[Any, str] = {}
        self._under: list[Any] = []
        self._steps: list[str] = []
        self._nodes = 0
        self._words: dict[str, Callable[[Node], Any]] = {
            "type": lambda node: _type(node),
            "enum": lambda node: node.values,
            "const": lambda node: node.values[0] if node.values and len(node.values) == 1 else None,
            "required": lambda node: node.required,
            "properties": lambda node: {name: self.node(child, name) for name, child in node.properties.items()},
            "patternProperties": lambda node: {name: self.node(child, "{}") for name, child in node.patterns.items()},
            "additionalProperties": lambda node: self.node(node.extra, "{}") if node.extra else True,
            "prefixItems": lambda node: [self.node(child, f"[{n}]") for n, child in enumerate(node.prefix)],
            "items": lambda node: self.node(node.items, "[]") if node.items else True,
        }

    def node(self, node: Node, step: str | None = None) -> Any:
        """The place that this step leads to, None for the root, or a reference to it where it holds itself."""
        self._steps += [] if step is None else [step]
        written = self._node(node, step is None)
        del self._steps[len(self._steps) - (step is not None) :]
        return written

    def _node(self, node: Node, at_root: bool) -> Any:
        if node.never:
            return {"type": "null"} if node.nullable else False
        if node.key in self._under or node.key in self._names:
            return {"$ref": f"#/$defs/{self._name(node.key)}"}
        if self._nodes > MAX_NODES or len(self._under) > MAX_DEPTH:
            self._give_up({word for facet in node.facets for word in facet.words} - FOLLOWED)
            return {}
        self._nodes += 1
        self._first.setdefault(node.key, tuple(self._steps))
        self._under.append(node.key)
        written = self._written(node)
        self._under.pop()
        return self._placed(node, written, at_root)

    def _placed(self, node: Node, written: Any, at_root: bool) -> Any:
        """Places that references lead to are written once, under a name; all others where they are."""
        shared = (
            isinstance(written, dict)
            and len(written) > 1
            and any(facet.steps % FAR for facet in node.facets)
            and not at_root
        )
        if node.key not in self._names and not shared:
            return written
        self.defs[self._name(node.key)] = written
        return {"$ref": f"#/$defs/{self._name(node.key)}"}

    def _name(self, key: Any) -> str:
        return self._names.setdefault(key, f"d{len(self._names)}")

    @property
    def where(self) -> dict[str, tuple[str, ...]]:
        """The first place of each definition."""
        return {name: self._first[key] for key, name in self._names.items()}

    def _give_up(self, words: Iterable[str]) -> None:
        where = shown(self._steps)
        self.given_up |= dict.fromkeys((word, where) for word in words if word in KNOWN - SAYS_NOTHING)

    def _hold(self, word: str) -> None:
        self.given_up.pop((word, shown(self._steps)), None)

    def _written(self, node: Node) -> Any:
        plain = [self._form(branch) for branch in node.branches]
        written = [branch for branch in plain if branch is not False]
        if any(branch.loose for branch in node.branches):
            self._give_up(word for _, word in (union.key for union in node.unions))
        if node.nullable or not written:
            written.append({"type": "null"} if node.nullable else False)
        return written[0] if len(written) == 1 else {"anyOf": written}

    def _form(self, node: Node) -> Any:
        """One branch of a place: an object, or the list that it is written as."""
        written, as_list = self.plain(node), self._lists.get(node.key)
        if not as_list or not isinstance(written, dict) or "properties" not in written:
            return written
        self._give_up(word for word in LOST if word in written)
        return as_list.schema(written)

    def alone(self, node: Node, only: str) -> dict[str, Any]:
        """An object with this property and no other."""
        child = node.properties[only]
        required = [only] if only in node.required else []
        body = {"type": "object", "properties": {only: self.node(child, only)}, "required": required}
        return {**body, "additionalProperties": False}

    def plain(self, node: Node) -> Any:
        """A place without unions, closed to properties that nothing allows; False where a needed one is impossible."""
        kept: dict[str, Any] = {}
        words = dict.fromkeys(word for facet in node.facets for word in facet.words)
        for word in words:
            self._keep(kept, word, node)
        self._keys(kept, node)
        if any(kept.get("properties", {}).get(name) is False for name in node.required) and node.types:
            others = [kind for kind in node.types if kind != "object"]
            return {"type": others} if others else False
        known = set(node.required) <= set(kept.get("properties", {}))
        if "properties" in kept and known and not node.loose and not OPENS & set(words):
            kept.setdefault("additionalProperties", False)
        if kept.get("additionalProperties") is False:
            self._hold("unevaluatedProperties")
        return kept

    def _keep(self, kept: dict[str, Any], word: str, node: Node) -> None:
        if word in self._words or word == "additionalItems":
            word = "items" if word == "additionalItems" else word
            if word == "items" and node.prefix:
                kept["prefixItems"] = self._words["prefixItems"](node)
            value = self._words[word](node)
            if value is not None and (word != "items" or node.items is not None):
                kept[word] = value
        elif word in KNOWN - SAYS_NOTHING - FOLLOWED:
            value = self._value(node, word)
            if value is not None:
                kept[word] = value

    def _value(self, node: Node, word: str) -> Any:
        """The keyword's value where a grammar can hold it: of several the narrowest, or the first."""
        values = node.all(word)
        narrowest = _narrowest(word, values)
        if word in REFUSED or not _holds(word, narrowest):
            self._give_up([] if _says_nothing(word, values) else [word])
            return None
        if any(value != narrowest for value in values) and word not in HIGHEST | LOWEST:
            self._give_up([word])
        return narrowest

    def _keys(self, kept: dict[str, Any], node: Node) -> None:
        """What the keys of a map may be: listed, they are properties; with a pattern, a pattern's properties."""
        if not node.names:
            return
        names, pattern = node.names.values, node.names.word("pattern")
        held = self.node(node.extra, "{}") if node.extra else {}
        if names and len(names) <= MAX_NAMES and not node.patterns and all(isinstance(n, str) for n in names):
            inner = {as_label(name): held for name in names if name not in node.properties}
            kept["properties"] = {**kept.get("properties", {}), **inner}
            kept["additionalProperties"] = False
        elif isinstance(pattern, str) and not node.patterns and not node.properties:
            kept["patternProperties"], kept["additionalProperties"] = {pattern: held}, False
        if kept.get("additionalProperties") is False:
            self._hold("propertyNames")


def _type(node: Node) -> Any:
    types = node.types
    if types is None or len(types) != 1:
        return None if types is None else list(types)
    written = node.all("type")
    return written[0] if len(written) == 1 else types[0]


def _narrowest(word: str, values: list[Any]) -> Any:
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if word in HIGHEST | LOWEST:
        return (max if word in HIGHEST else min)(numbers) if numbers else None
    return values[0]


def _holds(word: str, value: Any) -> bool:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return False
    if word in ("minItems", "maxItems"):
        return bool(value <= MAX_COUNT)
    return word != "format" or value in FORMATS


def _says_nothing(word: str, values: list[Any]) -> bool:
    if word == "format":  # what nobody knows is not checked after decoding either
        return not set(map(str, values)) & set(Draft202012Validator.FORMAT_CHECKER.checkers)
    return word == "uniqueItems" and not any(values)
