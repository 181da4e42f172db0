"""One of several shares of the documents, disjoint and whole together, however often and wherever they are read."""

import re
from dataclasses import dataclass

from extractor.fingerprint import share_of


@dataclass(frozen=True, slots=True)
class Shard:
    """The share `number`, counted from 1, `of` so many."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """The shard that "3/8" names; ValueError with the cure for what names none."""
        if shard := _read(text, "/"):
            return shard
        raise ValueError("write it as I/N, from 1/N to N/N: 3/8 is the third of eight")

    @classmethod
    def named(cls, name: str) -> "Shard | None":
        """The shard that has this `name`; None where none can have it."""
        return _read(name, "-of-")

    @property
    def name(self) -> str:
        """As a folder may be called."""
        return f"{self.number}-of-{self.of}"

    def __str__(self) -> str:
        """As a person writes it."""
        return f"{self.number}/{self.of}"

    def has(self, doc_id: str) -> bool:
        """Whether the document of this id is in it."""
        return share_of(doc_id, self.of) == self.number - 1


def _read(text: str, between: str) -> Shard | None:
    found = re.fullmatch(rf"([1-9]\d{{0,5}}){between}([1-9]\d{{0,5}})", text, re.ASCII)
    return Shard(int(found[1]), int(found[2])) if found and int(found[1]) <= int(found[2]) else None
