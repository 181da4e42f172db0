"""The words of a text that a person's new relation stands in, for schemas that want evidence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from extractor.review.asked import ReviewedRow
from extractor.tables.fold import fold

LONGEST = 300  # characters
_BEFORE, _AFTER = re.compile(r"[^。！？\n.!?]*\Z"), re.compile(r"[^。！？\n.!?]*[。！？.!?]?")


@dataclass(frozen=True, slots=True)
class Quotes:
    """A text, and the entities that a person left in it."""

    text: str
    entities: Sequence[ReviewedRow]

    def of(self, subject: object, target: object) -> str | None:
        """The sentence, or sentences, in which both stand nearest to each other; None where that is too far."""
        pairs = product(self._places(subject), self._places(target))
        spans = [(min(a[0], b[0]), max(a[1], b[1])) for a, b in pairs]
        start, end = min(spans, key=lambda span: span[1] - span[0], default=(0, 0))
        if not 0 < end - start <= LONGEST:
            return None
        whole = self._sentence(start, end)
        return whole if len(whole) <= LONGEST else self.text[start:end]

    def _sentence(self, start: int, end: int) -> str:
        before = _BEFORE.search(self.text[max(start - LONGEST, 0) : start])
        after = _AFTER.match(self.text[end : end + LONGEST])
        return ((before[0] if before else "") + self.text[start:end] + (after[0] if after else "")).strip()

    def _places(self, name: object) -> list[tuple[int, int]]:
        called = fold(str(name or ""))
        return [span for row in self.entities if fold(str(row.values.get("name"))) == called for span in row.mentions]
