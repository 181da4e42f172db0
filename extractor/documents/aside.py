"""What lies in a folder beside its documents, and is never read as such."""

import json
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatch
from typing import Any

MANIFEST = "manifest.json"
_PARTS = "documents/part-*.parquet"
_CARD = ("dataset_infos.json", "dataset_dict.json")  # beside the data in a folder of the Hugging Face hub
_SAVED = ("state.json", "dataset_info.json")  # beside .arrow files: `save_to_disk`

Load = Callable[[str], bytes]


def set_aside(paths: Iterable[str], load: Load) -> dict[str, str]:
    """The places that are no input, folders with a `/` at their end, each with one line that says why.

    `paths` are all files of one input, with `/` between their parts; `load` gives the bytes of one of them.
    """
    folders: dict[str, list[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, []).append(name)
    return {place: why for folder in folders for place, why in _in_folder(folder, folders, load)}


def is_aside(path: str, aside: Mapping[str, str]) -> bool:
    """Whether the file is one of these places, or lies in one."""
    return path in aside or any(place.endswith("/") and path.startswith(place) for place in aside)


def is_output(folder: str, names: Iterable[str], load: Load) -> bool:
    """Whether a run of ours has written this folder, whose files (all the way down) have these relative names."""
    names = set(names)
    has_parts = any(fnmatch(name, _PARTS) for name in names)
    return MANIFEST in names and (has_parts or _has_identity(f"{folder}/{MANIFEST}", load))


def _in_folder(folder: str, folders: Mapping[str, list[str]], load: Load) -> Iterable[tuple[str, str]]:
    names = folders[folder]
    below = [*names, *(f"documents/{name}" for name in folders.get(f"{folder}/documents", ()))]
    if MANIFEST in names and is_output(folder, below, load):
        yield f"{folder}/", f"{folder} is an output of extract run, and is left out"
    for name in _CARD:
        if name in names:
            yield f"{folder}/{name}", f"{folder}/{name} describes a data set, and is left out"
    if all(name in names for name in _SAVED):
        cure = f"datasets.load_from_disk('{folder}').to_parquet('data.parquet')"
        why = f"{folder} holds a data set as save_to_disk writes it, which is left out: {cure} makes Parquet of it"
        yield from ((f"{folder}/{name}", why) for name in _SAVED)


def _has_identity(path: str, load: Load) -> bool:
    try:
        content: Any = json.loads(load(path))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and "identity" in content
