"""A job as the words of the command line that ask for it."""

import json
from collections.abc import Iterator
from typing import Any

from extractor.jobs.job import Job, flag_of


def words_of(job: Job) -> list[str]:
    """The words after `extract run`: its inputs, and a flag for each setting that is not as by default."""
    said = job.model_dump()
    words = [word for name in Job.model_fields if name != "inputs" for word in _words(name, said[name])]
    return [*job.inputs, *words]


def _words(name: str, value: Any) -> Iterator[str]:
    field, flag = Job.model_fields[name], flag_of(name)
    if not field.is_required() and value == field.get_default():
        return
    if isinstance(value, dict):
        for key, held in value.items():
            yield from (flag, f"{key}={held if _is_plain(held) else json.dumps(held)}")
    elif isinstance(value, bool):
        yield flag
    else:
        for one in value if isinstance(value, list) else [value]:
            yield from (flag, f"{one:g}" if isinstance(one, float) and one == int(one) else str(one))


def _is_plain(held: Any) -> bool:
    """Whether it is a text that is read as itself."""
    if not isinstance(held, str):
        return False
    try:
        json.loads(held)
    except ValueError:
        return True
    return False
