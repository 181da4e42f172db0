"""All that we use of vLLM, in one place: what the tests hold against each release that we say we work with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Used:
    """A name of vLLM: what we pass to it, and what we read of it."""

    module: str
    name: str
    parameters: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    needed: bool = True  # else we do without it where it is not there


_ARGUMENTS = ("model", "revision", "trust_remote_code", "seed", "max_model_len", "structured_outputs_config")
_ON_A_CPU = ("kv_cache_memory_bytes", "max_num_seqs", "enforce_eager", "dtype")
_DRAWING = ("temperature", "top_p", "top_k", "min_p", "presence_penalty", "repetition_penalty")
_ENDING = (
    "max_tokens",
    "stop",
    "stop_token_ids",
    "skip_special_tokens",
    "output_kind",
    "structured_outputs",
    "logprobs",
)
_TIMES = ("queued_ts", "scheduled_ts", "first_token_ts", "last_token_ts")

USED: tuple[Used, ...] = (
    Used("vllm", "LLM", members=("llm_engine",)),
    # LLM hands on what it does not name itself
    Used("vllm.engine.arg_utils", "EngineArgs", (*_ARGUMENTS, *_ON_A_CPU, "disable_log_stats", "hf_overrides")),
    Used("vllm", "SamplingParams", (*_DRAWING, *_ENDING)),
    Used("vllm", "SamplingParams", ("repetition_detection",), needed=False),
    Used("vllm.sampling_params", "RequestOutputKind", members=("FINAL_ONLY",)),
    Used("vllm.sampling_params", "StructuredOutputsParams", ("json",)),
    Used(
        "vllm.sampling_params",
        "RepetitionDetectionParams",
        ("max_pattern_size", "min_pattern_size", "min_count"),
        needed=False,
    ),
    Used("vllm.v1.engine.llm_engine", "LLMEngine", members=("add_request", "step", "engine_core", "vllm_config")),
    Used("vllm.v1.engine.core_client", "EngineCoreClient", members=("shutdown",)),
    Used("vllm.v1.engine.core_client", "SyncMPClient", members=("outputs_queue",)),
    Used("vllm.exceptions", "VLLMClientError", needed=False),  # before it came, a refusal was a ValueError
    Used("vllm.config", "SchedulerConfig", members=("max_num_seqs",)),
    Used(
        "vllm.outputs", "RequestOutput", members=("request_id", "finished", "outputs", "metrics", "num_cached_tokens")
    ),
    Used("vllm.outputs", "CompletionOutput", members=("text", "token_ids", "finish_reason", "stop_reason")),
    Used("vllm.v1.metrics.stats", "RequestStateStats", members=_TIMES),
    Used("vllm.v1.metrics.stats", "RequestStateStats", members=("num_preemptions",), needed=False),
    Used("vllm.platforms", "current_platform"),
    Used("vllm.platforms.interface", "Platform", members=("device_type", "is_cpu")),
)
# what `extract bench` asks beside that, and no run; the table of releases does not hold it
FOR_BENCH: tuple[Used, ...] = (
    Used("vllm", "LLM", members=("generate", "chat", "reset_prefix_cache")),
    Used("vllm.outputs", "RequestOutput", members=("prompt_token_ids",)),
)
ENVIRONMENT = (
    "VLLM_CPU_OMP_THREADS_BIND",
    "VLLM_ENABLE_V1_MULTIPROCESSING",
    "VLLM_LOGGING_LEVEL",
    "VLLM_NO_USAGE_STATS",
    "VLLM_USE_MODELSCOPE",
)


def refusals() -> tuple[type[Exception], ...]:
    """What vLLM raises for a request that it does not take; its releases before 0.27 raise ValueError only."""
    try:
        from vllm.exceptions import VLLMClientError
    except ImportError:
        return (ValueError, TypeError)
    return (VLLMClientError, ValueError, TypeError)
