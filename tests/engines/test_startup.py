"""A start of vLLM that fails: the cure is for what happened, in the words that vLLM and torch print, and it is ours."""

from pathlib import Path

import pytest

from extractor.engines.quiet import captured_stderr, errors_since, size_of
from extractor.engines.startup import could_not_import, could_not_start
from extractor.errors import EngineError, UserError

BUSY = (
    "Free memory on device cuda:0 (5.12/79.19 GiB) on startup is less than desired GPU memory utilization (0.9,"
    " 71.27 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes."
)
BUDGET = (
    "Free memory on device cuda:0 (5.12/79.19 GiB) on startup is less than the engine's budget after excluding external"
    " process's weights (0.92, 30.0 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes."
)
OOM = (
    "CUDA out of memory. Tried to allocate 136.00 MiB. GPU 0 has a total capacity of 79.19 GiB of which 61.06 MiB is"
    " free. Including non-PyTorch memory, this process has 79.12 GiB memory in use."
)
WARM = (
    "CUDA out of memory occurred when warming up sampler with 1024 dummy requests. Please try lowering `max_num_seqs`"
    " or `gpu_memory_utilization` when initializing the engine."
)
NO_BLOCKS = (
    "No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine."
    " See https://docs.vllm.ai/en/latest/configuration/conserving_memory/ for more details."
)
FULL = (
    "The worker already uses 9.8 GiB (model weights and runtime), more than the 7.0 GiB of CPU memory reserved for it"
    " on node 0, leaving none for the KV cache. On the CPU backend, the `--gpu-memory-utilization` flag controls"
)
TOO_SMALL = (
    "To serve at least one request with the model's max seq len (40960), (5.62 GiB KV cache is needed, which is larger"
    " than the available KV cache memory (2.11 GiB). Based on the available memory, the estimated maximum model length"
    " is 15360. Try increasing `gpu_memory_utilization` or decreasing `max_model_len` when initializing the engine."
)
ON_CPU = (
    "Available memory on node 0 (3.1/15.6 GiB) on kv cache allocation is less than requested memory for kv (8.0 GiB)."
    " Decrease --kv-cache-memory-bytes, VLLM_CPU_KVCACHE_SPACE, or reduce CPU memory used by other processes."
)
UTILISED = (
    "Available memory on node 0 (3.1/15.6 GiB) on startup is less than desired CPU memory utilization (0.92, 14.4 GiB)."
)
PROFILING = (
    "Error in memory profiling. Initial free memory 20.1 GiB, current free memory 30.2 GiB. This happens when other"
    " processes sharing the same container release GPU memory while vLLM is profiling during initialization."
)
CODE = "The repository ./m contains custom code which must be executed to correctly load the model."
CAPABILITY = "Bfloat16 is only supported on GPUs with compute capability of at least 8.0. Your Tesla T4 GPU has 7.5."
DERIVED = "User-specified max_model_len (99999) is greater than the derived max_model_len (max_position_embeddings=4)."
SHM = "unable to allocate shared memory(shm) for file </torch_42>: No space left on device (28)"
DRIVER = "The NVIDIA driver on your system is too old (found version 11040)."
CURED = [
    (ValueError(BUSY), "other programs hold", "take less of it: --engine-arg gpu_memory_utilization=0.5"),
    (ValueError(BUDGET), "other programs hold", "nvidia-smi"),
    (RuntimeError(OOM), "does not fit", "take a smaller or a quantised model"),
    (RuntimeError(WARM), "so many requests", "--engine-arg max_num_seqs=64"),
    (RuntimeError("HIP out of memory. Tried to allocate 2 GiB."), "does not fit", "tensor_parallel_size=2"),
    (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "does not fit", "a smaller"),
    (ValueError(NO_BLOCKS), "leave no room for a KV cache", "give more"),
    (ValueError(FULL), "leave no room for a KV cache", "give more"),
    (ValueError(TOO_SMALL), "not enough memory for the KV cache", "lower --context, or give more"),
    (ValueError(ON_CPU), "not enough free memory", "or ask for less: --engine-arg kv_cache_memory_bytes=BYTES"),
    (ValueError(UTILISED), "not enough free memory", "or ask for less"),
    (AssertionError(PROFILING), "meanwhile", "start again"),
    (RuntimeError("Device string must not be empty"), "is for a GPU, and finds none", "pip install '.[cpu]'"),
    (RuntimeError("Failed to infer device type, please set"), "is for a GPU, and finds none", "nvidia-smi"),
    (RuntimeError("Found no NVIDIA driver on your system."), "is for a GPU, and finds none", "pip install '.[cpu]'"),
    (RuntimeError(DRIVER), "does not fit the GPU or its driver", "update the driver"),
    (RuntimeError("CUDA error: no kernel image is available for execution"), "does not fit the GPU", "docs.vllm.ai"),
    (ValueError(CODE), "runs code out of its own folder", "add --trust-remote-code"),
    (ValueError(CAPABILITY), "too old", "--engine-arg dtype=half"),
    (ValueError(DERIVED), "beyond the model's own", "lower it"),
    (RuntimeError(SHM), "too little shared memory", "--shm-size=8g"),
]
# What the parent raises when its engine, a process of its own, failed: the reason stands in the log alone
POINTERS = [
    "Engine core initialization failed. See root cause above. Failed core proc(s): {}",
    "WorkerProc initialization failed due to an exception in a background process. See stack trace for root cause.",
]


