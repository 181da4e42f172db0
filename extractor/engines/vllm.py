"""vLLM offline, in process: one step of its engine a poll."""

import time
from contextlib import suppress
from functools import lru_cache
from itertools import count
from typing import Any

from extractor.engines.arguments import prepare_environment
from extractor.engines.doubts import Doubts
from extractor.engines.quiet import captured_stderr, log_to
from extractor.engines.raw import RawLLM
from extractor.engines.startup import VllmSettings, load
from extractor.engines.surface import refusals
from extractor.errors import EngineError
from extractor.system.children import Children
from extractor.types import Completion, Finish, Request, Sampling

FINISHES: dict[str | None, Finish] = {
    "stop": "stop",
    "length": "length",
    "repetition": "repetition",
    "abort": "aborted",
}


class VllmEngine:
    """One loaded model; it holds twice what it batches, so that it never waits for the next request."""

    def __init__(self, settings: VllmSettings) -> None:
        started = time.monotonic()
        prepare_environment(settings.environment)
        self._children = Children()
        with captured_stderr(settings.log), self._children.starting():
            self._llm = load(settings)
        log_to(settings.log, "vllm")
        self._engine = self._llm.llm_engine
        self._window = 2 * int(self._engine.vllm_config.scheduler_config.max_num_seqs)
        self._names, self._under_way = count(), dict[str, Request]()
        self._refused, self._doubts = list[Completion](), Doubts()
        self.steps = 0
        self.load_seconds = time.monotonic() - started

    @property
    def room(self) -> int:
        """Requests it would take now."""
        return self._window - len(self._under_way) - len(self._refused) - len(self._doubts.held)

    def submit(self, request: Request) -> None:
        """Adds the request to vLLM's queue; what vLLM refuses comes back from the next poll."""
        name = str(next(self._names))
        if refused := self._add(name, request):
            self._refused.append(refused)
        else:
            self._under_way[name] = request

    def poll(self, seconds: float) -> list[Completion]:
        """What one step of the model completed, however long that takes; from a process of vLLM's, within that time."""
        came, self._refused = self._refused, []
        if came or not self._under_way or not self._has_news(seconds):
            return came
        done = [output for output in self._step() if output.finished]
        completions = [_completion(self._under_way.pop(output.request_id), output) for output in done]
        return self._doubts.believe(completions, more_to_come=bool(self._under_way))

    @property
    def raw(self) -> RawLLM:
        """The same model, asked as a script would ask it; only while nothing is under way here."""
        return RawLLM(self._llm, _asked, _completion)

    def close(self) -> None:
        """Frees the model and ends vLLM's processes, and theirs."""
        try:
            with suppress(Exception):  # of a process that is dead already
                self._engine.engine_core.shutdown()
        finally:
            self._children.kill()

    def _has_news(self, seconds: float) -> bool:
        """Whether a step would not wait in vain. vLLM itself waits for ever where its process was killed."""
        queue = getattr(self._engine.engine_core, "outputs_queue", None)
        if queue is None:  # no process of its own: the step is the work
            return True
        with queue.not_empty:
            if queue.not_empty.wait_for(lambda: queue.queue, seconds):
                return True
        if death := self._children.death():
            raise EngineError(f"the engine died: {death}")
        return False

    def _add(self, name: str, request: Request) -> Completion | None:
        try:
            prompt = {"type": "token", "prompt_token_ids": request.prompt}
            self._engine.add_request(name, prompt, _asked(request))
        except refusals() as error:
            return Completion(request, "", finish="error", error=str(error).splitlines()[0][:500])
        except Exception as error:  # such as that of a socket to a process that has just died
            raise EngineError(f"the engine died: {self._children.death() or _said(error)}") from error
        return None

    def _step(self) -> list[Any]:
        self.steps += 1
        try:
            return list(self._engine.step())
        except EngineError:  # the watchdog's
            raise
        except Exception as error:
            raise EngineError(f"the engine died: {self._children.death() or _said(error)}") from error


def _said(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else repr(error)


def _asked(request: Request) -> Any:
    """How the request is to be answered, as vLLM's SamplingParams."""
    return _parameters(request.sampling, request.max_tokens, request.schema, request.stop, request.logprobs)


@lru_cache(maxsize=1024)
def _parameters(
    sampling: Sampling, max_tokens: int, schema: str | None, stop: tuple[str | int, ...], logprobs: bool
) -> Any:
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

    return SamplingParams(
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_k=sampling.top_k,
        min_p=sampling.min_p,
        presence_penalty=sampling.presence_penalty,
        repetition_penalty=sampling.repetition_penalty,
        max_tokens=max_tokens,
        stop=[text for text in stop if isinstance(text, str)],
        stop_token_ids=[token for token in stop if isinstance(token, int)],
        structured_outputs=StructuredOutputsParams(json=schema) if schema is not None else None,
        output_kind=RequestOutputKind.FINAL_ONLY,
        logprobs=0 if logprobs else None,  # 0: of the tokens drawn, and of no others
        skip_special_tokens=False,
        **_loop_guard(),
    )


def _loop_guard() -> dict[str, Any]:
    try:
        from vllm.sampling_params import RepetitionDetectionParams
    except ImportError:  # releases before it came
        return {}
    # Patterns shorter than 16 tokens repeat in honest lists; three times over is no honest list any more. Longer ones
    # than 96 would cost the scheduler more for every token than they save.
    return {"repetition_detection": RepetitionDetectionParams(max_pattern_size=96, min_pattern_size=16, min_count=3)}


def _completion(request: Request, output: Any) -> Completion:
    best, times = output.outputs[0], output.metrics
    finish = FINISHES.get(best.finish_reason, "error")
    tokens = list(best.token_ids)
    if best.stop_reason in request.stop and isinstance(best.stop_reason, int):
        tokens = tokens[:-1]
    return Completion(
        request=request,
        text=best.text,
        tokens=tokens,
        finish=finish,
        stopped_by=best.stop_reason if best.stop_reason in request.stop else None,
        prompt_tokens=len(request.prompt),
        cached_tokens=output.num_cached_tokens or 0,
        output_tokens=len(best.token_ids),
        logprobs=[of[token].logprob for of, token in zip(best.logprobs or (), tokens, strict=False)],
        queue_seconds=times.scheduled_ts - times.queued_ts if times else None,
        first_token_seconds=times.first_token_ts - times.scheduled_ts if times else None,
        seconds=times.last_token_ts - times.first_token_ts if times else None,
        preemptions=getattr(times, "num_preemptions", 0),
        error=f"vLLM ended it with '{best.finish_reason}'" if finish == "error" else "",
    )
