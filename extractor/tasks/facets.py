"""What is said of one place of a schema, gathered from all the objects that say it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from extractor.tasks.keywords import heard
from extractor.tasks.links import REFERENCES, Links, Part, target

NONE_OF = "\0none of"  # values that are excluded: a word of our own, which no schema holds
PLAIN_CONDITION = {"properties", "required", "type"}
MAX_STEPS = 64  # of references and parts of `allOf` from one place to what holds there


@dataclass(frozen=True, slots=True, eq=False)
class Facet:
    """Words that hold at a place, all from one object of the schema."""

    words: dict[str, Any]  # those that the draft of the schema hears
    links: Links
    steps: int  # from the place itself; what is nearer says more of it
    hard: bool  # null does not get past it
    source: int  # the identity of the object as it is written

    def parts(self, *words: str) -> list[Part]:
        """The subschemas under these keywords, as many as there are."""
        return [(self.words[word], self.links) for word in words if word in self.words]

    def at_pattern(self, pattern: str) -> list[Part]:
        """What is said of the keys of this pattern."""
        found = self._map("patternProperties")
        return [(found[pattern], self.links)] if pattern in found else []

    def at_key(self, key: str) -> list[Part]:
        """What is said of a key: where it is not named, what is said of all others."""
        named = [self._map("properties")[key]] if key in self._map("properties") else []
        matching = [node for pattern, node in self._map("patternProperties").items() if matches(pattern, key)]
        return [(node, self.links) for node in named + matching] or self.parts("additionalProperties")

    @property
    def first_items(self) -> list[Any]:
        """The subschemas of the first items, one by one."""
        found = self.words.get("prefixItems", self.words.get("items"))
        return found if isinstance(found, list) else []

    def other_items(self) -> list[Part]:
        """What is said of the items after those."""
        old = isinstance(self.words.get("items"), list)  # as before 2020-12
        return self.parts("additionalItems" if old else "items")

    def at_index(self, index: int) -> list[Part]:
        """What is said of the item at this place."""
        first = self.first_items
        return [(first[index], self.links)] if index < len(first) else self.other_items()

    def _map(self, word: str) -> dict[str, Any]:
        found = self.words.get(word)
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True, eq=False)
class Union:
    """Choices of which one holds, null apart; each choice may be of several parts."""

    key: tuple[int, str]
    choices: tuple[tuple[Part, ...], ...]
    null: bool  # is among the choices
    hard: bool


class Gathering:
    """Goes through references, `allOf` and unions of one with null, and keeps what holds."""

    def __init__(self) -> None:
        self.facets: list[Facet] = []
        self.unions: list[Union] = []
        self.never, self.cut = False, False
        self._known = set[int]()

    def take(self, part: Part, steps: int, hard: bool) -> None:
        raw, links = part
        self.never = self.never or raw is False
        self.cut = self.cut or steps > MAX_STEPS
        if not isinstance(raw, dict) or id(raw) in self._known or steps > MAX_STEPS:
            return
        self._known.add(id(raw))
        words = heard(raw, links.draft)
        own = Facet(words, links.inside(raw), steps, hard, id(raw))
        for word, value in words.items():  # in the order in which it is written, which is that of the properties
            if word == "properties":
                self.facets.append(own)
            self._follow(own, word, value)
        if "properties" not in words and set(words) - {*REFERENCES, "allOf"}:
            self.facets.append(own)

    def _follow(self, own: Facet, word: str, value: Any) -> None:
        if word in REFERENCES:
            self._take_all([own.links.follow(str(value)) or ({}, own.links)], own, own.hard)
        elif word == "allOf" and isinstance(value, list):
            self._take_all([(one, own.links) for one in value], own, own.hard)
        elif word in ("anyOf", "oneOf") and isinstance(value, list):
            self._unite(own, word, value)
        elif word == "if" and {"then", "else"} & set(own.words):
            choices = (tuple(own.parts("if", "then")), (*own.parts("else"), *_otherwise(own, value)))
            self.unions.append(Union((own.source, word), choices, False, own.hard))

    def _unite(self, own: Facet, word: str, value: list[Any]) -> None:
        choices = {id(part[0]): part for part in (target((one, own.links)) for one in value)}
        real = [part for part in choices.values() if not _is_null(part[0])]
        null = len(real) < len(choices)
        if len(real) == 1:
            self._take_all(real, own, own.hard and not null)
        elif real:
            self.unions.append(Union((own.source, word), tuple((part,) for part in real), null, own.hard))

    def _take_all(self, parts: Iterable[Part], own: Facet, hard: bool) -> None:
        for part in parts:
            self.take(part, own.steps + 1, hard)


def _otherwise(own: Facet, condition: Any) -> list[Part]:
    """What holds where a condition on one property's values does not: that it has none of them."""
    said = condition.get("properties") if isinstance(condition, dict) and set(condition) <= PLAIN_CONDITION else None
    if not isinstance(said, dict) or len(said) != 1:
        return []
    ((key, only),) = said.items()
    if not isinstance(only, dict):
        return []
    values = [only["const"]] if "const" in only else only.get("enum")
    if not isinstance(values, list) or set(only) - {"const", "enum", "type"} or len({"const", "enum"} & set(only)) != 1:
        return []
    return [own.links.made(f"otherwise {own.source}", {"properties": {key: {NONE_OF: values}}})]


def _is_null(raw: Any) -> bool:
    if not isinstance(raw, dict):
        return False
    return raw.get("type") in ("null", ["null"]) or raw.get("const", "") is None or raw.get("enum") == [None]


def matches(pattern: str, key: str) -> bool:
    """Whether a key matches a pattern; a pattern that Python cannot read matches nothing."""
    try:
        return re.search(pattern, key) is not None
    except (re.error, OverflowError):
        return False
