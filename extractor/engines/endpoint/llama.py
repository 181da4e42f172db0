"""llama.cpp's server: its own /completion, since its /v1 tells neither tokens nor what stopped it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from extractor.engines.endpoint.wire import Asked, WireName, drawn, parsed, seed_of
from extractor.types import Completion, Finish, Request

STOPS: dict[str, Finish] = {"eos": "stop", "word": "stop", "limit": "length"}
Decode = Callable[[list[int]], str]


@dataclass(frozen=True, slots=True)
class LlamaWire:
    """Token ids; tokens that stop are sent as their text, for it knows no others."""

    decode: Decode
    seed: int
    name: WireName = "ids"

    def ask(self, request: Request, constrained: bool) -> Asked:
        """Ids in, ids out."""
        body = drawn(request.sampling)
        body |= {
            "repeat_penalty": body.pop("repetition_penalty"),
            "top_k": max(0, body["top_k"]),
            "repeat_last_n": len(request.prompt) + request.max_tokens,
        }
        body |= {"prompt": request.prompt, "n_predict": request.max_tokens, "seed": seed_of(self.seed, request)}
        body |= {"stop": stops(request, self.decode), "return_tokens": True, "cache_prompt": True}
        if constrained and request.schema is not None:
            body["json_schema"] = parsed(request.schema)
        return Asked("/completion", body | ({"n_probs": 1} if request.logprobs else {}))

    def read(self, request: Request, said: Any) -> Completion:
        """With the seconds of prompt and answer, without those in its queue."""
        times, tokens = said["timings"], list(said.get("tokens") or [])
        stop = said.get("stopping_word") or None
        stopped_by = (
            next((one for one in request.stop if stop in (one, _text(one, self.decode))), None) if stop else None
        )
        if tokens and tokens[-1] == stopped_by:
            tokens = tokens[:-1]
        told = said.get("completion_probabilities") or ()
        return Completion(
            request=request,
            text=said["content"],
            tokens=tokens,
            finish="length" if said.get("truncated") else STOPS[said["stop_type"]],
            stopped_by=stopped_by,
            prompt_tokens=said["tokens_evaluated"],
            cached_tokens=int(times.get("cache_n") or 0),
            output_tokens=said["tokens_predicted"],
            logprobs=[one["logprob"] for one, _ in zip(told, tokens, strict=False)] if request.logprobs else (),
            first_token_seconds=times["prompt_ms"] / 1000,
            seconds=times["predicted_ms"] / 1000,
        )


def stops(request: Request, decode: Decode) -> list[str]:
    """What ends a request, as text."""
    return [_text(one, decode) for one in request.stop]


def _text(stop: str | int, decode: Decode) -> str:
    return stop if isinstance(stop, str) else decode([stop])
