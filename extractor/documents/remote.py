"""Files behind URLs, through fsspec; what each scheme needs is an optional extra."""

import shutil
import tempfile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from extractor.documents.row import in_short, without_secrets
from extractor.errors import UserError, install

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_EXTRAS = {"http": "http", "https": "http", "s3": "s3", "gs": "gs", "hf": "hf"}  # scheme → extra of pyproject.toml
_BLOCK = 4 << 20  # bytes asked for at a time
_CONNECT, _SILENCE = 30, 60  # seconds


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


def open_url(url: str) -> BinaryIO:
    """The file's bytes, seekable; a block is fetched when it is read, so that no connection need outlive a long run."""
    fs, path = _file_system(url)
    stream = cast(BinaryIO, fs.open(path, "rb", block_size=_BLOCK))
    if not url.startswith("http") or _gives_ranges(stream):
        return stream
    return _on_disk(cast(BinaryIO, fs.open(path, "rb", block_size=0)))


def version_of(url: str) -> Any:
    """What differs when another file is there now: its size, and its tag or time as far as the server tells them."""
    fs, path = _file_system(url)
    info = fs.info(path)
    return [info.get(name) for name in ("size", "ETag", "etag", "Last-Modified", "LastModified", "mtime")]


def _gives_ranges(stream: BinaryIO) -> bool:
    size = getattr(stream, "size", None)
    if not size or size < 2:
        return False
    try:
        stream.seek(size - 1)
        return len(stream.read(1)) == 1 and stream.seek(0) == 0
    except ValueError:  # the whole file came, where a byte was asked for
        return False


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

        fs, path = url_to_fs(url, **_settings(scheme))
    except (ImportError, ValueError) as error:
        cure = install(_EXTRAS[scheme])
        raise UserError(f"reading {scheme}:// needs a package that is not here ({in_short(error)}); {cure}") from error
    return fs, path


def _settings(scheme: str) -> dict[str, Any]:
    """No limit to how long a file takes, but one to how long its server may be silent."""
    if not scheme.startswith("http"):
        return {}
    from aiohttp import ClientTimeout

    return {"client_kwargs": {"timeout": ClientTimeout(total=None, sock_connect=_CONNECT, sock_read=_SILENCE)}}
