"""The seam between requests and whatever answers them."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from extractor.types import Completion, Request


class Engine(Protocol):
    """Answers requests.

    `generate` gives exactly one completion for each request, in any order. It takes a request only when there is room
    (read-ahead at most `window`); a None among the requests says "nothing at the moment": it asks again after the next
    completion, and ends when nothing is under way. One request's failure is a completion with `finish="error"`; the
    engine's own failure raises EngineError. It may be called again, and prints nothing.
    """

    window: int

    def generate(self, requests: Iterable[Request | None]) -> Iterator[Completion]: ...

    def close(self) -> None: ...
