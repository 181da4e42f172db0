"""Holds what we use of vLLM against each CUDA wheel from the stated bound to the newest, without a GPU.

python tests/engines/wheels.py [TABLE.md] [VERSION …]

Each wheel is downloaded by pip, one at a time (some 300 MB), its .py files are read out of it, and it is deleted;
nothing is installed or imported. TABLE.md gets the table; without it, it goes to stdout. Exit code 1: a release
within the bound lacks what we need.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from zipfile import ZipFile

from packaging.requirements import Requirement
from packaging.version import Version
from sources import Release

from extractor.engines.surface import ENVIRONMENT, USED

ROOT = Path(__file__).parent.parent.parent
ABOUT = """# Releases of vLLM

Which releases have what is used of vLLM.

Made by `python tests/engines/wheels.py extractor/guide/vllm.md`, which reads the CUDA wheels of every release
that `pip install '.[gpu]'` may bring: {names} names with {words} parameters and attributes, {variables} variables of
the environment, and the messages of a failed start that we have a cure for. Nothing of it ran on a GPU.

| vLLM | all that we need | what we do without | messages that it does not print |
|---|---|---|---|
"""


def bound() -> Requirement:
    """The requirement of the extra `gpu`."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    return Requirement(extras["gpu"][0])


def releases(wanted: Requirement) -> list[str]:
    """The versions within the bound that the index has, oldest first."""
    said = pip("index", "versions", wanted.name)
    listed = re.search(r"^Available versions: (.*)$", said, re.MULTILINE)
    versions = listed[1].split(", ") if listed else []
    return sorted((one for one in versions if wanted.specifier.contains(one)), key=Version)


def read(name: str, version: str) -> Release:
    """The release's Python sources, out of its wheel."""
    with tempfile.TemporaryDirectory() as folder:
        pip("download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--dest", folder, f"{name}=={version}")
        with ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            files = [path for path in wheel.namelist() if path.startswith("vllm/") and path.endswith(".py")]
            return Release({path: wheel.read(path).decode() for path in files})


def pip(*words: str) -> str:
    """What pip says; it ends the script where it fails."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def row(version: str, release: Release) -> tuple[str, bool]:
    """A line of the table, and whether the release has all that we need."""
    missing = [word for used in USED if used.needed for word in release.lacks(used)] + release.lacks_environment()
    spared = [word for used in USED if not used.needed for word in release.lacks(used)]
    cells = ["yes" if not missing else f"no: {named(missing)}", named(spared), named(release.never_says())]
    return f"| {version} | " + " | ".join(cells) + " |", not missing


def named(words: list[str]) -> str:
    """Words as code, or a dash for none."""
    return ", ".join(f"`{word}`" for word in words).replace("|", "\\|") or "–"


def main() -> None:
    """The table."""
    table = [Path(word) for word in sys.argv[1:] if word.endswith(".md")]
    wanted = bound()
    versions = [word for word in sys.argv[1:] if not word.endswith(".md")] or releases(wanted)
    rows, whole = [], True
    for version in versions:
        line, has_all = row(version, read(wanted.name, version))
        print(line, file=sys.stderr, flush=True)
        rows.append(line)
        whole = whole and has_all
    names = len({(used.module, used.name) for used in USED})
    words = sum(len(used.parameters) + len(used.members) for used in USED)
    text = ABOUT.format(names=names, words=words, variables=len(ENVIRONMENT)) + "\n".join(rows) + "\n"
    if table:
        table[0].parent.mkdir(parents=True, exist_ok=True)
        table[0].write_text(text)
    else:
        print(text)
    raise SystemExit(not whole)


if __name__ == "__main__":
    main()
