"""What several passages say of one value becomes one value: the words of `x-merge` for whole values."""

import json
import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.tables.fold import fold as fold_of_name

MOST_TOLD = 10  # of the values that passages disagree on
NEUTRAL = {"false", "none", "other", "unknown", "其他", "无", "未知", "否"}  # labels that say that there is none


@dataclass(frozen=True, slots=True)
class Given:
    """What a passage says at one place."""

    value: Any
    passage: int  # its number
    weight: float
    is_in_text: bool = False  # whether it stands in the passage as it is


def fold(text: str) -> str:
    """What texts have in common that are the same name; a text of which nothing is left is itself."""
    return fold_of_name(text) or text


def key_of(value: Any) -> str:
    """What is the same for values that are the same: texts by their fold, all else as JSON has it."""
    return f"text {fold(value)}" if isinstance(value, str) else json.dumps(_plain(value), sort_keys=True)


def is_absent(value: Any) -> bool:
    """Whether nothing is said: null, an empty text, list or object."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], {})


def choose(word: str, given: Sequence[Given]) -> Any:
    """The value that the word makes of what is given, in text order, at least one."""
    return WORDS[word](given)


def disagreement(given: Sequence[Given]) -> list[dict[str, Any]]:
    """The different values, each with the passage that says it first and the weight of all that do; [] for one."""
    alike = list(_alike(given).values())
    told = [{"value": one[0].value, "passage": one[0].passage, "weight": _weight(one)} for one in alike]
    return told[:MOST_TOLD] if len(told) > 1 else []


def grouped(given: Iterable[Given], key: Callable[[Any], Hashable | None]) -> list[list[Given]]:
    """What is the same by its key, in the order of the first; not what one passage says twice, nor what has no key."""
    groups: list[list[Given]] = []
    known: dict[Hashable, list[list[Given]]] = {}
    for one in given:
        alike = known.setdefault(found, []) if (found := key(one.value)) is not None else []
        group = next((group for group in alike if group[-1].passage != one.passage), None)
        if group is None:
            group = []
            groups.append(group)
            alike.append(group)
        group.append(one)
    return groups


def most_given(values: Iterable[Any]) -> Any:
    """The value that is given most often, the first of several."""
    return Counter(values).most_common(1)[0][0]


def _alike(given: Sequence[Given]) -> dict[str, list[Given]]:
    alike: dict[str, list[Given]] = {}
    for one in given:
        alike.setdefault(key_of(one.value), []).append(one)
    return alike


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _weight(given: Sequence[Given]) -> float:
    return sum(one.weight for one in given)


def _first(given: Sequence[Given]) -> Any:
    return next((one for one in given if one.is_in_text), given[0]).value


def _vote(given: Sequence[Given]) -> Any:
    return max(_alike(given).values(), key=_weight)[0].value


def _any(given: Sequence[Given]) -> Any:
    return _vote([one for one in given if not _is_neutral(one.value)] or given)


def _all(given: Sequence[Given]) -> Any:
    return _vote([one for one in given if _is_neutral(one.value)] or given)


def _is_neutral(value: Any) -> bool:
    return value is False or (isinstance(value, str) and fold(value) in NEUTRAL)


def _sum(given: Sequence[Given]) -> Any:
    values = [one.value for one in given]
    return sum(values) if all(isinstance(value, int) for value in values) else math.fsum(values)


def _join(given: Sequence[Given]) -> Any:
    return "\n\n".join(one[0].value for one in _alike(given).values())


WORDS: dict[str, Callable[[Sequence[Given]], Any]] = {
    "first": _first,
    "last": lambda given: given[-1].value,
    "longest": lambda given: max(given, key=lambda one: len(one.value)).value,
    "vote": _vote,
    "any": _any,
    "all": _all,
    "min": lambda given: min(one.value for one in given),
    "max": lambda given: max(one.value for one in given),
    "sum": _sum,
    "join": _join,
}
ALL_COUNT = {"sum", "join"}  # words by which nothing that is said is lost
