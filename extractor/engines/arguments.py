"""Sensible vLLM arguments for a CPU and for a GPU, as plain values."""

import os
from collections.abc import Iterable
from typing import Any

from extractor.engines.device import device
from extractor.engines.memory import memory_available

MIB = 1 << 20


def llm_arguments(location: str, context: int, seed: int, processor: str | None) -> dict[str, Any]:
    """Keyword arguments for `vllm.LLM`; log stats are on since the timings come from them.

    `processor` is what vLLM's CPU build runs on, in torch's words ("AVX2", "AVX512", …); None where a GPU serves.
    """
    shared: dict[str, Any] = {
        "model": location,
        "seed": seed,
        "max_model_len": context,
        "structured_outputs_config": {"backend": "guidance"},
        "disable_log_stats": False,
    }
    return shared | (_cpu(memory_available(), processor) if processor else {})


def _cpu(available: int, processor: str) -> dict[str, Any]:
    # An eighth of the free memory: the weights lie there twice, as loaded and as packed for the processor.
    cache = min(max(available // 8, 256 * MIB), 8192 * MIB) // MIB * MIB
    # oneDNN multiplies bfloat16 from AVX-512 on; below it vLLM falls back to a loop, measured seven times slower
    whole = {"dtype": "float32"} if processor == "AVX2" else {}
    return {"kv_cache_memory_bytes": cache, "max_num_seqs": 64, "enforce_eager": True, **whole}


def prepare_environment(wanted: dict[str, str]) -> None:
    """Environment that vLLM reads at import; what the user has set stays."""
    defaults = {
        # vLLM's own choice leaves one core of two without work
        "VLLM_CPU_OMP_THREADS_BIND": cores_in_words(os.sched_getaffinity(0)),
        # one process instead of three: a third of the memory and of the time to load; a GPU run keeps them, so that
        # the device never waits for our Python
        **({"VLLM_ENABLE_V1_MULTIPROCESSING": "0"} if device() == "cpu" else {}),
        "VLLM_LOGGING_LEVEL": "WARNING",
        "VLLM_NO_USAGE_STATS": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    for name, value in (defaults | wanted).items():
        os.environ.setdefault(name, value)


def cores_in_words(cores: Iterable[int]) -> str:
    """Exactly these cores, as vLLM reads them: "0-3,7"."""
    runs: list[list[int]] = []
    for core in sorted(cores):
        if runs and core == runs[-1][-1] + 1:
            runs[-1].append(core)
        else:
            runs.append([core])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
