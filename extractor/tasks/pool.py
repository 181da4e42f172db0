"""Which of many labelled examples a prompt shows: a few that cover the labels, and those nearest to the document."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from extractor.scripts import count_glued, glued_tokens, is_glued
from extractor.tasks.examples import Example
from extractor.tasks.reading import Node, read
from extractor.tasks.schema import Schema
from extractor.types import EXAMPLES_SHOWN

MOST = EXAMPLES_SHOWN
ROOM = 1600  # tokens, about, that they may take: one cached prefix
OWN_ROOM = 800  # tokens, about, for those that a document is shown of its own, which are read anew each time
Numbers = npt.NDArray[Any]


def covering(pool: Sequence[Example], schema: Schema, most: int = MOST) -> tuple[Example, ...]:
    """At most so many of the pool, the same for every document, so that they are one cached prefix; a few as given.

    Greedy: the next is the one with the most to show for its length, where a label counts by the root of its frequency
    in the pool, and half as much with each time it has been shown.
    """
    root = read(schema.body)
    labels = [set(_labels(example["answer"], root, "")) for example in pool]
    often = Counter(label for found in labels for label in found)
    sizes = [_size(example) for example in pool]
    if len(pool) <= most and sum(sizes) <= ROOM:
        return tuple(pool)
    shown, chosen, room = Counter[str](), list[int](), float(ROOM)
    while len(chosen) < most:
        fitting = [n for n in range(len(pool)) if sizes[n] <= room and n not in chosen]
        if not fitting:
            break
        best = max(
            fitting, key=lambda n: sum(often[x] ** 0.5 * 0.5 ** shown[x] for x in labels[n]) / (sizes[n] + 40) ** 0.5
        )
        chosen.append(best)
        shown.update(labels[best])
        room -= sizes[best]
    return tuple(pool[n] for n in chosen)


class Nearest:
    """A lexical index (BM25) of a pool: words, and in scripts without spaces pairs of characters.

    Our own, since the library for it (bm25s) loads numba, and beside numba vLLM's CPU build does not start.
    """

    def __init__(self, pool: Sequence[Example]) -> None:
        self.pool = pool
        self._sizes = [_size(example) for example in pool]
        self._weights = _weights([Counter(_terms(example["text"])) for example in pool])

    def of(self, text: str, count: int) -> list[Example]:
        """The examples most like the text, the nearest last, never the text itself; fewer where they are long."""
        scores = np.zeros(len(self.pool))
        for places, weights in (self._weights[term] for term in set(_terms(text)) if term in self._weights):
            scores[places] += weights
        chosen: list[Example] = []
        room = float(OWN_ROOM)
        for n in np.argsort(-scores, kind="stable")[: 10 * count]:
            example = self.pool[n]
            if len(chosen) < count and example["text"] != text and self._sizes[n] <= room:
                chosen.append(example)
                room -= self._sizes[n]
        return chosen[::-1]


def _weights(texts: Sequence[Counter[str]]) -> dict[str, tuple[Numbers, Numbers]]:
    """For each term the texts that hold it, by number, and its BM25 weight in each (k1 1.2, b 0.75)."""
    lengths = np.array([text.total() for text in texts])
    spread = 1.2 * (0.25 + 0.75 * lengths / max(1.0, lengths.mean()))
    found: dict[str, list[tuple[int, int]]] = {}
    for n, text in enumerate(texts):
        for term, times in text.items():
            found.setdefault(term, []).append((n, times))
    return {term: _weighed(np.array(places), spread, len(texts)) for term, places in found.items()}


def _weighed(places: Numbers, spread: Numbers, texts: int) -> tuple[Numbers, Numbers]:
    numbers, times = places.T
    rarity = np.log(1 + (texts - len(numbers) + 0.5) / (len(numbers) + 0.5))
    return numbers, rarity * times * 2.2 / (times + spread[numbers])


def _labels(value: Any, node: Node, path: str) -> Iterator[str]:
    """What this answer shows of the schema: every allowed value that it uses, every list that it fills or leaves."""
    branch = node.branch_of(value)
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _labels(child, branch.at_key(key), f"{path}/{key if key in branch.properties else '{}'}")
    elif isinstance(value, list):
        yield path if value else f"{path} none"
        for number, item in enumerate(value):
            yield from _labels(item, branch.at_index(number), path)
    elif branch.values is not None or node.unions:
        yield f"{path} {value}"


def _size(example: Example) -> float:
    """Tokens, about: a character of a script without spaces is one, of any other a quarter."""
    said = example["text"] + json.dumps(example["answer"], ensure_ascii=False)
    glued = count_glued(said)
    return glued + 0.27 * (len(said) - glued)


def _terms(text: str) -> list[str]:
    found = glued_tokens(text.casefold())
    pairs = [one + two for one, two in pairwise(found) if is_glued(one) and is_glued(two)]
    return [word for word in found if not is_glued(word)] + pairs
