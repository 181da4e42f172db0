"""The folders of schemas and prompts that ship with the package."""

from pathlib import Path

from extractor.errors import UserError

_INSTALLED = Path(__file__).parent.parent / "shipped"
_ROOT = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parent.parent.parent


def names() -> list[str]:
    """Names of the shipped schemas, sorted."""
    return sorted(path.stem for path in (_ROOT / "schemas").glob("*.json"))


def find(name: str, folder: str, suffix: str) -> Path | None:
    """The shipped file `folder/name suffix`, or None; a name with a path in it is never shipped."""
    path = _ROOT / folder / f"{name}{suffix}"
    return path if Path(name).name == name and path.is_file() else None


def read_text(path: Path, what: str) -> str:
    """The file's text as UTF-8 without a byte-order mark; UserError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{what} {path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{what} {path}: not UTF-8 (byte {error.start}); save it as UTF-8") from None
