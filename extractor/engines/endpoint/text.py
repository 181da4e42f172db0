"""Servers that take no token ids: the same prompt as text, which they encode again."""

from dataclasses import dataclass, replace
from typing import Any

from extractor.engines.endpoint.llama import Decode, stops
from extractor.engines.endpoint.wire import (
    Asked,
    WireName,
    drawn,
    ended_thought,
    held_to,
    parsed,
    seed_of,
    without_text,
)
from extractor.types import Completion, Finish, Request

DONE: dict[str, Finish] = {"stop": "stop", "length": "length"}


@dataclass(frozen=True, slots=True)
class TextWire:
    """LM Studio and mlx-lm: /v1/completions, which applies no chat template."""

    model: str
    decode: Decode
    seed: int
    name: WireName = "text"

    def ask(self, request: Request, constrained: bool) -> Asked:
        """Text in, text out."""
        body = {
            "model": self.model,
            "prompt": self.decode(request.prompt),
            "max_tokens": request.max_tokens,
            **drawn(request.sampling),
            "top_k": max(0, request.sampling.top_k),
            "stop": stops(request, self.decode),
            "seed": seed_of(self.seed, request),
        }
        return Asked("/v1/completions", body | (held_to(request.schema) if constrained and request.schema else {}))

    def read(self, request: Request, said: Any) -> Completion:
        """Without tokens; what stopped it is not told."""
        return replace(without_text(request, said), text=said["choices"][0]["text"])


@dataclass(frozen=True, slots=True)
class OllamaWire:
    """Ollama: /api/generate, raw. It would cut a prompt that is too long in silence, unless told not to."""

    model: str
    decode: Decode
    seed: int
    context: int  # tokens: what it is to load the model with
    name: WireName = "text"

    def ask(self, request: Request, constrained: bool) -> Asked:
        """Text in, text out."""
        options = drawn(request.sampling)
        options |= {"repeat_penalty": options.pop("repetition_penalty"), "top_k": max(0, options["top_k"])}
        options |= {"num_ctx": self.context, "num_predict": request.max_tokens, "seed": seed_of(self.seed, request)}
        body = {
            "model": self.model,
            "prompt": self.decode(request.prompt),
            "raw": True,
            "stream": False,
            "truncate": False,
            "shift": False,
            "keep_alive": "30m",
            "options": options | {"stop": stops(request, self.decode)},
        }
        schema = {"format": parsed(request.schema)} if constrained and request.schema is not None else {}
        return Asked("/api/generate", body | schema)

    def read(self, request: Request, said: Any) -> Completion:
        """With the seconds of prompt and answer; a thought may come in a field of its own."""
        finish = DONE[said["done_reason"]]
        return Completion(
            request=request,
            text=(said.get("thinking") or "") + said["response"] if request.is_thought else said["response"],
            finish=finish,
            stopped_by=ended_thought(request, finish),
            prompt_tokens=said.get("prompt_eval_count", 0),  # left out where all of it was cached
            output_tokens=said["eval_count"],
            first_token_seconds=_seconds(said.get("prompt_eval_duration")),
            seconds=_seconds(said.get("eval_duration")),
        )


def _seconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / 1e9
