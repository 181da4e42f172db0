"""What `extract models` shows."""

from dataclasses import dataclass, replace

from extractor.models.catalogue import CATALOGUE, DemoModel
from extractor.models.families import FAMILIES, GENERIC, Family, family_of
from extractor.models.fetch import present


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One line of the table; `present` is None for families, which come from a hub by their id."""

    name: str
    size: str
    languages: str
    thinking: str
    sampling: str  # temperature/top_p/top_k with thought and without
    context: str
    memory: str
    present: bool | None


def table() -> list[ModelRow]:
    """The catalogue first, then the families known by hub id."""
    return [*map(_catalogue_row, CATALOGUE.values()), *(_family_row(f) for f in FAMILIES if f is not GENERIC)]


def _catalogue_row(model: DemoModel) -> ModelRow:
    family = family_of(model.name)
    size = f"{_gb(model.gguf_bytes)} to download, {_gb(model.kept_bytes)} kept"
    memory = f"{model.kept_bytes / 2**30:.1f} GiB"
    known = (family.thinking, _sampling(family), _tokens(family))
    return ModelRow(model.name, size, ", ".join(model.languages), *known, memory, present(model.name))


def _family_row(family: Family) -> ModelRow:
    size = f"{family.billions:g} billion" if family.billions else ""
    memory = f"{family.memory_gib:g} GiB, FP8 {replace(family, fp8=True).memory_gib:g}" if family.memory_gib else ""
    known = (family.thinking, _sampling(family), _tokens(family))
    name = f"Qwen/{family.name}" if family.billions else family.name  # one model, by its id on the hub
    return ModelRow(name, size, family.languages, *known, memory, None)


def _sampling(family: Family) -> str:
    modes = {"think": family.think, "no_think": family.no_think}
    wanted = {"always": ["think"], "never": ["no_think"]}.get(family.thinking, ["think", "no_think"])
    return ", ".join(f"{mode} {modes[mode].temperature:g}/{modes[mode].top_p:g}/{modes[mode].top_k}" for mode in wanted)


def _tokens(family: Family) -> str:
    if not family.context:
        return "see config.json"
    return f"{family.context}" + (f", YaRN {family.yarn_context}" if family.yarn_context else "")


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
