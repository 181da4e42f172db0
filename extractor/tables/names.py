"""What names a thing: a text, a number, an object with a name or an id, or a list of these."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from extractor.tables.items import Item

QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "「": "」", "『": "』", "《": "》", "〈": "〉"}


def name_of(value: Any) -> str | None:
    """The text less the quotation marks that enclose the whole of it: 《红楼梦》 is called 红楼梦."""
    text = text_of(value)
    if text and len(text) > 2 and QUOTES.get(text[0]) == text[-1] and text[-1] not in text[1:-1]:
        return text[1:-1].strip() or text
    return text


def text_of(value: Any) -> str | None:
    """A text without the blanks around it, a number or truth value as it is written; None for anything else."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return None if value is None or isinstance(value, dict | list) else json.dumps(value)


def names_of(value: Any, keys: Mapping[str, str], name: Callable[[Any], str | None] = name_of) -> list[str]:
    """The names in a value; in objects, what stands under the key of the name, else of the id."""
    if isinstance(value, str):  # as nearly all are
        return [found] if (found := name(value)) else []
    return [found for one in each(value) if (found := name(named(one, keys)))]


def each(value: Any) -> Iterator[Any]:
    """What names things in a value: itself, or in a list, however deep, each."""
    if isinstance(value, list):
        for one in value:
            yield from each(one)
    else:
        yield value


def named(value: Any, keys: Mapping[str, str]) -> Any:
    """The name in an object, else its id; anything else as it is."""
    if not isinstance(value, dict):
        return value
    name = value.get(keys.get("name", ""))
    return value.get(keys.get("id", "")) if name is None else name


def kinds_of(item: Item, role: str) -> list[str | None]:
    """The types or predicates of an item: as it says, else the field's label where it has no place to say it."""
    source = item.source
    if said := names_of(item.said.get(role), source.inner.get(role, {}), name=text_of):
        return list(dict.fromkeys(said))
    keyed = any(step.startswith(f"{{{role}") for step in source.shape)
    return [None if role in source.roles or keyed or source.bare == role else source.label]


@lru_cache(maxsize=4096)
def akin(one: str, other: str) -> bool:
    """Whether one label is or holds the other: a living_person is a kind of person, a 娱乐人物 of 人物."""
    short, long = sorted((one.casefold(), other.casefold()), key=len)
    return re.search(rf"(?<![a-z]){re.escape(short)}(?![a-z])", long) is not None
