"""The settings that are tried, and in which order: one thing at a time, beside the best so far."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from extractor.jobs.arms import arm_settings
from extractor.types import RelationsMode

SHARED, OWN = (0, 3, 6), (0, 2, 4)
_COST = {"no_think": 0, "auto": 1, "budget": 2, "think": 3}


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to run: examples that all documents share, and of its own for each; relations; the mode as an arm."""

    shared: int
    own: int
    relations: RelationsMode
    arm: str

    @property
    def name(self) -> str:
        """As its folder is called."""
        return f"shared-{self.shared},own-{self.own},{self.relations},{self.arm}"

    @property
    def cost(self) -> tuple[int, int, int, int]:
        """What to order settings by, the simplest first."""
        return _COST[self.arm.partition("=")[0]], int(self.relations == "closed"), self.own, self.shared

    @property
    def shows(self) -> bool:
        """Whether it shows examples at all."""
        return bool(self.shared or self.own)

    def fields(self, examples: str) -> dict[str, Any]:
        """The fields of a job that it sets, with this file of examples."""
        counts = {"examples_shown": self.shared, "examples_per_document": self.own}
        shown = {"examples": examples, **counts} if self.shows else {"examples": "none"}
        return {**shown, "relations": self.relations, **arm_settings(self.arm)}


@dataclass(frozen=True, slots=True)
class Grounds:
    """What can be tried at all: the arms, whether relations can be closed, and the fewest examples that a fold has."""

    arms: Sequence[str]
    closes: bool
    examples: int

    def steps(self) -> list[Callable[[Setting], list[Setting]]]:
        """From the best setting so far to those of each next step; who is the same as another is left out."""
        shared = [one for one in SHARED if one <= max(self.examples, SHARED[1])]
        return [
            lambda best: [replace(best, shared=one) for one in shared],
            lambda best: [replace(best, own=one) for one in OWN if one == 0 or self.examples > best.shared],
            lambda best: [replace(best, relations=one) for one in (("open", "closed") if self.closes else ("open",))],
            lambda best: [replace(best, arm=one) for one in self.arms],
        ]

    @property
    def first(self) -> Setting:
        """The simplest, from which the steps go."""
        return Setting(0, 0, "open", self.arms[0])

    @property
    def most(self) -> int:
        """Settings that are tried, at most."""
        return 1 + sum(len(step(self.first)) - 1 for step in self.steps())
