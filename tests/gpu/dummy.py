"""Qwen3-8B without its weights, and documents of so many tokens."""

import json
import shutil
from pathlib import Path
from typing import Any

# config.json of Qwen/Qwen3-8B
QWEN3_8B: dict[str, Any] = {
    "architectures": ["Qwen3ForCausalLM"],
    "attention_bias": False,
    "attention_dropout": 0.0,
    "bos_token_id": 151643,
    "eos_token_id": 151645,
    "head_dim": 128,
    "hidden_act": "silu",
    "hidden_size": 4096,
    "initializer_range": 0.02,
    "intermediate_size": 12288,
    "max_position_embeddings": 40960,
    "max_window_layers": 36,
    "model_type": "qwen3",
    "num_attention_heads": 32,
    "num_hidden_layers": 36,
    "num_key_value_heads": 8,
    "rms_norm_eps": 1e-06,
    "rope_scaling": None,
    "rope_theta": 1000000,
    "sliding_window": None,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "use_cache": True,
    "use_sliding_window": False,
    "vocab_size": 151936,
}
SMALL = {
    "head_dim": 32,
    "hidden_size": 64,
    "intermediate_size": 64,
    "max_window_layers": 1,
    "num_attention_heads": 2,
    "num_hidden_layers": 1,
    "num_key_value_heads": 1,
    "torch_dtype": "float32",
}
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "special_tokens_map.json")
SAID = "Ada wrote to Charles Babbage from Shanghai about the engine that the committee in London had paid for"
WORDS = SAID.split()


def make_model(folder: Path, tokenizer: Path, small: bool) -> Path:
    """A model folder without weights, for `load_format=dummy`; `small`: as much of it as a CPU can bear.

    FileNotFoundError where the tokenizer lacks a file, ValueError where it is not one of a hybrid Qwen3.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in TOKENIZER:
        if (tokenizer / name).is_file() or name in TOKENIZER[:2]:
            shutil.copyfile(tokenizer / name, folder / name)
    vocabulary = _vocabulary(folder)
    if "</think>" not in vocabulary:
        raise ValueError(f"{tokenizer} is not the tokenizer of Qwen3: it has no token </think>")
    end = vocabulary["<|im_end|>"]
    config = QWEN3_8B | (SMALL | {"vocab_size": len(vocabulary), "bos_token_id": end} if small else {})
    (folder / "config.json").write_text(json.dumps(config | {"eos_token_id": end}, indent=1))
    return folder


def write_documents(file: Path, tokenizer: Path, count: int, tokens: int) -> Path:
    """`count` documents of about so many tokens each, no two alike from their first words on, as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from transformers import AutoTokenizer

    words = AutoTokenizer.from_pretrained(str(tokenizer))
    texts = []
    for number in range(count):
        start = number % len(WORDS)
        turned = WORDS[start:] + WORDS[:start]
        text = f"Letter {number}: " + " ".join(turned * (tokens // len(WORDS) + 1))
        ids = words.encode(text, add_special_tokens=False)[:tokens]
        texts.append(words.decode(ids, skip_special_tokens=False))
    pq.write_table(pa.table({"id": [f"d{number}" for number in range(count)], "text": texts}), file)
    return file


def _vocabulary(folder: Path) -> dict[str, int]:
    from transformers import AutoTokenizer

    found: dict[str, int] = AutoTokenizer.from_pretrained(str(folder)).get_vocab()
    return found
