"""One attempt at a document, as far as it has come."""

from dataclasses import dataclass

from extractor.types import Completion, Request


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is asked now, and what of the same attempt has come back already."""

    asked: Request
    thought: Completion | None = None  # that the prompt of the answer holds
    property: str | None = None  # the one property asked for, where the schema is asked in pieces
    pieces: tuple[Completion, ...] = ()  # the answers for the properties before it
