"""What a person typed → the files to read."""

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from extractor.documents.aside import MANIFEST, Load, is_aside, is_output, set_aside
from extractor.documents.remote import list_url
from extractor.documents.source import SUFFIXES, Source, as_source, standard_input_source
from extractor.errors import UserError

Found = tuple[list[Source], list[str]]  # and why other files are left out


def locate(inputs: Sequence[str]) -> list[Source]:
    """The files that files, folders, globs, URLs and `-` (JSONL on standard input) name, each once, in a fixed order.

    In a folder (all the way down) hidden files, names that begin with `_`, other suffixes and symbolic links that lead
    out of the folder are skipped, and outputs of ours; a file that is named is read, a link that is named, or matched
    by a glob, is followed. Raises UserError where an input names nothing that we can read, or an output of ours.
    """
    return located(inputs)[0]


def located(inputs: Sequence[str]) -> tuple[list[Source], list[str]]:
    """The same, with one line for everything that a person may have taken for input, and is left out."""
    found: dict[str, Source] = {}
    notes: dict[str, None] = {}
    for typed in inputs:
        sources, aside = _sources(typed)
        notes |= dict.fromkeys(aside)
        for source in sources:
            found.setdefault(_identity(source.place), source)
    if not found:
        raise UserError("no input: name a file, a folder, a glob, a URL, or - for JSONL on standard input")
    return list(found.values()), list(notes)


def _identity(place: str) -> str:
    return place if place == "-" or "://" in place else os.path.realpath(place)


def _sources(typed: str) -> Found:
    if typed == "-":
        return [standard_input_source()], []
    if "://" in typed:
        return _remote(typed)
    path = os.path.expanduser(typed)
    if os.path.isdir(path):
        return _folder(path)
    if os.path.isfile(path):
        return [as_source(path) or _unknown(typed)], []
    return _glob(path, typed)


def _remote(url: str) -> Found:
    found = list_url(url)
    if found == [url]:
        return [as_source(url) or _unknown(url)], []
    base = url.rstrip("/") + "/"
    visible = [name for name in found if not (name.startswith(base) and _is_hidden(name.removeprefix(base)))]
    return _left(visible, url, _nothing)


def _glob(pattern: str, typed: str) -> Found:
    matches = sorted(glob.glob(pattern, recursive=True))
    if not matches:
        raise UserError(f"nothing is at '{typed}' (seen from {os.getcwd()}): check the path")
    if not any(c in typed for c in "*?["):
        raise UserError(f"'{typed}' is neither a file nor a folder: pipe it into `-`, as JSONL")
    folders = [match for match in matches if os.path.isdir(match)]
    inside = [path for folder in folders for path in _walk(folder)[0]]
    files = [match for match in matches if os.path.isfile(match)]
    return _left(files + inside, typed, _read, _manifests(files, pattern))


def _manifests(files: Sequence[str], pattern: str) -> list[str]:
    """Those of the folders that the pattern matched, or begins with: it may have passed them by itself."""
    plain, folders = os.path.dirname(re.split(r"[*?[]", pattern)[0]), set()
    for folder in {os.path.dirname(file) for file in files}:
        while folder not in folders and len(folder) >= len(plain):
            folders.add(folder)
            folder = os.path.dirname(folder)
    return sorted(path for folder in folders if os.path.isfile(path := os.path.join(folder, MANIFEST)))


def _folder(folder: str) -> Found:
    found, links = _walk(folder)
    if is_output(folder, [os.path.relpath(path, folder) for path in found], _read):
        raise UserError(f"'{folder}' is an output of extract run, not input; name single files of it if you mean them")
    if not any(map(as_source, found)) and links:
        raise UserError(f"'{folder}' holds only links that lead out of it: name them, or use a glob ('{folder}/*')")
    return _left(found, folder, _read)


def _left(paths: Sequence[str], typed: str, load: Load, beside: Sequence[str] = ()) -> Found:
    """The sources among the paths, and why others are none, as they and the files `beside` them tell.

    UserError where there are none.
    """
    aside = set_aside([*paths, *beside], load)
    sources = [source for path in paths if not is_aside(path, aside) and (source := as_source(path))]
    if not sources:
        raise UserError([f"'{typed}' holds no file that we read ({SUFFIXES})", *aside.values()][-1])
    return sources, list(aside.values())


def _read(path: str) -> bytes:
    return Path(path).read_bytes()


def _nothing(path: str) -> bytes:
    return b""  # of a folder behind a URL, the names must do


def _walk(folder: str) -> tuple[list[str], int]:
    """The folder's files, and how many links out of it were skipped."""
    root, found, links = Path(folder).resolve(), [], 0
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        for path in (os.path.join(here, name) for name in sorted(files) if not _is_hidden(name)):
            if os.path.islink(path) and not Path(path).resolve().is_relative_to(root):
                links += as_source(path) is not None and os.path.isfile(path)
            elif os.path.isfile(path):
                found.append(path)
    return found, links


def _is_hidden(relative: str) -> bool:
    return any(part.startswith((".", "_")) for part in relative.split("/"))


def _unknown(typed: str) -> NoReturn:
    raise UserError(f"'{typed}' has a suffix that we do not read: rename it to {SUFFIXES}, or pipe JSONL into `-`")
