"""How a model's tokens are drawn where nobody says otherwise, and who says so."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from extractor.models.families import GENERIC, GREEDY, QWEN_THINK
from extractor.models.files import generation_of
from extractor.models.resolve import Model
from extractor.types import Sampling, ThinkingMode

FILE = "generation_config.json"
# Not presence_penalty, though vLLM reads it from there: it punishes the brackets and quotes of JSON
_TAKEN = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty")


@dataclass(frozen=True, slots=True)
class Recommended:
    """Sampling with thought and without, and where it comes from."""

    think: Sampling
    no_think: Sampling
    source: str

    def of(self, mode: ThinkingMode) -> Sampling:
        """The sampling for one mode."""
        return self.think if mode == "think" else self.no_think


def sampling_of(model: Model) -> Recommended:
    """What is known of its family, else what its generation_config.json says, else greedy without thought."""
    if model.family is not GENERIC:
        return Recommended(model.family.think, model.family.no_think, f"known for {model.family.name}")
    own = _read(generation_of(model))
    if own is None:
        return Recommended(GENERIC.think, GENERIC.no_think, f"no {FILE} that says how")
    if own.temperature == 0:  # greedy thoughts go round in circles
        return Recommended(QWEN_THINK, own, f"{FILE}, but for thoughts")
    return Recommended(own, own, FILE)


def _read(content: Mapping[str, Any]) -> Sampling | None:
    said = {word: content[word] for word in _TAKEN if content.get(word) is not None}
    if content.get("do_sample") is False:
        return GREEDY
    if not said:
        return None
    try:
        return TypeAdapter(Sampling).validate_python({**asdict(Sampling(1.0)), **said})
    except ValidationError:
        return None
