"""What a grammar library objects to is given up where it stands; more only where that does not help."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from extractor.tasks.emit import Emitted
from extractor.tasks.keywords import children, walk

NUMBERS = {
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"),
    *("minItems", "maxItems", "minProperties", "maxProperties"),
}
DOUBTFUL = ("pattern", "patternProperties", "format", *sorted(NUMBERS))
STEPS = ({"pattern", "patternProperties"}, NUMBERS | {"format"}, {"anyOf"})
MAPS = ("properties", "patternProperties")
MAX_TRIED = 3000  # places of one schema that are tried alone
Fault = Callable[[dict[str, Any]], str | None]


def mended(emitted: Emitted, fault: Fault) -> Iterator[Emitted]:
    """The schema as it is, then less what is refused at single places, then less ever more words everywhere."""
    yield emitted
    body, given_up = _each_place(emitted, fault)
    yield Emitted(body, given_up)
    for words in STEPS:
        found = {word for _, node in walk(body) for word in words & set(node)}
        if found:
            body, given_up = _without(body, words), given_up | found
            yield Emitted(body, given_up)


def _each_place(emitted: Emitted, fault: Fault) -> tuple[dict[str, Any], set[str]]:
    body = json.loads(json.dumps(emitted.body))
    given_up, known = set(emitted.given_up), dict[str, set[str]]()
    for _, node in walk(body):
        if not set(DOUBTFUL) & set(node):
            continue
        alone = _alone(node)
        key = json.dumps(alone, sort_keys=True)
        if key not in known and len(known) < MAX_TRIED:
            known[key] = _refused(alone, fault)
        for word in known.get(key, ()):
            if word.startswith("patternProperties/"):
                node["patternProperties"].pop(word.partition("/")[2])
                node["additionalProperties"] = True
            else:
                del node[word]
        given_up |= {word.partition("/")[0] for word in known.get(key, ())}
    return body, given_up


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


def _without(node: Any, words: set[str]) -> Any:
    if isinstance(node, list):
        return [_without(one, words) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {word: _inside(word, value, words) for word, value in node.items() if word not in words}
    if "patternProperties" in node and "patternProperties" not in kept:
        kept["additionalProperties"] = True
    return kept


def _inside(word: str, value: Any, words: set[str]) -> Any:
    if word in ("properties", "patternProperties", "$defs") and isinstance(value, dict):
        return {name: _without(child, words) for name, child in value.items()}
    return value if word in ("enum", "const") else _without(value, words)
