"""What is taken out of an output on purpose: it lies in a folder of its own there, until a person deletes it."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from extractor.errors import UserError
from extractor.store.seal import moment

DROPPED = ".dropped"


def place_aside(folder: Path) -> Path:
    """A new place for what is taken out of this output now; nothing is made yet. UserError where none can be."""
    if (folder / DROPPED).exists() and not (folder / DROPPED).is_dir():
        raise UserError(f"{folder / DROPPED} is no folder, and none of ours: move it away")
    return folder / DROPPED / moment()


def keep_copies(folder: Path, files: Iterable[Path], place: Path) -> None:
    """The files, which stay, are at this place too: by hard links where the disk has them."""
    for file in files:
        copy = place / file.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if copy.exists():
            continue
        try:
            os.link(file, copy)
        except OSError:
            shutil.copy2(file, copy)


def set_aside(file: Path, place: Path) -> Path:
    """Moves a file there; gives where it is now."""
    place.mkdir(parents=True, exist_ok=True)
    os.replace(file, place / file.name)
    return place / file.name
