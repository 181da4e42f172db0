"""The seam between requests and whatever answers them."""

from typing import Any, Protocol, runtime_checkable

from extractor.types import Completion, Request


class Engine(Protocol):
    """Answers requests, in any order, each exactly once.

    One request's failure is a completion that says `error`; a request that was dropped unanswered (`aborted`) counts
    as never asked. Where a request asks for `logprobs`, its completion has one for each of its tokens, or those of its
    values where they were read already; none at all comes from servers that do not tell them. The engine's own failure
    is an EngineError. It prints nothing.
    """

    @property
    def room(self) -> int:
        """Requests it would take now without queueing them beyond its window."""

    @property
    def steps(self) -> int:
        """Grows with every sign of life, such as a step of the model, whether or not an answer is complete."""

    def submit(self, request: Request) -> None:
        """Takes the request and never blocks; a bad one comes back from `poll` as a completion with an error."""

    def poll(self, seconds: float) -> list[Completion]:
        """What came back, possibly nothing, within about that time; EngineError if the engine is dead."""

    def close(self) -> None:
        """Ends everything, its processes too; what was under way is nobody's answer."""


@runtime_checkable
class Telling(Protocol):
    """An engine that has more to tell than answers, as one has that asks servers."""

    @property
    def facts(self) -> list[dict[str, Any]]:
        """What each server says of itself, and what came of trying it; nothing in it is secret."""

    def news(self) -> list[str]:
        """Lines that a person should know, each given once."""
