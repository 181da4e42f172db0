"""Words of --engine-arg that decide which model answers: asked for elsewhere, or part of the model's name."""

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
