"""GGUF to a folder that vLLM and transformers load; run as a child process, so that its memory is given back.

python -m extractor.models.convert GGUF FOLDER TOKENIZER_JSON
"""

import json
import re
import sys
from pathlib import Path
from typing import Any


def convert(gguf: Path, folder: Path, tokenizer_parts: dict[str, Any]) -> None:
    """Writes bf16 safetensors, tokenizer and chat template to `folder`; ValueError if the GGUF lacks one of them."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    source = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name, "trust_remote_code": False}
    tokenizer = AutoTokenizer.from_pretrained(**source)
    if not tokenizer.is_fast or not tokenizer.chat_template:
        raise ValueError(f"{gguf.name} carries no fast tokenizer or no chat template")
    unpacked = GgufConfig(dequantize=True)
    model = AutoModelForCausalLM.from_pretrained(**source, quantization_config=unpacked, dtype=torch.bfloat16)
    model.generation_config.eos_token_id = _stops(tokenizer)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    _mend_tokenizer(folder / "tokenizer.json", tokenizer_parts)


def _stops(tokenizer: Any) -> list[int]:
    """End of turn, then end of text: a model may stop at either."""
    vocabulary = tokenizer.get_vocab()
    return [vocabulary[token] for token in (tokenizer.eos_token, "<|endoftext|>") if token in vocabulary]


def _mend_tokenizer(path: Path, parts: dict[str, Any]) -> None:
    """Put back what GGUF drops, take out the [PAD…] names that it invents for unused rows."""
    content = json.loads(path.read_text("utf-8")) | parts
    vocabulary = content["model"]["vocab"]
    content["model"]["vocab"] = {t: i for t, i in vocabulary.items() if not re.fullmatch(r"\[PAD\d+\]", t)}
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]))
