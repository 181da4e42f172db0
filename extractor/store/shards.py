"""The shards of an output: folders in it, each an output of its own that one run of a share of the documents writes.

Readers see their rows with those of the output. The next run, retry, compact or repair of the output takes them in.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from extractor.store.journal import within

FOLDER = "shards"
_NAME = re.compile(r"([1-9]\d*)-of-([1-9]\d*)")
_AT_ONCE = ("seconds", "load_seconds")  # of several runs, the longest


def place_of(out: Path, name: str) -> Path:
    """Where the shard of this name lies in an output."""
    return out / FOLDER / name


def shards_in(out: Path) -> Iterator[tuple[str, Path]]:
    """Names and places of the shards of an output, in order. UserError where one is a link that leads out of it."""
    found = [place for place in (out / FOLDER).glob("*-of-*") if _NAME.fullmatch(place.name) and place.is_dir()]
    for place in sorted(found, key=_numbers):
        within(out, out / FOLDER)
        within(out, place)
        yield place.name, place


def siblings(name: str) -> int:
    """How many shards there are where this is one."""
    return _numbers(Path(name))[1]


def united(content: Mapping[str, Any], shards: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What the manifest of an output would say if it had all that its shards (name → manifest) have."""
    if not shards:
        return dict(content)
    documents = [one.get("documents") for one in (content, *shards.values())]
    counted = {"documents": sum(number for number in documents if isinstance(number, int))}
    run = counted | _together({name: as_object(one.get("last_run")) for name, one in shards.items()})
    return {**content, **counted, "last_run": run, "last_work": run}


def manifest_in(held: bytes | None) -> dict[str, Any]:
    """What a shard's manifest says; nothing where it has none, or it is torn."""
    try:
        return as_object(json.loads(held or b"{}"))
    except (ValueError, RecursionError):
        return {}


def as_object(said: Any) -> dict[str, Any]:
    """What a JSON file says where an object belongs; empty for anything else."""
    return dict(said) if isinstance(said, dict) else {}


def _together(runs: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The last runs of shards, which go on at the same time, as one; what some do not tell is None."""
    left = [run.get("pending") for run in runs.values()]
    is_known = len(runs) == max(map(siblings, runs)) and all(isinstance(number, int) for number in left)
    settled = Counter[str]()
    for run in runs.values():
        settled.update({status: n for status, n in as_object(run.get("settled")).items() if isinstance(n, int)})
    states = {name.replace("-of-", "/"): str(run.get("state")) for name, run in runs.items()}
    is_over = is_known and set(states.values()) == {"finished"}
    return {
        "state": "finished" if is_over else "running" if "running" in states.values() else "stopped",
        "pending": sum(number or 0 for number in left) if is_known else None,
        "settled": dict(settled),
        "output_tokens": sum(_number(run, "output_tokens") for run in runs.values()),
        **{name: max(_number(run, name) for run in runs.values()) for name in _AT_ONCE},
        "shards": states,
    }


def _number(run: Mapping[str, Any], name: str) -> Any:
    return value if isinstance(value := run.get(name), int | float) else 0


def _numbers(place: Path) -> tuple[int, int]:
    found = _NAME.fullmatch(place.name)
    return (int(found[1]), int(found[2])) if found else (0, 0)
