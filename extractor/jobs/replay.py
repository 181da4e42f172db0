"""A replay: a job that judges the stored answers of another output, and asks no model."""

from pathlib import Path
from typing import Any

from extractor.errors import UserError
from extractor.jobs.job import MODEL, THINKING, Job
from extractor.models.families import GENERIC
from extractor.models.resolve import Model
from extractor.store.manifest import Manifest
from extractor.tasks.chat import Chat


def replayed(job: Job) -> Job:
    """The job without its words about a model, since none is asked; UserError where it cannot be a replay."""
    if job.from_ is None:
        raise UserError("--engine replay needs --from DIR: the output folder whose answers are to be judged again")
    if job.engine != "replay":
        raise UserError(f"--from {job.from_} belongs to --engine replay: add it, or leave --from out")
    if job.from_.resolve() == job.out.resolve():
        raise UserError(f"--from {job.from_} is --out too: choose another --out")
    asked = {name: field for name, field in Job.model_fields.items() if _panel(field) in (MODEL, THINKING)}
    kept = ("engine", "from_", "mode_column")
    plain = {name: field.get_default() for name, field in asked.items() if name not in kept}
    old = manifest_of(job.from_)
    told = {"attempts": 1, "model": old["model"]["name"], "thinking_budget": old["settings"].get("thinking_budget")}
    return job.model_copy(update=plain | told)


def load_replayed(job: Job) -> tuple[Model, Chat]:
    """Who answered, and a chat without a tokenizer: its prompts are empty, and are not sent."""
    assert job.from_, "replayed() has seen to it"
    answered = str(manifest_of(job.from_)["identity"]["model"])
    return Model(job.model, str(job.from_), answered, GENERIC), Chat(_NoTokenizer())


def manifest_of(folder: Path) -> dict[str, Any]:
    """What ran there; UserError where nothing did."""
    content = Manifest.load(folder).content
    if not content:
        raise UserError(f"--from {folder} holds no manifest.json: not an output folder of extract run")
    return content


class _NoTokenizer:
    all_special_tokens = ()

    def get_added_vocab(self) -> dict[str, int]:
        return {}

    get_vocab = get_added_vocab

    def encode(self, text: str, add_special_tokens: bool) -> list[int]:
        return []

    def decode(self, ids: list[int], skip_special_tokens: bool) -> str:
        return ""

    def apply_chat_template(
        self, messages: list[dict[str, str]], tokenize: bool, add_generation_prompt: bool, enable_thinking: bool
    ) -> str:
        said = "".join(message["content"] for message in messages)
        return said if enable_thinking else f"{said}<think></think>"  # either mode is possible


def _panel(field: Any) -> Any:
    return field.json_schema_extra["panel"]
