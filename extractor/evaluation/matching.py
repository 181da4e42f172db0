"""Which found things are which gold things in one document: each gold thing once, the most matches there can be."""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Matching:
    """Types of what was found rightly (as gold names them), found wrongly, and missed; `pairs` are (found, gold)."""

    hits: list[str]
    spurious: list[str]
    missed: list[str]
    pairs: list[tuple[int, int]]


@lru_cache(maxsize=65536)
def normal(text: str | None) -> str:
    """Text as names are compared: NFKC, case folded, white space collapsed."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text or "").casefold()).split())


def match(
    found: Sequence[T],
    gold: Sequence[T],
    probes: Callable[[T], Iterable[Hashable]],
    fits: Callable[[T, T], bool],
    label: Callable[[T], str],
) -> Matching:
    """A largest one-to-one matching of things that share a probe and fit; both sides must come in a fixed order."""
    owner = _largest_matching(_candidates(found, gold, probes, fits))
    matched = set(owner.values())
    return Matching(
        [label(gold[g]) for g in sorted(owner)],
        [label(thing) for f, thing in enumerate(found) if f not in matched],
        [label(thing) for g, thing in enumerate(gold) if g not in owner],
        [(f, g) for g, f in sorted(owner.items())],
    )


def _candidates(
    found: Sequence[T],
    gold: Sequence[T],
    probes: Callable[[T], Iterable[Hashable]],
    fits: Callable[[T, T], bool],
) -> list[list[int]]:
    by_probe: dict[Hashable, set[int]] = defaultdict(set)
    for number, thing in enumerate(gold):
        for probe in probes(thing):
            by_probe[probe].add(number)
    near = [set[int]().union(*(by_probe[p] for p in probes(thing) if p in by_probe)) for thing in found]
    return [sorted(g for g in numbers if fits(thing, gold[g])) for thing, numbers in zip(found, near, strict=True)]


def _largest_matching(candidates: Sequence[Sequence[int]]) -> dict[int, int]:
    """Gold number → found number, by augmenting paths (Kuhn), without recursion."""
    owner: dict[int, int] = {}
    held: dict[int, int] = {}
    for start, wanted in enumerate(candidates):
        free = next((gold for gold in wanted if gold not in owner), None)
        if free is not None:
            owner[free], held[start] = start, free
        elif wanted:
            _augment(start, candidates, owner, held)
    return owner


def _augment(start: int, candidates: Sequence[Sequence[int]], owner: dict[int, int], held: dict[int, int]) -> None:
    """Find `start` a gold thing by moving others, breadth first, if that can be done."""
    reached: dict[int, int] = {}  # gold → the found thing that reached it
    queue = [start]
    for found in queue:
        for gold in candidates[found]:
            if gold in reached:
                continue
            reached[gold] = found
            if gold not in owner:
                _move(gold, start, reached, owner, held)
                return
            queue.append(owner[gold])


def _move(gold: int, start: int, reached: dict[int, int], owner: dict[int, int], held: dict[int, int]) -> None:
    while True:
        found = reached[gold]
        left = held.get(found)
        owner[gold], held[found] = found, gold
        if found == start or left is None:
            return
        gold = left
