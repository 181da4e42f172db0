"""Files behind URLs, through fsspec; what each scheme needs is an optional extra."""

import shutil
import tempfile
from typing import TYPE_CHECKING, BinaryIO, cast

from extractor.documents.row import in_short, without_secrets
from extractor.errors import UserError, install

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_EXTRAS = {"http": "http", "https": "http", "s3": "s3", "gs": "gs", "hf": "hf"}  # scheme → extra of pyproject.toml
_BLOCK = 4 << 20  # bytes asked for at a time


def list_url(url: str) -> list[str]:
    """The URLs of all files that a URL names: itself, a glob's, or a folder's (http: always itself).

    Raises UserError where nothing is there, where it cannot be reached, or where the extra is not installed.
    """
    fs, path = _file_system(url)
    scheme = url.partition("://")[0]
    try:
        found = [path] if scheme.startswith("http") and fs.exists(path) else _list(fs, path)
    except Exception as error:  # each of these libraries has failures of its own
        raise UserError(f"{without_secrets(url)} cannot be reached: {in_short(error)}") from error
    if not found:
        raise UserError(f"nothing is at {without_secrets(url)}: check the address and who may read it")
    return [name if "://" in name else f"{scheme}://{name}" for name in found]


def _list(fs: "AbstractFileSystem", path: str) -> list[str]:
    if "://" in path:
        return []  # an http server has no listing
    if any(c in path for c in "*?["):
        return sorted(fs.glob(path))
    return [path] if fs.isfile(path) else sorted(fs.find(path))


def open_url(url: str, seekable: bool) -> BinaryIO:
    """The file's bytes; `seekable` for Parquet, which is read from its end."""
    fs, path = _file_system(url)
    if not url.startswith("http"):
        return cast(BinaryIO, fs.open(path, "rb", block_size=_BLOCK))
    if seekable and fs.info(path).get("partial"):
        return cast(BinaryIO, fs.open(path, "rb", block_size=_BLOCK))
    stream = fs.open(path, "rb", block_size=0)
    return _on_disk(stream) if seekable else cast(BinaryIO, stream)


def _on_disk(stream: BinaryIO) -> BinaryIO:
    """A server that gives no ranges: the whole file, in a temporary file."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the caller closes it)
    with stream:
        shutil.copyfileobj(stream, file, _BLOCK)
    file.seek(0)
    return cast(BinaryIO, file)


def _file_system(url: str) -> "tuple[AbstractFileSystem, str]":
    scheme = url.partition("://")[0]
    if scheme not in _EXTRAS:
        raise UserError(f"{scheme}:// is no address we read: use a local path or one of {', '.join(_EXTRAS)}")
    try:
        from fsspec.core import url_to_fs

        fs, path = url_to_fs(url)
    except (ImportError, ValueError) as error:
        cure = install(_EXTRAS[scheme])
        raise UserError(f"reading {scheme}:// needs a package that is not here ({in_short(error)}); {cure}") from error
    return fs, path
