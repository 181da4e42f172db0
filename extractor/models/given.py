"""Words of --engine-arg by what they can do: those that decide which model answers, and those that run no code."""

import json
from collections.abc import Mapping
from typing import Any

from extractor.errors import UserError
from extractor.models.resolve import Model

_PINNED = "write --model id@revision, which holds for weights, tokenizer and code alike"
ELSEWHERE = {
    "model": "write --model",
    "revision": _PINNED,
    "tokenizer": f"{_PINNED}; a tokenizer of your own belongs into the model's folder",
    "tokenizer_revision": _PINNED,
    "code_revision": _PINNED,
    "trust_remote_code": "write --trust-remote-code",
    "seed": "write --seed",
    "max_model_len": "write --context",
}
# Other weights, other layers, other stops. How the same weights are computed (dtype, kv_cache_dtype, speculation,
# parallelism) is not among them: a run may go on on another machine.
IDENTIFYING = {
    "config_format",
    "disable_sliding_window",
    "generation_config",
    "hf_config_path",
    "hf_overrides",
    "ignore_patterns",
    "load_format",
    "logits_processors",
    "model_class_overrides",
    "model_loader_extra_config",
    "model_weights",
    "override_generation_config",
    "quantization",
    "quantization_config",
    "rope_scaling",
    "rope_theta",
}

# vLLM looks the value up among names of its own; all other words may name a class, a plug-in, a file or a host, if not
# in this version then in the next
OWN_NAMES = {
    "all2all_backend",
    "attention_backend",
    "config_format",
    "data_parallel_backend",
    "dtype",
    "expert_placement_strategy",
    "kv_cache_dtype",
    "kv_offloading_backend",
    "linear_backend",
    "logprobs_mode",
    "lora_dtype",
    "mamba_backend",
    "mamba_cache_dtype",
    "mamba_cache_mode",
    "mamba_ssm_cache_dtype",
    "moe_backend",
    "performance_mode",
    "prefix_caching_hash_algo",
    "quantization",
    "safetensors_load_strategy",
    "scheduling_policy",
    "tokenizer_mode",
}
PLAIN = {  # words with values of their own beside others that lead elsewhere
    "distributed_executor_backend": ("mp", "uni", "ray"),
    "generation_config": ("auto", "vllm"),
    "load_format": ("auto", "hf", "safetensors", "fastsafetensors", "dummy", "mistral", "gguf", "bitsandbytes"),
    "model_impl": ("auto", "vllm", "transformers"),
}


def may_run_code(word: str, value: Any) -> bool:
    """Whether this word of --engine-arg, with this value, may lead vLLM to code that is not its own."""
    if word == "trust_remote_code":
        return bool(value)
    if isinstance(value, list):
        return any(may_run_code(word, one) for one in value)
    plain = word in OWN_NAMES or value in PLAIN.get(word, ()) if isinstance(value, str) else False
    return not (plain or value is None or isinstance(value, int | float))


def check_given(given: Mapping[str, Any]) -> None:
    """UserError for a word of --engine-arg that has a flag of its own: given here, only vLLM would know of it."""
    for word in given:
        if word in ELSEWHERE:
            raise UserError(f"--engine-arg {word}: the tokenizer and the output must know it too; {ELSEWHERE[word]}")


def identity_with(model: Model, given: Mapping[str, Any]) -> str:
    """What names the model that answers: its own identity, and those words of --engine-arg that make another of it."""
    telling = {word: value for word, value in sorted(given.items()) if word in IDENTIFYING or "lora" in word}
    said = [f"{word}={json.dumps(value, sort_keys=True)}" for word, value in telling.items() if value is not None]
    return " ".join([model.identity, *said])
