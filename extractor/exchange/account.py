"""What a conversion could not take along, or only changed: counted, so that nothing goes silently."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Account:
    """What was left out and what was changed, in words that follow a number ("relations without a label")."""

    left_out: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)

    def lines(self) -> Iterator[str]:
        """A line for each of both that holds anything."""
        for word, counted in (("left out", self.left_out), ("changed", self.changed)):
            if said := ", ".join(f"{count:,} {what}" for what, count in counted.items() if count):
                yield f"{word}: {said}"
