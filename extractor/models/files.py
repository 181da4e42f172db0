"""The small files of a model, wherever it lies: its tokenizer, and what its configuration says."""

import json
from pathlib import Path
from typing import Any

from extractor.errors import WITH_MODEL, UserError
from extractor.models.families import read_config
from extractor.models.resolve import Model, ask_hub


def tokenizer_of(model: Model) -> Any:
    """The model's own (fast) tokenizer; UserError with the cure if it cannot be had. Runs no code of the model's."""
    try:
        tokenizer = _load_tokenizer(model)
        if len(tokenizer.get_vocab()) < 2:
            raise ValueError("it has no vocabulary")  # transformers makes an empty one up where the files are missing
    except Exception as error:  # transformers and the hub clients raise whatever their transport raises
        raise UserError(f"no tokenizer for {model.name}: {_cure(model, error)}") from error
    return tokenizer


def config_of(model: Model) -> dict[str, Any]:
    """config.json of the model; {} if it cannot be had without trouble."""
    folder = _folder_with(model, "config.json")
    return read_config(folder) if folder else {}


def generation_of(model: Model) -> dict[str, Any]:
    """generation_config.json of the model; {} if it has none, or none that can be had without trouble."""
    folder = _folder_with(model, "generation_config.json")
    try:
        found = json.loads((folder / "generation_config.json").read_text("utf-8")) if folder else {}
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def context_of(model: Model) -> int | None:
    """The longest context in tokens, from config.json, else from the table of families."""
    return config_of(model).get("max_position_embeddings") or model.family.context


def _load_tokenizer(model: Model) -> Any:
    from transformers import AutoTokenizer

    # Never None: transformers would ask a person on stdin, where documents come in, and take their first "y" for yes
    trust = model.trusted
    if model.hub == "modelscope":
        return AutoTokenizer.from_pretrained(_modelscope_folder(model), trust_remote_code=trust)
    if model.hub == "huggingface" and not model.is_pinned:
        ask_hub(model.location, model.revision)  # says at once what loading would say after a minute of retries
    return AutoTokenizer.from_pretrained(model.location, revision=model.hub_revision, trust_remote_code=trust)


def _folder_with(model: Model, file: str) -> Path | None:
    """The folder of a model that holds this file, downloaded from its hub; None where that does not work."""
    if model.hub is None:
        return Path(model.location)
    try:
        return Path(_modelscope_folder(model)) if model.hub == "modelscope" else _huggingface_folder(model, file)
    except Exception:  # as above; vLLM will say what is wrong when it loads the model
        return None


def _huggingface_folder(model: Model, file: str) -> Path | None:
    if not model.is_pinned:
        return None
    from huggingface_hub import hf_hub_download

    return Path(hf_hub_download(model.location, file, revision=model.revision)).parent


def _modelscope_folder(model: Model) -> str:
    from modelscope.hub.snapshot_download import snapshot_download

    weights = [".*.pt", ".*.safetensors", ".*.bin"]
    return str(snapshot_download(model_id=model.location, revision=model.revision, ignore_file_pattern=weights))


def _cure(model: Model, error: Exception) -> str:
    """Why, in the first line of what was raised, and what to do about it."""
    if isinstance(error, ModuleNotFoundError) and error.name in ("transformers", "tokenizers", "huggingface_hub"):
        return f"{error.name} is not here; {WITH_MODEL}"
    why = next(iter(str(error).strip().splitlines()), type(error).__name__)[:200].rstrip(". :")
    if "trust_remote_code" in str(error):
        return (
            "it runs code out of the model's folder, which nobody has checked; read that code, then add"
            " --trust-remote-code, or take a model that needs none"
        )
    if model.hub is None:
        return f"{why}; the folder needs tokenizer.json and tokenizer_config.json, as saved by save_pretrained"
    return f"{why}; check the id and the network, or give a catalogue name (extract models) or a local folder"
