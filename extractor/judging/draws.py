"""In which order disputed things are judged: fixed beforehand, so that nobody biases it by stopping and going on."""

from collections.abc import Iterator, Set
from itertools import islice

import numpy as np

from extractor.fingerprint import digest
from extractor.judging.pool import Pool

SHOWN = 2  # of a document at a draw, at most: more of one document tells less, fewer make more to read
MOST = 100_000  # draws that are looked at
Draw = tuple[int, ...]  # numbers of the items that are shown


def draws(pool: Pool, seed: int = 0, shown: int = SHOWN) -> Iterator[Draw]:
    """Endless draws with replacement, each independent of the others.

    A document comes with a probability in proportion to its disputed things (Hansen & Hurwitz), and of it so many of
    them at random: each disputed thing is as likely as any other, and the most disputed documents come first.
    """
    if not pool.items:
        return
    chance = np.random.default_rng(int(digest([pool.digest, seed]), 16))
    ends = np.cumsum([len(numbers) for numbers in pool.documents])
    while True:
        numbers = pool.documents[int(np.searchsorted(ends, chance.integers(ends[-1]), side="right"))]
        yield tuple(int(n) for n in chance.permutation(numbers)[:shown])


def complete(order: Iterator[Draw], judged: Set[int]) -> list[Draw]:
    """The first draws, up to one of which something is not judged."""
    found = []
    for draw in islice(order, MOST):
        if any(number not in judged for number in draw):
            break
        found.append(draw)
    return found
