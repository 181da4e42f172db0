"""A demo model small enough for a test: a one-layer llama in GGUF, cut into two wheels in a folder of wheels."""

import hashlib
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from gguf import GGUFWriter, TokenType

from extractor.models.catalogue import DemoModel, Wheel

HIDDEN, SPECIAL = 32, ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TEMPLATE = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"


def bytes_as_letters() -> list[str]:
    """GPT-2's printable letter for each byte value."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(spare)) for byte in range(256)]


def write_gguf(path: Path) -> None:
    """Random weights, a byte-level vocabulary with one unused row, a chat template."""
    tokens = [*SPECIAL, *bytes_as_letters(), "he", "[PAD260]"]
    kinds = [TokenType.CONTROL] * 3 + [TokenType.NORMAL] * 257 + [TokenType.UNUSED]
    writer = GGUFWriter(path, "llama")
    writer.add_context_length(128)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_block_count(1)
    writer.add_head_count(1)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(HIDDEN)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(["h e"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(TEMPLATE)
    add_tensors(writer, len(tokens))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def add_tensors(writer: GGUFWriter, vocabulary: int) -> None:
    """One layer of a llama with tied embeddings."""
    draw = np.random.default_rng(0)
    square = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]
    shapes = {"token_embd": (vocabulary, HIDDEN), "output_norm": (HIDDEN,)}
    shapes |= {f"blk.0.{name}": (HIDDEN, HIDDEN) for name in square}
    shapes |= {f"blk.0.{name}": (HIDDEN,) for name in ("attn_norm", "ffn_norm")}
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", draw.standard_normal(shape).astype(np.float32))


def write_wheel(folder: Path, number: int, data: bytes) -> None:
    """A wheel whose code leaves a mark where it is ever imported."""
    module = f"tiny_part{number}"
    info = f"{module}-1.0.dist-info"
    with ZipFile(folder / f"{module}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{module}/__init__.py", f"open({str(folder / 'imported')!r}, 'w')")
        wheel.writestr(f"{module}/data.bin", data)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny-part{number}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def publish(folder: Path) -> DemoModel:
    """Write the model's two wheels to `folder` and give back its catalogue entry."""
    write_gguf(folder / "tiny.gguf")
    data = (folder / "tiny.gguf").read_bytes()
    half = len(data) // 2
    write_wheel(folder, 1, data[:half])
    write_wheel(folder, 2, data[half:])
    wheels = tuple(Wheel(f"tiny-part{n}==1.0", f"tiny_part{n}/data.bin") for n in (1, 2))
    digest = hashlib.sha256(data).hexdigest()
    parts = {"normalizer": {"type": "NFC"}}
    return DemoModel("tiny", "Tiny", ("English",), "CC0", wheels, len(data), digest, 200_000, parts)
