"""How a request is put to a server and its answer read: what the wires have in common. No wire sends anything itself.

Fields and shapes are those of the servers' own answers and sources; the guide (engines) says which were seen.
"""

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal, Protocol

from extractor.types import Completion, Finish, Request, Sampling

WireName = Literal["ids", "text", "chat"]
FINISHES: dict[str | None, Finish] = {
    "stop": "stop",
    "length": "length",
    "repetition": "repetition",
    "abort": "aborted",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One HTTP request: POST of this JSON to this path of the server."""

    path: str
    body: dict[str, Any]


class Wire(Protocol):
    """One way to ask a server; pure, so that what we would send can be looked at."""

    @property
    def name(self) -> WireName:
        """What stands for the prompt: token ids, their text, or messages."""

    def ask(self, request: Request, constrained: bool) -> Asked:
        """What is sent for this request, with its schema where the server is to hold the answer to it."""

    def read(self, request: Request, said: Any) -> Completion:
        """The completion that this answer is; LookupError, TypeError or ValueError for what is no answer."""


def drawn(sampling: Sampling) -> dict[str, Any]:
    """All of the sampling, by vLLM's names: a server has defaults of its own for what is left out."""
    return asdict(sampling)


def held_to(schema: str) -> dict[str, Any]:
    """OpenAI's field for an answer held to a schema."""
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": parsed(schema)}}}


@lru_cache(maxsize=64)
def parsed(schema: str) -> Any:
    """A request's schema, read once for all that have it; not to be changed."""
    return json.loads(schema)


def finish_of(reason: str | None) -> tuple[Finish, str]:
    """How it ended, in our words, and the error where that is one."""
    finish = FINISHES.get(reason, "error")
    return finish, f"the server ended it with {reason!r}" if finish == "error" else ""


def ended_thought(request: Request, finish: Finish) -> str | int | None:
    """What stopped a thought where the server does not tell: its end, for it has been asked for nothing more."""
    return request.stop[0] if request.is_thought and finish == "stop" and request.stop else None


def without_text(request: Request, said: Any) -> Completion:
    """What OpenAI's answer says beside its text: how it ended, and the counts."""
    usage, (finish, error) = said["usage"], finish_of(said["choices"][0]["finish_reason"])
    return Completion(
        request,
        "",
        finish=finish,
        stopped_by=ended_thought(request, finish),
        prompt_tokens=usage["prompt_tokens"],
        cached_tokens=cached(usage),
        output_tokens=usage["completion_tokens"],
        error=error,
    )


def seed_of(seed: int, request: Request) -> int:
    """The seed of a request: another one for each attempt, or the same draw would come again."""
    return (seed + request.attempt - 1) % 2**31


def cached(usage: dict[str, Any]) -> int:
    """Prompt tokens that the server's cache spared; 0 where it does not tell."""
    return int((usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0)
