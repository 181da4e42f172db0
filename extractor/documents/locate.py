"""What a person typed → the files to read."""

import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from extractor.documents.remote import list_url
from extractor.documents.source import SUFFIXES, Source, as_source, standard_input_source
from extractor.errors import UserError


def locate(inputs: Sequence[str]) -> list[Source]:
    """The files that files, folders, globs, URLs and `-` (JSONL on standard input) name, each once, in a fixed order.

    In a folder (all the way down) hidden files, names that begin with `_`, other suffixes and symbolic links that lead
    out of the folder are skipped; a link that is named, or matched by a glob, is followed. Raises UserError where an
    input names nothing that we can read.
    """
    found: dict[str, Source] = {}
    for typed in inputs:
        for source in _sources(typed):
            found.setdefault(_identity(source.place), source)
    if not found:
        raise UserError("no input: name a file, a folder, a glob, a URL, or - for JSONL on standard input")
    return list(found.values())


def _identity(place: str) -> str:
    return place if place == "-" or "://" in place else os.path.realpath(place)


def _sources(typed: str) -> list[Source]:
    if typed == "-":
        return [standard_input_source()]
    if "://" in typed:
        return _remote(typed)
    path = os.path.expanduser(typed)
    if os.path.isdir(path):
        return _folder(path)
    if os.path.isfile(path):
        return [as_source(path) or _unknown(typed)]
    return _glob(path, typed)


def _remote(url: str) -> list[Source]:
    found = list_url(url)
    if found == [url]:
        return [as_source(url) or _unknown(url)]
    base = url.rstrip("/") + "/"
    visible = [name for name in found if not (name.startswith(base) and _is_hidden(name.removeprefix(base)))]
    return [source for name in visible if (source := as_source(name))] or _none(url)


def _glob(pattern: str, typed: str) -> list[Source]:
    matches = sorted(glob.glob(pattern, recursive=True))
    if not matches:
        raise UserError(f"nothing is at '{typed}' (seen from {os.getcwd()}): check the path")
    if not any(c in typed for c in "*?["):
        raise UserError(f"'{typed}' is neither a file nor a folder: pipe it into `-`, as JSONL")
    folders = [match for match in matches if os.path.isdir(match)]
    inside = [source for folder in folders for source in _walk(folder)[0]]
    files = [source for match in matches if os.path.isfile(match) and (source := as_source(match))]
    return files + inside or _none(typed)


def _folder(folder: str) -> list[Source]:
    found, links = _walk(folder)
    if not found and links:
        raise UserError(f"'{folder}' holds only links that lead out of it: name them, or use a glob ('{folder}/*')")
    return found or _none(folder)


def _walk(folder: str) -> tuple[list[Source], int]:
    """The folder's sources, and how many links out of it were skipped."""
    root, found, links = Path(folder).resolve(), [], 0
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        for path in (os.path.join(here, name) for name in sorted(files) if not _is_hidden(name)):
            source = as_source(path) if os.path.isfile(path) else None
            if source and os.path.islink(path) and not Path(path).resolve().is_relative_to(root):
                links += 1
            elif source:
                found.append(source)
    return found, links


def _is_hidden(relative: str) -> bool:
    return any(part.startswith((".", "_")) for part in relative.split("/"))


def _none(typed: str) -> NoReturn:
    raise UserError(f"'{typed}' holds no file that we read ({SUFFIXES})")


def _unknown(typed: str) -> NoReturn:
    raise UserError(f"'{typed}' has a suffix that we do not read: rename it to {SUFFIXES}, or pipe JSONL into `-`")
