"""A schema written anew, where a definition may be wanted in several forms: each form is a definition of its own."""

import re
from itertools import chain, count
from typing import Any, Generic, TypeVar

from extractor.tasks.keywords import LISTS, MAPS, SINGLES
from extractor.tasks.links import REFERENCES, Part, root

BASES = {"$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary", "$defs", "definitions"}
ALIKE = {"allOf", "anyOf", "oneOf", "then", "else", "dependentSchemas"}  # what they hold is said of the same place
GONE = object()  # what is written of a subschema that is left out

State = TypeVar("State")  # in which form a subschema is wanted; a key of dictionaries


class Rewriter(Generic[State]):
    """Goes through a schema; `child` and `finished`, which say what becomes of it, are a subclass's own."""

    def __init__(self) -> None:
        self._defs: dict[str, Any] = {}
        self._names: dict[tuple[int, State], str] = {}

    def whole(self, body: dict[str, Any], state: State) -> dict[str, Any]:
        """The schema in this form, with no reference but to its own root and `$defs`."""
        part = root(body)
        self._names[id(body), state] = "#"
        written: dict[str, Any] = self.part(part, state)
        return {**written, "$defs": self._defs} if self._defs else written

    def part(self, part: Part, state: State) -> Any:
        """A subschema in this form."""
        raw, links = part
        if not isinstance(raw, dict):
            return raw
        links = links.inside(raw)
        words: dict[str, Any] = {}
        for word, value in raw.items():
            if word in REFERENCES:
                words |= self._reference(str(value), links.follow(str(value)) or ({}, links), state, words)
            elif word not in BASES:
                words[word] = self._word(word, value, links, state)
        return self.finished({word: value for word, value in words.items() if value is not GONE}, part, state)

    def child(self, word: str, key: str, part: Part, state: State) -> Any:
        """What a subschema becomes that stands under this word (and key or number), or GONE."""
        return self.part(part, state)

    def finished(self, words: dict[str, Any], part: Part, state: State) -> Any:
        """The words of a subschema after all that it holds was written anew."""
        return words

    def _word(self, word: str, value: Any, links: Any, state: State) -> Any:
        if word in MAPS | {"dependencies"} and isinstance(value, dict):
            named = {k: self.child(word, k, (v, links), state) if _is_schema(v) else v for k, v in value.items()}
            return {key: one for key, one in named.items() if one is not GONE}
        if word in LISTS | {"items"} and isinstance(value, list):
            listed = [self.child(word, str(number), (one, links), state) for number, one in enumerate(value)]
            return [one for one in listed if one is not GONE]
        return self.child(word, "", (value, links), state) if word in SINGLES else value

    def _reference(self, said: str, target: Part, state: State, words: dict[str, Any]) -> dict[str, Any]:
        key = (id(target[0]), state)
        if key not in self._names:
            name = self._name(said)
            self._names[key] = f"#/$defs/{name}"
            self._defs[name] = {}  # keeps the name, should it lead back to itself
            self._defs[name] = self.part(target, state)
        reference = {"$ref": self._names[key]}
        return reference if "$ref" not in words else {"allOf": [*words.get("allOf", []), reference]}

    def _name(self, said: str) -> str:
        """The last word of a reference, with a number where there are several of it."""
        word = re.sub(r"\W+", "_", said.rpartition("/")[2].strip("#")) or "root"
        numbers = (f"{word}_{number}" for number in count(2))
        return next(name for name in chain([word], numbers) if name not in self._defs)


def _is_schema(value: Any) -> bool:
    return isinstance(value, dict | bool)
