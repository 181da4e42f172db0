"""Model knowledge in one small table: context, thinking kind, sampling, memory.

Numbers are the makers' own: Qwen3's model cards, technical report (tables 1 and 2, page 13) and vLLM page. Whether a
model thinks is decided by its chat template, elsewhere; here is what a template cannot tell.
"""

import json
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from extractor.errors import UserError
from extractor.types import Sampling

Thinking = Literal["hybrid", "always", "never"]

# presence_penalty stays 0 although Qwen's examples use 1.5: it punishes the brackets and quotes of JSON too
QWEN_THINK = Sampling(temperature=0.6, top_p=0.95, top_k=20)
QWEN_NO_THINK = Sampling(temperature=0.7, top_p=0.8, top_k=20)
GREEDY = Sampling(temperature=0.0)
QWEN3_LANGUAGES = "119 languages"
QWEN25_LANGUAGES = "29 languages"


@dataclass(frozen=True, slots=True)
class Family:
    """What a group of models has in common. Contexts are tokens, memory is GiB of weights."""

    name: str
    pattern: str  # searched in the lower-case model id
    thinking: Thinking
    context: int | None  # as it comes; None = see config.json
    yarn_context: int | None = None  # with YaRN; None = YaRN is not for it
    yarn_original: int = 32768  # what YaRN's factor multiplies
    think: Sampling = QWEN_THINK
    no_think: Sampling = QWEN_NO_THINK
    languages: str = ""
    billions: float | None = None  # parameters
    fp8: bool = False
    shape: tuple[str, int, int] | None = None  # model_type, layers, hidden size in config.json

    @property
    def memory_gib(self) -> float | None:
        """GiB that the weights take at bf16, or at FP8 (which keeps its embeddings at bf16)."""
        return self.billions and round(self.billions * (1.07 if self.fp8 else 2) * 1e9 / 2**30, 1)


def _qwen3(size: str, billions: float, layers: int, hidden: int, yarn: bool = True) -> Family:
    kind = "qwen3_moe" if "-A" in size else "qwen3"
    long = 131072 if yarn else None
    return Family(
        f"Qwen3-{size}",
        rf"qwen3-{size.lower()}(?!\w)(?!.*-2507)",
        "hybrid",
        40960,
        long,
        languages=QWEN3_LANGUAGES,
        billions=billions,
        shape=(kind, layers, hidden),
    )


def _refreshed(family: Family, kind: str, thinking: Thinking) -> Family:
    """The 2507 version: longer, and no longer hybrid."""
    name = f"{family.name}-{kind}-2507"
    return replace(
        family, name=name, pattern=name.lower(), thinking=thinking, context=262144, yarn_context=None, shape=None
    )


_SMALL = (_qwen3("0.6B", 0.6, 28, 1024, yarn=False), _qwen3("1.7B", 1.72, 28, 2048, yarn=False))
_DENSE = (_qwen3("8B", 8.19, 36, 4096), _qwen3("14B", 14.77, 40, 5120), _qwen3("32B", 32.76, 64, 5120))
_TWICE = (
    _qwen3("4B", 4.02, 36, 2560),
    _qwen3("30B-A3B", 30.53, 48, 2048),
    _qwen3("235B-A22B", 235.09, 94, 4096),
)

GENERIC = Family("any other", "", "never", None, no_think=GREEDY)

# The first row whose pattern fits is the family, so the narrower comes first.
FAMILIES: tuple[Family, ...] = (
    *_SMALL,
    *_DENSE,
    *_TWICE,
    *(_refreshed(family, "Instruct", "never") for family in _TWICE),
    *(_refreshed(family, "Thinking", "always") for family in _TWICE),
    Family(
        "Qwen3",
        r"qwen3(?![\w.])(?!-(coder|vl|next|omni|asr|embedding|reranker))",
        "hybrid",
        None,
        131072,
        languages=QWEN3_LANGUAGES,
    ),
    Family(
        "Qwen2.5 7B-72B",
        r"qwen2\.5-(coder-)?(7|14|32|72)b",
        "never",
        32768,
        131072,
        no_think=GREEDY,
        languages=QWEN25_LANGUAGES,
    ),
    Family(
        "Qwen2.5 0.5B-3B",
        r"qwen2\.5-(coder-)?(0\.5|1\.5|3)b",
        "never",
        32768,
        no_think=GREEDY,
        languages=QWEN25_LANGUAGES,
    ),
    Family("DeepSeek-R1-Distill", "deepseek-r1", "always", 131072, languages="Chinese, English"),
    Family("SmolLM2", "smollm2", "never", 8192, no_think=Sampling(temperature=0.2, top_p=0.9), languages="English"),
    GENERIC,
)


def family_of(model: str) -> Family:
    """The family of a hub id or folder: by its name, else by its config.json, else the generic one."""
    path = Path(model)
    found = _by_name(path.name) or _by_config(read_config(path)) or _by_name(model) or GENERIC
    if re.search(r"fp8", model, re.IGNORECASE) and found.billions:
        return replace(found, name=f"{found.name}-FP8", fp8=True)
    return found


def read_config(folder: Path) -> dict[str, Any]:
    """config.json of a model folder (the text model's part of it); {} where there is none."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {**_object(config), **_object(_object(config).get("text_config"))}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def yarn_overrides(family: Family, context: int, config: dict[str, Any] | None = None) -> dict[str, Any]:
    """vLLM arguments for a context of that many tokens: {} if the model has it anyway, else YaRN with the least factor.

    YaRN hurts short texts, hence the least factor. vLLM 0.32 wants `rope_theta` repeated and max_position_embeddings
    raised along with it. UserError if no factor is enough. `config` is the model's config.json, if it is to be had.
    """
    config = config or {}
    native = config.get("max_position_embeddings") or family.context
    if not native or context <= native:
        return {}
    if not family.yarn_context or context > family.yarn_context:
        raise UserError(
            f"--context {context} is beyond {family.name}: at most {max(native, family.yarn_context or 0)} tokens"
        )
    factor = float(math.ceil(context / family.yarn_original))
    theta = (config.get("rope_parameters") or config).get("rope_theta", 1_000_000)
    rope = {
        "rope_type": "yarn",
        "rope_theta": theta,
        "factor": factor,
        "original_max_position_embeddings": family.yarn_original,
    }
    raised = {"max_position_embeddings": int(factor) * family.yarn_original, "rope_parameters": rope}
    return {"hf_overrides": raised, "max_model_len": context}


def _by_name(name: str) -> Family | None:
    rows = (family for family in FAMILIES if family is not GENERIC)
    return next((family for family in rows if re.search(family.pattern, name.lower())), None)


def _by_config(config: dict[str, Any]) -> Family | None:
    """By exact shape, else by model type; a refreshed Qwen3 is known by its context alone, so take it as it comes."""
    kind = str(config.get("model_type", ""))
    shape = (kind, config.get("num_hidden_layers"), config.get("hidden_size"))
    exact = next((family for family in FAMILIES if family.shape == shape), None)
    if not exact:
        return _by_name(kind.removesuffix("_moe"))
    return exact if config.get("max_position_embeddings", 0) <= 131072 else replace(exact, yarn_context=None)
