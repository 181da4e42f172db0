"""vLLM's start: what is loaded, and what to do where it cannot be."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from extractor.engines.arguments import llm_arguments
from extractor.engines.quiet import errors_since, size_of
from extractor.errors import WITH_MODEL, EngineError, UserError, install


@dataclass(frozen=True, slots=True)
class VllmSettings:
    """What to load: `given` holds --engine-arg values, which go to vLLM verbatim and win over every default."""

    location: str
    revision: str | None
    context: int
    seed: int
    log: Path  # where vLLM's own output goes
    given: dict[str, Any] = field(default_factory=dict)
    overrides: dict[str, Any] = field(default_factory=dict)  # for a context beyond the model's own
    environment: dict[str, str] = field(default_factory=dict)
    trusted: bool = False  # code of the model's folder may run


@dataclass(frozen=True, slots=True)
class Cure:
    """A start that failed: the words it is known by, what it means, and what helps."""

    said: str  # searched in the message
    means: str
    helps: str
    by_vllm: bool = True  # vLLM's own words, else those of torch or transformers


_FEWER = "--engine-arg max_num_seqs=64"
_SMALLER = "take a smaller or a quantised model (FP8, AWQ), or spread it: --engine-arg tensor_parallel_size=2"
_MORE = "--engine-arg kv_cache_memory_bytes=BYTES (CPU), gpu_memory_utilization=0.95 (GPU)"
# The first that fits; vLLM's words are those of 0.22 to 0.33
CURES = (
    Cure(
        r"less than (desired GPU memory utilization|the engine's budget)",
        "other programs hold the GPU's memory",
        "end them (nvidia-smi shows them), or take less of it: --engine-arg gpu_memory_utilization=0.5",
    ),
    Cure(
        r"Error in memory profiling",
        "another program took or freed GPU memory meanwhile",
        "start again when the GPU is ours alone",
    ),
    Cure(
        r"less than (requested memory for kv|desired CPU memory utilization)",
        "not enough free memory beside the model",
        "end other programs, take a smaller model, or ask for less: --engine-arg kv_cache_memory_bytes=BYTES",
    ),
    Cure(
        r"out of memory occurred when warming up",
        "the GPU has no room for so many requests at once",
        f"ask less at once, {_FEWER}, or leave more room: --engine-arg gpu_memory_utilization=0.8",
    ),
    Cure(
        r"out of memory|can't allocate memory|Cannot allocate memory|ALLOC_FAILED",
        "the model does not fit into memory",
        f"{_SMALLER}; near the end of loading it also helps to leave more room: --engine-arg"
        f" gpu_memory_utilization=0.8 or {_FEWER}",
        by_vllm=False,
    ),
    Cure(
        r"No available memory for the cache blocks|leaving none for the KV cache",
        "the model's weights leave no room for a KV cache",
        f"give more, {_MORE}, or {_SMALLER}",
    ),
    Cure(
        r"KV cache is needed, which is larger than",
        "not enough memory for the KV cache",
        f"lower --context, or give more: {_MORE}",
    ),
    Cure(
        r"[Dd]evice string must not be empty|Failed to infer device type|no NVIDIA driver|libcuda\.so",
        "this build of vLLM is for a GPU, and finds none",
        f"without one, {install('cpu')}; with one, see that its driver shows it (nvidia-smi, rocm-smi, xpu-smi)",
        by_vllm=False,
    ),
    Cure(
        r"driver on your system is too old|no kernel image is available",
        "this build of vLLM does not fit the GPU or its driver",
        "update the driver, or install the vLLM that is built for this GPU (docs.vllm.ai, Installation)",
        by_vllm=False,
    ),
    Cure(
        r"only supported on GPUs with compute capability",
        "the GPU is too old for the model's number format",
        "take another: --engine-arg dtype=half",
    ),
    Cure(
        r"trust_remote_code|contains custom code|custom code contained in",
        "the model runs code out of its own folder, which nobody has checked",
        "read that code, then add --trust-remote-code, or take a model that needs none",
        by_vllm=False,
    ),
    Cure(
        r"greater than the derived max_model_len",
        "--context is beyond the model's own",
        "lower it",
    ),
    Cure(
        r"/dev/shm|unable to allocate shared memory",
        "too little shared memory",
        "give the container more: docker run --shm-size=8g, or --ipc=host",
        by_vllm=False,
    ),
)


def load(settings: VllmSettings) -> Any:
    """A loaded `vllm.LLM`; UserError with the cure where a person can mend it, else EngineError.

    Of the log only what this start wrote is read: what stands there before is another's.
    """
    start = size_of(settings.log)
    try:
        from vllm import LLM
        from vllm.platforms import current_platform

        processor = _processor() if current_platform.is_cpu() else None
    except ImportError as error:
        raise could_not_import(error) from None
    arguments = llm_arguments(settings.location, settings.context, settings.seed, processor)
    arguments |= {"revision": settings.revision, "trust_remote_code": settings.trusted, **settings.overrides}
    try:
        return LLM(**{name: value for name, value in (arguments | settings.given).items() if value is not None})
    except Exception as error:
        raise could_not_start(error, settings.log, start) from error


def could_not_import(error: ImportError) -> UserError:
    """Why vLLM, or a library that it is built on, cannot be imported."""
    known = _cure_for(str(error))
    if known:
        return UserError(f"vLLM cannot be imported: {known.means}: {error}; {known.helps}")
    return UserError(f"vLLM cannot be imported ({error}); {WITH_MODEL}")


def could_not_start(error: Exception, log: Path, start: int) -> Exception:
    """The error for a start that failed; `start` is the size of the log before it, in bytes."""
    logged, raised = errors_since(log, start), _first_line(error)
    for one in (raised, *reversed(logged)):
        if known := _cure_for(one):
            return UserError(f"{known.means}: {one}; {known.helps}")
    said = logged[-1] if logged else raised
    if isinstance(error, TypeError | ValueError):
        return UserError(f"vLLM refuses this model or --engine-arg: {said}")
    return EngineError(f"vLLM could not start: {said} (all of it: {log})")


def _first_line(error: Exception) -> str:
    """What the error says, without pydantic's heading."""
    text = re.sub(r"\A\d+ validation errors? for .*\n(?:\w.*\n)?\s*(?:Value error, )?", "", str(error))
    lines = text.strip().splitlines() or [repr(error)]
    return re.sub(r" \[type=\w+, input_value=.*", "", lines[0])[:400]


def _cure_for(said: str) -> Cure | None:
    return next((cure for cure in CURES if re.search(cure.said, said)), None)


def _processor() -> str:
    import torch

    return str(torch.backends.cpu.get_cpu_capability())
