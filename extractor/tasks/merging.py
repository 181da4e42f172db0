"""The annotations `x-merge` and `x-key`: how what the passages of a long document say becomes one answer."""

from collections.abc import Iterator
from typing import Any

from extractor.errors import UserError, did_you_mean
from extractor.tasks.keywords import children
from extractor.tasks.links import Part, root
from extractor.tasks.reading import Node

WORD, KEY = "x-merge", "x-key"
FITTING = {  # the first is what holds without a word
    "text": ("first", "last", "longest", "vote", "join"),
    "label": ("vote", "first", "last", "any", "all"),
    "number": ("first", "last", "min", "max", "sum", "vote"),
    "whole list": ("first", "last"),
    "list": ("union", "concat", "first", "longest"),
    "object": ("fill", "atomic", "fields"),
}
WORDS = tuple(dict.fromkeys(word for words in FITTING.values() for word in words))
AKIN = (  # what is meant by a word that does not fit is one of the same row
    ("union", "concat", "join", "sum", "fields", "fill"),
    ("first", "last", "longest", "atomic", "vote"),
    ("max", "any"),
    ("min", "all"),
)


def word_of(node: Node) -> str | None:
    """The word that a place is marked with, or None."""
    word: str | None = node.word(WORD)
    return word


def keys_of(node: Node) -> list[str]:
    """The keys by which items of a list are known as the same, none where it says none."""
    return list(node.word(KEY) or ())


def is_whole(node: Node) -> bool:
    """Whether a list is one value: the same number of items each time, or each item of its own kind."""
    if not node.is_list:
        return False
    least, most = node.word("minItems"), node.word("maxItems")
    return bool(node.prefix) or (least is not None and least == most and not node.word("x-extract"))


def kinds_of_place(node: Node) -> list[str]:
    """What may be merged at a place, by its JSON types: keys of FITTING; none where nothing is known."""
    return list(dict.fromkeys(kind for branch in node.branches for kind in _kinds(branch)))


def check_merging(where: str, body: dict[str, Any]) -> None:
    """UserError for a word that is not known or does not fit the type of its place, with the nearest that does."""
    for path, part in _parts(root(body), ""):
        for word, fault in ((WORD, _word_fault), (KEY, _key_fault)):
            if word in part[0] and (said := fault(part[0][word], Node.of(part))):
                raise UserError(f"{where}: {path or '/'}: {said}")


def _kinds(node: Node) -> Iterator[str]:
    if node.values is not None:
        yield "label"
        yield from ["number"] if all(type(value) in (int, float) for value in node.values) else []
        return
    names = {"string": "text", "boolean": "label", "number": "number", "integer": "number", "object": "object"}
    for name in node.types or (("object",) if node.properties or node.entries else ()):
        if name == "array":
            yield "whole list" if is_whole(node) else "list"
        elif name in names:
            yield names[name]


def _word_fault(word: Any, node: Node) -> str | None:
    if not isinstance(word, str) or word not in WORDS:
        return f"{WORD} {word!r} is not known (one of {', '.join(WORDS)}){did_you_mean(str(word), WORDS)}"
    kinds = kinds_of_place(node)
    fitting = list(dict.fromkeys(one for kind in kinds for one in FITTING[kind]))
    if not kinds or word in fitting or (word in ("first", "join") and node.word("x-extract") == "summary"):
        return None
    near = next((one for row in AKIN if word in row for one in row if one in fitting), fitting[0])
    this = " or ".join(kinds)
    return f"{WORD} '{word}' does not fit, this is {this} (one of {', '.join(fitting)}); did you mean '{near}'?"


def _key_fault(keys: Any, node: Node) -> str | None:
    if not isinstance(keys, list) or not keys or not all(isinstance(key, str) for key in keys):
        return f"{KEY} {keys!r} is no list of property names"
    items = [branch.items for branch in node.branches if branch.items]
    if not items:
        return f"{KEY} belongs to a list of objects, this is {' or '.join(kinds_of_place(node)) or 'untyped'}"
    known = [name for item in items for branch in item.branches for name in branch.properties]
    wrong = [key for key in keys if key not in known]
    return f"{KEY} '{wrong[0]}' is no property of its items{did_you_mean(wrong[0], known)}" if wrong else None


def _parts(part: Part, path: str) -> Iterator[tuple[str, Part]]:
    """Every subschema that is an object, with its JSON pointer; references are not followed."""
    raw, links = part
    if isinstance(raw, dict):
        yield path, part
        for step, child in children(raw):
            yield from _parts((child, links.inside(raw)), f"{path}/{step}")
