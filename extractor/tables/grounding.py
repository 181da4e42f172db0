"""Where a name stands in the text. Offsets count code points; text[start:end] is the mention."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from extractor.tables.fold import Folded, Span, breaks_letter, fold, fold_text, is_whole, places, without_accents
from extractor.tables.nearest import nearest

Match = Literal["exact", "normalised", "fuzzy", "none"]
FUZZY_ROOM = 50_000  # characters of one text, or of the parts that said a name, that are searched for its likenesses
SHORT = 3  # letters: a name so short in capitals is no word in small letters (US, us)


@dataclass(frozen=True, slots=True)
class Grounded:
    """Every mention of a name, left to right, not overlapping, and how they were found; a score where that is fuzzy."""

    mentions: list[Span] = field(default_factory=list)
    match: Match = "none"
    score: float | None = None


class Ground:
    """A document's text, in which names stand; `said_in` are the parts of it that answers gave each name for.

    Of several ways to find a name the first that finds any gives all its mentions: as it is written, in whole words;
    with the same fold; as it is written, in a part of a word, where the name has four characters or more; almost so
    written. The last looks only at the parts that said the name, else at the whole text, and at FUZZY_ROOM characters
    at most: a longer text without such parts is not searched so. Each name takes time in proportion to the text.
    """

    def __init__(self, text: str, said_in: Mapping[str, Sequence[Span]] | None = None) -> None:
        self.text = text
        self._said_in = said_in or {}
        self._known: dict[str, Grounded] = {}

    def find(self, name: str) -> Grounded:
        """All mentions of a name."""
        if name not in self._known:
            self._known[name] = self._look(name)
        return self._known[name]

    def first(self, quote: str) -> Span | None:
        """Where a quote stands first, as it is written or with the same fold; None where it does not."""
        start = self.text.find(quote)
        if start >= 0:
            return start, start + len(quote)
        return next(iter(places(fold(quote), self._folded.text, self._folded.span)), None)

    @cached_property
    def _folded(self) -> Folded:
        return fold_text(self.text)

    def _look(self, name: str) -> Grounded:
        if spans := places(name, self.text, self._word):
            return Grounded(spans, "exact")
        said = fold(name)
        if spans := places(said, self._folded.text, lambda start, end: self._same(name, start, end)):
            return Grounded(spans, "normalised")
        if spans := places(name, self.text, self._part):
            return Grounded(spans, "exact")
        spans, score = self._near(name)
        return Grounded(spans, "fuzzy", score) if spans else Grounded()

    def _word(self, start: int, end: int) -> Span | None:
        fits = is_whole(self.text, start, end) and not breaks_letter(self.text, start, end)
        return (start, end) if fits else None

    def _part(self, start: int, end: int) -> Span | None:
        """A part of a word; a number is none of a longer one."""
        text = self.text
        longer = any(0 < at < len(text) and text[at - 1 : at + 1].isdigit() for at in (start, end))
        fits = end - start > SHORT and not longer and not breaks_letter(text, start, end)
        return (start, end) if fits else None

    def _same(self, name: str, start: int, end: int) -> Span | None:
        span = self._folded.span(start, end) if is_whole(self._folded.text, start, end) else None
        return None if span and self._is_small(name, span) else span

    def _is_small(self, name: str, span: Span) -> bool:
        """Whether only small letters stand there, for a short Latin name with a capital: us is not the US."""
        letters = [character for character in without_accents(fold(name)) if character.isalnum()]
        short = len(letters) <= SHORT and all("a" <= letter <= "z" for letter in letters)
        return short and any(map(str.isupper, name)) and self.text[slice(*span)].islower()

    def _near(self, name: str) -> tuple[list[Span], float | None]:
        room, parts = FUZZY_ROOM, list[Span]()
        for start, end in self._said_in.get(name) or [(0, len(self.text))]:
            room -= end - start
            if room >= 0:
                parts.append((start, end))
        spans, score = nearest(name, self._folded, parts)
        return [span for span in spans if not self._is_small(name, span)], score
