"""A loaded vLLM asked as scripts ask it: many requests in one call, which ends when the last is answered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from extractor.engines.surface import refusals
from extractor.errors import EngineError
from extractor.types import Completion, Request


@dataclass(frozen=True, slots=True)
class Timed:
    """A completion with when its request was in the engine, in seconds of the monotonic clock."""

    completion: Completion
    queued: float
    ended: float


class RawLLM:
    """`vllm.LLM.generate` and `vllm.LLM.chat` for our requests, and nothing of ours around them."""

    def __init__(
        self, llm: Any, parameters: Callable[[Request], Any], completion: Callable[[Request, Any], Completion]
    ) -> None:
        self._llm, self._parameters, self._completion = llm, parameters, completion

    @property
    def seats(self) -> int:
        """Requests that one step of the model takes, at most."""
        return int(self._llm.llm_engine.vllm_config.scheduler_config.max_num_seqs)

    @property
    def in_process(self) -> bool:
        """Whether the engine has no process of its own, and so stands still while nobody steps it."""
        return getattr(self._llm.llm_engine.engine_core, "outputs_queue", None) is None

    def forget(self) -> None:
        """Empties the prefix cache."""
        self._llm.reset_prefix_cache()

    def generate(self, requests: Sequence[Request]) -> list[Timed]:
        """The answers to the prompts, token ids as they are. EngineError for a request that vLLM refuses."""
        prompts = [{"prompt_token_ids": request.prompt} for request in requests]
        return self._timed(requests, lambda asked: self._llm.generate(prompts, asked, use_tqdm=False))

    def chat(
        self, requests: Sequence[Request], messages: Sequence[list[dict[str, Any]]], switch: dict[str, Any]
    ) -> list[Timed]:
        """The same by messages, which vLLM renders and encodes itself; `switch` is what its chat template is given."""
        asking: dict[str, Any] = {"chat_template_kwargs": switch, "use_tqdm": False}
        return self._timed(requests, lambda asked: self._llm.chat(list(messages), asked, **asking))

    def _timed(self, requests: Sequence[Request], ask: Callable[[list[Any]], list[Any]]) -> list[Timed]:
        try:
            outputs = ask([self._parameters(request) for request in requests])
        except refusals() as error:
            raise EngineError(f"vLLM refuses a request: {str(error).splitlines()[0][:500]}") from error
        except Exception as error:
            raise EngineError(f"the engine died: {str(error) or repr(error)}") from error
        return [self._as_timed(*pair) for pair in zip(requests, outputs, strict=True)]

    def _as_timed(self, request: Request, output: Any) -> Timed:
        completion = replace(self._completion(request, output), prompt_tokens=len(output.prompt_token_ids))
        return Timed(completion, output.metrics.queued_ts, output.metrics.last_token_ts)
