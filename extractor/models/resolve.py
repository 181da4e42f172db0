"""From what a person typed after --model to what vLLM loads."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO, Literal

from extractor.errors import WITH_MODEL, UserError, did_you_mean, install
from extractor.models.catalogue import CATALOGUE
from extractor.models.families import Family, family_of
from extractor.models.fetch import folder_of, present

Hub = Literal["huggingface", "modelscope"]
NEWEST: dict[Hub, str] = {"huggingface": "main", "modelscope": "master"}  # the revision where none is asked for
PROBES, PROBE = 16, 4096  # places and bytes looked at in each file of weights


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can be loaded.

    `revision` is a commit hash (the name that was asked for, where no hub could tell its commit), or a content identity
    of a local folder.
    """

    name: str  # as typed
    location: str  # a folder, or a hub id
    revision: str
    family: Family
    hub: Hub | None = None  # None = a local folder
    env: dict[str, str] = field(default_factory=dict)  # to be set before vLLM is imported
    trusted: bool = False  # code that lies in its folder may run
    served: str = ""  # what makes another one of it at a server: its name there, how it is asked

    @property
    def hub_revision(self) -> str | None:
        """What vLLM, transformers and the hubs take as `revision`: None where there is nothing to pin."""
        newest = self.hub == "modelscope" and self.revision == NEWEST["modelscope"]
        return None if self.hub is None or newest else self.revision

    @property
    def identity(self) -> str:
        """What names the weights: a hub's id and commit, or the content of a local folder."""
        own = self.revision if self.hub is None else f"{self.location}@{self.revision}"
        return f"{own} {self.served}".strip()

    @property
    def is_pinned(self) -> bool:
        """Whether the revision is a commit, which nobody can move."""
        return bool(re.fullmatch(r"[0-9a-f]{40}", self.revision))


def resolve(model: str, hub: Hub = "huggingface", trusted: bool = False) -> Model:
    """A catalogue name, a folder, a hub id or id@revision. UserError, with the cure, for what can be none of them."""
    if model in CATALOGUE:
        if not present(model):
            raise UserError(f"{model} is not here yet: run: extract models get {model}")
        return _local(model, folder_of(model), trusted)
    folder = Path(model).expanduser()
    if model and folder.exists():
        return _local(model, folder, trusted)
    location, revision = _parted(model)
    _check_id(location)
    revision = revision or NEWEST[hub]
    if hub == "modelscope":
        return _modelscope(model, location, revision, trusted)
    return Model(model, location, _commit(location, revision), family_of(location), hub, trusted=trusted)


def _parted(model: str) -> tuple[str, str | None]:
    """Id and revision of id@revision."""
    location, at, revision = model.partition("@")
    if not at:
        return model, None
    if location in CATALOGUE or Path(location).expanduser().exists():
        raise UserError(f"--model {model}: {location} lies on this machine and has no revisions; leave @{revision} out")
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)*", revision) or ".." in revision:
        raise UserError(f"--model {model}: write it as id@revision, with a branch, a tag or a commit")
    return location, revision


def _check_id(model: str) -> None:
    if model.startswith((".", "/", "~")) or model.count("/") > 1:
        raise UserError(f"{model}: no such folder")
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", model):
        raise UserError(f"{model!r} is no catalogue name, folder or hub id: see extract models")
    if hint := did_you_mean(model, CATALOGUE, cutoff=0.75):
        raise UserError(f"no model {model!r}{hint}")


def _local(name: str, folder: Path, trusted: bool) -> Model:
    if not folder.is_dir():
        raise UserError(f"{name} is a file: --model takes the folder of a model in Hugging Face's layout")
    if not (folder / "config.json").is_file():
        raise UserError(f"{name} has no config.json: --model takes the folder of a model in Hugging Face's layout")
    known = family_of(name) if name in CATALOGUE else family_of(str(folder.resolve()))
    return Model(name, str(folder), _identity(folder), known, trusted=trusted)


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


def _commit(model: str, revision: str) -> str:
    """From the local cache, else from the hub, else as asked: a run's key must not change once the model is cached."""
    if re.fullmatch(r"[0-9a-f]{40}", revision):
        return revision
    try:
        from huggingface_hub import constants
    except ImportError:
        raise UserError(f"{model} is a hub id, and huggingface_hub is not here; {WITH_MODEL}") from None
    reference = Path(constants.HF_HUB_CACHE) / f"models--{model.replace('/', '--')}" / "refs" / revision
    if reference.is_file():
        return reference.read_text().strip()
    try:
        return ask_hub(model, revision)
    except Exception:  # no network, no such model: the tokenizer's reader says it, if the tokenizer is needed
        return revision


def ask_hub(model: str, revision: str) -> str:
    """The commit that Hugging Face has under this name; whatever its client raises where there is none."""
    from huggingface_hub import HfApi

    return str(HfApi().model_info(model, revision=revision, timeout=10).sha)


def _modelscope(model: str, location: str, revision: str, trusted: bool) -> Model:
    if not find_spec("modelscope"):
        raise UserError(f"--hub modelscope needs its client; {install('modelscope')}")
    known, environment = family_of(location), {"VLLM_USE_MODELSCOPE": "True"}
    return Model(model, location, revision, known, "modelscope", environment, trusted)
