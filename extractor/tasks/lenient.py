"""What a grammar library objects to is given up where it stands; more only where that does not help."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from extractor.tasks.emit import Emitted
from extractor.tasks.keywords import children, steps_of, walk
from extractor.tasks.places import shown

NUMBERS = {
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"),
    *("minItems", "maxItems", "minProperties", "maxProperties"),
}
DOUBTFUL = ("pattern", "patternProperties", "format", *sorted(NUMBERS), "enum")
STEPS = ({"pattern", "patternProperties"}, NUMBERS | {"format"}, {"enum"}, {"anyOf"})
INTO = {"properties": "{}", "patternProperties": "{{}}", "prefixItems": "[{}]", "anyOf": ""}  # with a key or number
MAX_TRIED = 3000  # places of one schema that are tried alone
MAX_PROBES = 5  # halvings, to find how many places it takes
KINDS = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
    type(None): "null",
}
Fault = Callable[[dict[str, Any]], str | None]


def mended(emitted: Emitted, fault: Fault) -> Iterator[Emitted]:
    """The schema as it is, then less what is refused at single places, then less ever more words where that helps."""
    yield emitted
    now = _each_place(emitted, fault)
    if now.body != emitted.body:
        yield now
    steps = [words for words in STEPS if _places(now, words)]
    yield from (_fewest(now, words, fault) for words in steps)
    for words in steps if len(steps) > 1 else ():
        now = _fewest(now, words, fault)
        yield now


def _each_place(emitted: Emitted, fault: Fault) -> Emitted:
    body = json.loads(json.dumps(emitted.body))
    given_up, known = list(emitted.given_up), dict[str, set[str]]()
    for path, node in walk(body):
        if not set(DOUBTFUL) & set(node):
            continue
        alone = _alone(node)
        key = json.dumps(alone, sort_keys=True)
        if key not in known and len(known) < MAX_TRIED:
            known[key] = _refused(alone, fault)
        for word in known.get(key, ()):
            _drop(node, word)
        given_up += [(word.partition("/")[0], _place(path, emitted)) for word in sorted(known.get(key, ()))]
    return replace(emitted, body=body, given_up=given_up)


def _places(emitted: Emitted, words: set[str]) -> list[str]:
    """Where any of these words stand, the costliest first."""
    costs = {path: _cost(node, words) for path, node in walk(emitted.body) if words & set(node)}
    return sorted(costs, key=costs.__getitem__, reverse=True)


def _fewest(emitted: Emitted, words: set[str], fault: Fault) -> Emitted:
    """Less these words at about as few places as it takes for the whole to be accepted, else less them at all."""
    places = _places(emitted, words)
    few, most = 0, len(places)
    best = _less_at(emitted, words, places)
    for _ in range(0 if fault(best.body) else MAX_PROBES):
        half = (few + most) // 2
        if half == few:
            break
        tried = _less_at(emitted, words, places[:half])
        if fault(tried.body):
            few = half
        else:
            most, best = half, tried
    return best


def _cost(node: dict[str, Any], words: set[str]) -> float:
    """What these words of a place cost a grammar, about: the numbers in them, or their length."""
    said = [node[word] for word in words & set(node)]
    return sum(abs(value) if isinstance(value, int | float) else len(json.dumps(value)) for value in said)


def _less_at(emitted: Emitted, words: set[str], places: list[str]) -> Emitted:
    body, gone = json.loads(json.dumps(emitted.body)), set(places)
    given_up = list(emitted.given_up)
    for path, node in list(walk(body)):
        if path not in gone:
            continue
        given_up += [(word, _place(path, emitted)) for word in sorted(words & set(node))]
        for word in words & set(node):
            _drop(node, word)
    return replace(emitted, body=body, given_up=given_up)


def _drop(node: dict[str, Any], word: str) -> None:
    """Takes a word out of a place; of a list of values their types stay."""
    if word == "enum" and "type" not in node:
        node["type"] = sorted({KINDS[type(value)] for value in node["enum"]})
    if word.startswith("patternProperties"):
        node["additionalProperties"] = True
    name, _, pattern = word.partition("/")
    if pattern:
        del node[name][pattern]
    else:
        del node[name]


def _place(pointer: str, emitted: Emitted) -> str:
    """The place in the answer that a place of the emitted schema stands for."""
    found: list[str] = []
    steps = iter(steps_of(pointer))
    for word in steps:
        if word == "$defs":
            found += emitted.where.get(next(steps), ())
        elif word in INTO:
            key = next(steps)
            found += [] if word == "anyOf" else [INTO[word].format(key)]
        else:
            found += ["[]"] if word == "items" else ["{}"]
    return shown(found)


def _alone(node: dict[str, Any]) -> dict[str, Any]:
    """A place less all that it holds."""
    below = {step.partition("/")[0] for step, _ in children(node)}
    empty: dict[str, Any] = {
        word: {key: {} for key in node[word]} for word in ("properties", "patternProperties") if word in node
    }
    closed = {"additionalProperties": False} if node.get("additionalProperties") is False else {}
    return {word: value for word, value in node.items() if word not in below | {"$defs", "$ref"}} | empty | closed


def _refused(alone: dict[str, Any], fault: Fault) -> set[str]:
    """The fewest words of this place, the most doubtful first, without which it is accepted."""
    if not fault(alone):
        return set()
    patterns = [f"patternProperties/{pattern}" for pattern in alone.get("patternProperties", {})]
    words = [*(word for word in DOUBTFUL if word in alone and word != "patternProperties"), *patterns]
    for word in words:
        if not fault(_less(alone, {word})):
            return {word}
    given_up = set[str]()
    for word in words:
        if not fault(_less(alone, given_up)):
            break
        given_up.add(word)
    return given_up


def _less(alone: dict[str, Any], words: set[str]) -> dict[str, Any]:
    kept = {word: value for word, value in alone.items() if word not in words}
    gone = {word.partition("/")[2] for word in words if word.startswith("patternProperties/")}
    if gone:
        kept["patternProperties"] = {name: {} for name in kept["patternProperties"] if name not in gone}
        kept["additionalProperties"] = True
    return kept
