"""From what a person typed after --model to what vLLM loads."""

import difflib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, Literal

from extractor.errors import UserError
from extractor.models.catalogue import CATALOGUE
from extractor.models.families import Family, family_of, read_config
from extractor.models.fetch import folder_of, present

Hub = Literal["huggingface", "modelscope"]
UNKNOWN = "main"  # the revision of a hub model whose commit nobody could tell
PROBES, PROBE = 16, 4096  # places and bytes looked at in each file of weights


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can be loaded. `revision` is a commit hash, or a content identity of a local folder."""

    name: str  # as typed
    location: str  # a folder, or a hub id
    revision: str
    family: Family
    hub: Hub | None = None  # None = a local folder
    env: dict[str, str] = field(default_factory=dict)  # to be set before vLLM is imported

    @property
    def hub_revision(self) -> str | None:
        """What vLLM and transformers take as `revision`: None where there is nothing to pin."""
        return self.revision if self.hub == "huggingface" else None

    @property
    def identity(self) -> str:
        """What names the weights: a hub's id and commit, or the content of a local folder."""
        return self.revision if self.hub is None else f"{self.location}@{self.revision}"


def resolve(model: str, hub: Hub = "huggingface") -> Model:
    """A catalogue name, a folder or a hub id. UserError, with the cure, for what can be neither."""
    if model in CATALOGUE:
        if not present(model):
            raise UserError(f"{model} is not here yet: run: extract models get {model}")
        return _local(model, folder_of(model))
    folder = Path(model).expanduser()
    if model and folder.exists():
        return _local(model, folder)
    if model.startswith((".", "/", "~")) or model.count("/") > 1:
        raise UserError(f"{model}: no such folder")
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", model):
        raise UserError(f"{model!r} is no catalogue name, folder or hub id: see extract models")
    if close := difflib.get_close_matches(model.lower(), CATALOGUE, n=1, cutoff=0.75):
        raise UserError(f"no model {model!r}: did you mean {close[0]}?")
    return _modelscope(model) if hub == "modelscope" else _huggingface(model)


def tokenizer_of(model: Model) -> Any:
    """The model's own (fast) tokenizer; UserError with the cure if it cannot be had."""
    try:
        tokenizer = _load_tokenizer(model)
        if len(tokenizer.get_vocab()) < 2:
            raise ValueError("it has no vocabulary")  # transformers makes an empty one up where the files are missing
    except Exception as error:  # transformers and the hub clients raise whatever their transport raises
        raise UserError(f"no tokenizer for {model.name}: {_cure(model, error)}") from error
    return tokenizer


def _load_tokenizer(model: Model) -> Any:
    from transformers import AutoTokenizer

    if model.hub == "modelscope":
        return AutoTokenizer.from_pretrained(_modelscope_folder(model.location))
    if model.hub == "huggingface" and model.revision == UNKNOWN:
        _ask_hub(model.location)  # says at once what loading would say after a minute of retries
    return AutoTokenizer.from_pretrained(model.location, revision=model.hub_revision)


def config_of(model: Model) -> dict[str, Any]:
    """config.json of the model; {} if it cannot be had without trouble."""
    if model.hub is None:
        return read_config(Path(model.location))
    try:
        if model.hub == "modelscope":
            return read_config(Path(_modelscope_folder(model.location)))
        return read_config(_huggingface_config(model))
    except Exception:  # as above; vLLM will say what is wrong when it loads the model
        return {}


def context_of(model: Model) -> int | None:
    """The longest context in tokens, from config.json, else from the table of families."""
    return config_of(model).get("max_position_embeddings") or model.family.context


def _local(name: str, folder: Path) -> Model:
    if not folder.is_dir():
        raise UserError(f"{name} is a file: --model takes the folder of a model in Hugging Face's layout")
    if not (folder / "config.json").is_file():
        raise UserError(f"{name} has no config.json: --model takes the folder of a model in Hugging Face's layout")
    known = family_of(name) if name in CATALOGUE else family_of(str(folder.resolve()))
    return Model(name, str(folder), _identity(folder), known)


def _identity(folder: Path) -> str:
    """SHA-256 of what decides the tokens, wherever the folder lies: texts in full, weights by size and probes."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")):
        digest.update(f"\0{path.name}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            for block in _looked_at(file, path):
                digest.update(block)
    return digest.hexdigest()


def _looked_at(file: BinaryIO, path: Path) -> Iterator[bytes]:
    size = path.stat().st_size
    if size <= 64 << 20:
        yield file.read()
        return
    for place in range(PROBES):
        file.seek(place * (size - PROBE) // (PROBES - 1))
        yield file.read(PROBE)


def _huggingface(model: str) -> Model:
    return Model(model, model, _commit(model), family_of(model), "huggingface")


def _commit(model: str) -> str:
    """From the local cache, else from the hub, else unknown: a run's key must not change once the model is cached."""
    from huggingface_hub import constants

    reference = Path(constants.HF_HUB_CACHE) / f"models--{model.replace('/', '--')}" / "refs" / "main"
    if reference.is_file():
        return reference.read_text().strip()
    try:
        return _ask_hub(model)
    except Exception:  # no network, no such model: tokenizer_of says it, if the tokenizer is needed
        return UNKNOWN


def _ask_hub(model: str) -> str:
    from huggingface_hub import HfApi

    return str(HfApi().model_info(model, timeout=10).sha)


def _huggingface_config(model: Model) -> Path:
    if model.revision == UNKNOWN:
        return Path()
    from huggingface_hub import hf_hub_download

    return Path(hf_hub_download(model.location, "config.json", revision=model.revision)).parent


def _modelscope(model: str) -> Model:
    if not find_spec("modelscope"):
        raise UserError("--hub modelscope needs its client: pip install 'extractor[modelscope]'")
    return Model(model, model, "master", family_of(model), "modelscope", {"VLLM_USE_MODELSCOPE": "True"})


def _modelscope_folder(model: str) -> str:
    from modelscope.hub.snapshot_download import snapshot_download

    return str(snapshot_download(model_id=model, ignore_file_pattern=[".*.pt", ".*.safetensors", ".*.bin"]))


def _cure(model: Model, error: Exception) -> str:
    """Why, in the first line of what was raised, and what to do about it."""
    why = next(iter(str(error).strip().splitlines()), type(error).__name__)[:200].rstrip(". :")
    if model.hub is None:
        return f"{why}; the folder needs tokenizer.json and tokenizer_config.json, as saved by save_pretrained"
    return f"{why}; check the id and the network, or give a catalogue name (extract models) or a local folder"
