"""vLLM's and SGLang's servers: /v1/completions with token ids, so that the prompt is ours token for token."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from extractor.engines.endpoint.wire import Asked, WireName, drawn, held_to, without_text
from extractor.types import Completion, Request

# As in process (engines/vllm.py): shorter patterns repeat in honest lists, longer ones cost more than they save
LOOPS = {"repetition_detection": {"max_pattern_size": 96, "min_pattern_size": 16, "min_count": 3}}


@dataclass(frozen=True, slots=True)
class IdsWire:
    """The seed is the server's own: one a request would take vLLM's sampling of whole batches away."""

    model: str  # as the server calls it
    kind: Literal["vllm", "sglang"] = "vllm"
    context: int | None = None  # tokens, the server's
    name: WireName = "ids"

    def ask(self, request: Request, constrained: bool) -> Asked:
        """Ids in, ids out."""
        body = {
            "model": self.model,
            "prompt": request.prompt,
            "max_tokens": request.max_tokens,
            **drawn(request.sampling),
            "stop": [text for text in request.stop if isinstance(text, str)],
            "stop_token_ids": [token for token in request.stop if isinstance(token, int)],
            "skip_special_tokens": False,
            "return_token_ids": True,
            **(LOOPS if self.kind == "vllm" else self._for_sglang(request)),
        }
        if constrained and request.schema is not None:
            body |= held_to(request.schema)
        return Asked("/v1/completions", body | ({"logprobs": 1} if request.logprobs else {}))

    def read(self, request: Request, said: Any) -> Completion:
        """As in process, but for the seconds, which these servers keep to themselves."""
        choice = said["choices"][0]
        tokens = list(choice.get("token_ids") or [])
        stop = choice.get("stop_reason", choice.get("matched_stop"))
        stopped_by = stop if stop in request.stop else None
        if tokens and isinstance(stopped_by, int) and tokens[-1] == stopped_by:
            tokens = tokens[:-1]
        told = (choice.get("logprobs") or {}).get("token_logprobs") or ()
        return replace(
            without_text(request, said),
            text=choice["text"],
            tokens=tokens,
            stopped_by=stopped_by,
            logprobs=[one for one, _ in zip(told, tokens, strict=False)] if request.logprobs else (),
        )

    def _for_sglang(self, request: Request) -> dict[str, Any]:
        """It refuses a top_k of 0, and an answer that might not fit its context."""
        room = request.max_tokens if self.context is None else self.context - len(request.prompt) - 1
        return {"top_k": request.sampling.top_k or -1, "max_tokens": max(1, min(request.max_tokens, room))}
