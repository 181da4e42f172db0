"""The shards of an output: folders in it, each an output of its own that one run of a share of the documents writes.

Readers see their rows with those of the output. The next run, retry, compact or repair of the output takes them in.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from extractor.documents.shard import Shard
from extractor.store.journal import within

FOLDER = "shards"
_AT_ONCE = ("seconds", "load_seconds")  # of several runs, the longest


def place_of(out: Path, shard: Shard) -> Path:
    """Where the shard lies in an output."""
    return out / FOLDER / shard.name


def shards_in(out: Path) -> Iterator[tuple[Shard, Path]]:
    """The shards of an output and their places, in order. UserError where one is a link that leads out of it."""
    found = [(shard, place) for place in (out / FOLDER).glob("*-of-*") if (shard := Shard.named(place.name))]
    for shard, place in sorted(found, key=lambda one: (one[0].of, one[0].number)):
        within(out, out / FOLDER)
        within(out, place)
        if place.is_dir():
            yield shard, place


def united(held: bytes | None, shards: Mapping[Shard, bytes | None]) -> bytes | None:
    """What the manifest of an output would hold if it had all that its shards have, whose manifests hold these."""
    content, told = _read(held), {shard: _read(one) for shard, one in shards.items()}
    if not content or not told:
        return held
    documents = [one.get("documents") for one in (content, *told.values())]
    counted = {"documents": sum(number for number in documents if isinstance(number, int))}
    run = counted | _together({shard: as_object(one.get("last_run")) for shard, one in told.items()})
    return json.dumps(content | counted | {"last_run": run, "last_work": run}).encode()


def _read(held: bytes | None) -> dict[str, Any]:
    """What a manifest says; nothing where there is none, or it is torn."""
    try:
        return as_object(json.loads(held or b"{}"))
    except (ValueError, RecursionError):
        return {}


def as_object(said: Any) -> dict[str, Any]:
    """What a JSON file says where an object belongs; empty for anything else."""
    return dict(said) if isinstance(said, dict) else {}


def _together(runs: Mapping[Shard, dict[str, Any]]) -> dict[str, Any]:
    """The last runs of shards, which go on at the same time, as one; what some do not tell is None."""
    left = [run.get("pending") for run in runs.values()]
    is_known = len(runs) == max(shard.of for shard in runs) and all(isinstance(number, int) for number in left)
    settled = Counter[str]()
    for run in runs.values():
        settled.update({status: n for status, n in as_object(run.get("settled")).items() if isinstance(n, int)})
    states = {str(shard): run.get("state") or "stopped" for shard, run in runs.items()}
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
