"""The files that a command writes where it was told to: checked before anything is read, a failure is one line."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from extractor.errors import UserError
from extractor.jobs.job import on_disk


def check_written(
    runs: Sequence[str], written: Mapping[str, str | None], read: Mapping[str, str | None], inputs: Sequence[str] = ()
) -> None:
    """UserError where a file to be written is read as well: by this command, or by the runs that it looks at."""
    from extractor.jobs.targets import check_target, places_of
    from extractor.store.manifest import Manifest

    if not any(target is not None for target in written.values()):
        return
    settings = [Manifest.load(Path(run), ours=False).settings for run in runs]
    inputs = [*inputs, *(word for one in settings for word in one.get("inputs") or ())]
    given: dict[str, list[Any]] = {name: [path] for name, path in read.items() if path}
    given |= {"the labels of gold": [Path(path).with_name("labels.json") for (path,) in given.values()]}
    for flag, target in written.items():
        others = {name: [path] for name, path in written.items() if name != flag}
        check_target(flag, target, {**given, **others, "an INPUT": places_of(inputs)})


def folder(out: str | None, usual: Path) -> Path:
    """Where outputs go: as told, or as usual."""
    try:
        on_disk(usual if out is None else out)
    except ValueError as error:
        raise UserError(f"--out {out}: {error}") from None
    return usual if out is None else Path(out)


def keep(found: Any, parquet: str | None) -> None:
    """Writes all metrics to this file, if there is one."""
    if parquet:
        from extractor.evaluation.tidy import save

        with _writing("--parquet", parquet):
            save(found, parquet)


def write(flag: str, file: Path, page: str) -> Path:
    """Writes the page, and gives its place back."""
    with _writing(flag, file):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page, encoding="utf-8")
    return file


@contextmanager
def _writing(flag: str, file: str | Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"{flag} {file}: {error.strerror or error}; choose another place") from None
