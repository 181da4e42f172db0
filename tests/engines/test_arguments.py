"""What would be sent to vLLM, by exact value; no vLLM is loaded."""

from extractor.engines.arguments import MIB, llm_arguments
from extractor.models.families import family_of, yarn_overrides

SHARED = {
    "model": "Qwen/Qwen3-8B",
    "seed": 7,
    "max_model_len": 8192,
    "structured_outputs_config": {"backend": "guidance"},
    "disable_log_stats": False,
}


def test_a_gpu_gets_vllms_own_defaults():
    assert llm_arguments("Qwen/Qwen3-8B", 8192, 7, processor=None) == SHARED


def test_a_cpu_gets_a_cache_that_fits_beside_the_weights():
    arguments = llm_arguments("Qwen/Qwen3-8B", 8192, 7, processor="AVX512")
    cache = arguments.pop("kv_cache_memory_bytes")
    assert 256 * MIB <= cache <= 8192 * MIB and cache % MIB == 0
    assert arguments == SHARED | {"max_num_seqs": 64, "enforce_eager": True}


def test_a_processor_that_cannot_multiply_bfloat16_gets_float32():
    assert llm_arguments("m", 8192, 7, processor="AVX2")["dtype"] == "float32"
    assert "dtype" not in llm_arguments("m", 8192, 7, processor="AVX512")


def test_128k_of_context_take_the_override_that_vllm_reads():
    assert yarn_overrides(family_of("Qwen/Qwen3-8B"), 131072) == {
        "hf_overrides": {
            "max_position_embeddings": 131072,
            "rope_parameters": {
                "rope_type": "yarn",
                "rope_theta": 1000000,
                "factor": 4.0,
                "original_max_position_embeddings": 32768,
            },
        },
        "max_model_len": 131072,
    }
