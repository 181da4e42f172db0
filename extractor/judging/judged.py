"""What judges said of things, as numbers: of several who said it of the same thing, the mean counts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Said = Literal["right", "wrong", "unknown"]
SAID: tuple[Said, ...] = ("right", "wrong", "unknown")


@dataclass(frozen=True, slots=True)
class Mark:
    """Shares of the judges who called it right, and who could tell at all: 0 ≤ right ≤ known ≤ 1."""

    right: float
    known: float

    @property
    def worth(self) -> float:
        """1 where finding it is right, -1 where it is wrong, 0 where nobody can tell or one says this, one that."""
        return 2 * self.right - self.known


Words = Mapping[int, Mapping[str, Said]]  # by the number of the item, then by judge: the last word of each
Marks = Mapping[int, Mark]


def marks_of(words: Words) -> dict[int, Mark]:
    """One mark for each thing that somebody judged."""
    return {number: _mark(said.values()) for number, said in words.items() if said}


def _mark(said: Iterable[Said]) -> Mark:
    all_of_them = list(said)
    known = [word for word in all_of_them if word != "unknown"]
    return Mark(known.count("right") / len(all_of_them), len(known) / len(all_of_them))


@dataclass(frozen=True, slots=True)
class JudgesAgree:
    """How far two judges say the same of the `items` that both judged; kappa is None where it is not defined."""

    one: str
    two: str
    items: int
    same: float  # share
    kappa: float | None  # Cohen's, over right, wrong and cannot tell


def agreements(words: Words, names: Iterable[str] | None = None) -> list[JudgesAgree]:
    """Each two judges who judged some of the same things; with `names`, only those in which one of these takes part."""
    told: dict[tuple[str, str], list[tuple[Said, Said]]] = defaultdict(list)
    for said in words.values():
        judges = sorted(said)
        for place, one in enumerate(judges):
            for two in judges[place + 1 :]:
                told[one, two].append((said[one], said[two]))
    wanted = None if names is None else set(names)
    return [_agreement(*pair, both) for pair, both in sorted(told.items()) if wanted is None or wanted & set(pair)]


def _agreement(one: str, two: str, both: list[tuple[Said, Said]]) -> JudgesAgree:
    count = len(both)
    same = sum(a == b for a, b in both) / count
    chance = sum(sum(a == word for a, _ in both) * sum(b == word for _, b in both) for word in SAID) / count**2
    return JudgesAgree(one, two, count, same, None if chance == 1 else (same - chance) / (1 - chance))
