"""The tiny model as a GGUF file, and llama.cpp's own server on it, in a process of its own."""

import json
import sys
from pathlib import Path
from typing import Any

NAMES = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def make_gguf(folder: Path, file: Path) -> Path:
    """Writes the model of this folder (tests/tiny.py) as GGUF and gives the file back."""
    from gguf import GGUFWriter
    from safetensors.numpy import load_file

    config = json.loads((folder / "config.json").read_text())
    writer = GGUFWriter(file, "qwen3")
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    _add_tokenizer(writer, folder)
    for name, tensor in load_file(folder / "model.safetensors").items():
        writer.add_tensor(_named(name), tensor.astype("float32"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def _named(name: str) -> str:
    if name in NAMES:
        return NAMES[name]
    _, _, layer, rest = name.split(".", 3)
    return f"blk.{layer}.{NAMES[rest.removesuffix('.weight')]}.weight"


def _add_tokenizer(writer: Any, folder: Path) -> None:
    from gguf import TokenType

    held = json.loads((folder / "tokenizer.json").read_text())
    added = {one["id"]: one for one in held["added_tokens"]}
    words = held["model"]["vocab"] | {one["content"]: number for number, one in added.items()}
    ordered = sorted(words, key=lambda word: words[word])
    kinds = {True: TokenType.CONTROL, False: TokenType.USER_DEFINED}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(ordered)
    writer.add_token_types(
        [kinds[added[n]["special"]] if n in added else TokenType.NORMAL for n in range(len(ordered))]
    )
    writer.add_token_merges([one if isinstance(one, str) else " ".join(one) for one in held["model"]["merges"]])
    writer.add_eos_token_id(words["<|im_end|>"])
    writer.add_pad_token_id(words["<|endoftext|>"])
    writer.add_chat_template((folder / "chat_template.jinja").read_text())


def serve(file: str) -> None:
    """Says on stdout where it listens, and does so until stdin ends."""
    import xllamacpp

    asked = xllamacpp.CommonParams()
    asked.model.path, asked.hostnames, asked.port = file, ["127.0.0.1"], 0
    asked.n_ctx, asked.n_parallel, asked.cpuparams.n_threads, asked.warmup = 4 * 8192, 4, 1, False
    server = xllamacpp.Server(asked)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    serve(sys.argv[1])
