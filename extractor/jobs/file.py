"""A job file: TOML with the words of the command line as keys, and one [[job]] for each of several jobs."""

import os
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor.errors import UserError
from extractor.jobs.job import Job, flag_of, make_job, or_one_of, pairs
from extractor.tasks import shipped

PATHS = ("inputs", "prompt", "examples", "schema", "model", "out", "from", "metrics", "calibration", "key_file")
_LISTS = ("inputs", "keep", "escalate", "url")
_VARIABLE = re.compile(r"(\$?)\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class GivenJob:
    """A job, and where each word of it came from that a person set: field → "flag" or the job file's name."""

    job: Job
    origins: Mapping[str, str]
    file: Path | None = None


def load_jobs(path: Path, flags: Mapping[str, Any]) -> list[GivenJob]:
    """The jobs of a file, in its order, with `flags` over what it says. UserError with file and key."""
    content = _expanded(_read(path), path)
    own = content.pop("job", [{}])
    if not isinstance(own, list) or not all(isinstance(keys, dict) for keys in own):
        raise UserError(f"{path}: job: write each job as a table [[job]]")
    many = len(own) > 1
    if many and "out" in flags:
        raise UserError(f"--out {flags['out']}: {path} has {len(own)} jobs, and each needs an out of its own")
    shared = _words(content, path, f"{path}: ")
    asked = [_asked(shared, keys, flags, path, f"[[job]] {n}: " if many else "") for n, keys in enumerate(own, 1)]
    _outs_differ(asked, path)
    return asked


def _asked(
    shared: Mapping[str, Any], keys: Mapping[str, Any], flags: Mapping[str, Any], path: Path, which: str
) -> GivenJob:
    said = {**shared, **_words(keys, path, f"{path}: {which}")}
    typed = {_key(name): value for name, value in flags.items()}
    job = make_job(said | typed, f"{path}: {which}", typed)
    fields = {_key(name): name for name in Job.model_fields}
    return GivenJob(job, {fields[key]: "flag" if key in typed else path.name for key in said | typed}, path)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(shipped.read_text(path, "job file"))
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, brackets without end
        raise UserError(f"{path}: not TOML: {error}") from None


def _expanded(content: dict[str, Any], path: Path) -> dict[str, Any]:
    table, short = content.pop("environment", {}), content.pop("env", [])
    unknown = set(table) - {"names"} if isinstance(table, dict) else {"environment"}
    names = [*table.get("names", []), *short] if not unknown and isinstance(short, list) else None
    if names is None or not all(isinstance(name, str) for name in names):
        raise UserError(f'{path}: environment: write it as env = ["NAME"], or as a table with names = ["NAME"]')
    expanded: dict[str, Any] = _expand(content, names, f"{path}: ")
    return expanded


def _expand(value: Any, names: Collection[str], where: str) -> Any:
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: found[0][1:] if found[1] else _value_of(found[2], names, where), value)
    if isinstance(value, list):
        return [_expand(child, names, f"{where}{n}: ") for n, child in enumerate(value, 1)]
    if isinstance(value, dict):
        return {key: _expand(child, names, f"{where}{key}: ") for key, child in value.items()}
    return value


def _value_of(name: str, names: Collection[str], where: str) -> str:
    if name not in names:
        raise UserError(f'{where}${{{name}}} is not declared: add env = ["{name}"] at the top, or write $${{{name}}}')
    if name not in os.environ:
        raise UserError(f"{where}${{{name}}} is not set in the environment: {name}=… extract job run …")
    return os.environ[name]


def _words(keys: Mapping[str, Any], path: Path, where: str) -> dict[str, Any]:
    """The keys as words of a job: `_` for `-`, lists where lists belong, paths as seen from the file's folder."""
    known = [_key(name) for name in Job.model_fields]
    words: dict[str, Any] = {}
    for written, value in keys.items():
        key = written.replace("-", "_")
        if key not in known:
            raise UserError(f"{where}'{written}' is no setting{or_one_of(written, known)}")
        if key in words:
            raise UserError(f"{where}'{written}' is there twice, with - and with _")
        words[key] = _placed(key, _shaped(key, value), path.parent)
    return words


def _shaped(key: str, value: Any) -> Any:
    if key in _LISTS and isinstance(value, str):
        return [value]
    if key in ("engine_arg", "sampling") and isinstance(value, list):
        return pairs([str(word) for word in value], flag_of(key))
    return value


def _placed(key: str, value: Any, folder: Path) -> Any:
    if key not in PATHS:
        return value
    return [_place(key, one, folder) for one in value] if isinstance(value, list) else _place(key, value, folder)


def _place(key: str, value: Any, folder: Path) -> Any:
    if not isinstance(value, str) or value in ("-", "") or "://" in value:
        return value
    path = folder / Path(value).expanduser()
    named = {"schema": value.endswith(".json") or path.is_file(), "model": path.is_dir(), "examples": value != "none"}
    return str(path) if named.get(key, True) else value


def _outs_differ(asked: Collection[GivenJob], path: Path) -> None:
    first: dict[Path, int] = {}
    for number, job in enumerate((one.job for one in asked), 1):
        if (other := first.setdefault(job.out.resolve(), number)) != number:
            raise UserError(f"{path}: [[job]] {number}: out: {job.out} is that of [[job]] {other}; each needs its own")


def _key(field: str) -> str:
    return field.strip("_")
