"""The seam between requests and whatever answers them."""

from typing import Protocol

from extractor.types import Completion, Request


class Engine(Protocol):
    """Answers requests, in any order, each exactly once.

    One request's failure is a completion that says `error`; a request that was dropped unanswered (`aborted`) counts
    as never asked. Where a request asks for `logprobs`, its completion has one for each of its tokens, or those of its
    values where they were read already. The engine's own failure is an EngineError. It prints nothing.
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