@pytest.mark.parametrize(("error", "means", "helps"), CURED, ids=lambda value: str(value)[:30])
def test_each_failure_has_the_cure_for_it(tmp_path: Path, error: Exception, means: str, helps: str) -> None:
    found = could_not_start(error, tmp_path / "engine.log", 0)
    assert isinstance(found, UserError)
    assert means in str(found) and helps in str(found) and str(error)[:60] in str(found)


@pytest.mark.parametrize("pointer", POINTERS)
@pytest.mark.parametrize(("error", "means", "helps"), CURED, ids=lambda value: str(value)[:30])
def test_and_so_where_it_happened_in_the_process_of_the_engine(
    tmp_path: Path, error: Exception, means: str, helps: str, pointer: str
) -> None:
    log = tmp_path / "engine.log"
    said = f"(EngineCore pid=7) ERROR [core.py:1] {type(error).__name__}: {error}"
    log.write_text(f"{said}\n(EngineCore pid=7) Exception: {pointer}\n")
    found = could_not_start(RuntimeError(pointer), log, 0)
    assert isinstance(found, UserError) and means in str(found) and helps in str(found)


def test_a_second_start_tells_its_own_fault_and_not_the_first_ones(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    with captured_stderr(log):
        log.write_text(f"torch.OutOfMemoryError: {OOM}\n")
    start = size_of(log)
    assert "out of memory" in str(could_not_start(RuntimeError(POINTERS[0]), log, 0))
    found = could_not_start(RuntimeError("nothing known"), log, start)
    assert isinstance(found, EngineError) and "vLLM could not start: nothing known" in str(found)
    with log.open("a") as file:
        file.write(f"ValueError: {TOO_SMALL}\n")
    assert "lower --context" in str(could_not_start(RuntimeError(POINTERS[0]), log, start))


def test_what_is_not_known_is_said_as_it_is(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    heading = "1 validation error for ModelConfig\n  Value error, Model architectures ['X'] are not supported.\nMore."
    assert str(could_not_start(ValueError(heading), log, 0)) == (
        "vLLM refuses this model or --engine-arg: Model architectures ['X'] are not supported."
    )
    assert isinstance(could_not_start(OSError(""), log, 0), EngineError)


def test_a_build_for_a_gpu_on_a_machine_without_its_libraries() -> None:
    found = could_not_import(ImportError("libcuda.so.1: cannot open shared object file: No such file or directory"))
    assert "finds none" in str(found) and "pip install '.[cpu]'" in str(found)


def test_errors_are_read_from_where_this_start_began(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    log.write_text("ValueError: first\n")
    start = size_of(log)
    with log.open("a") as file:
        file.write("x" * 100_000 + "\nmy.KindOfError: second\nException: See stack trace for root cause\n")
    assert errors_since(log, 0) == errors_since(log, start) == ["second"]
    assert errors_since(tmp_path / "absent", 0) == []
