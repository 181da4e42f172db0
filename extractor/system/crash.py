"""Places where a test can have the process killed, as a power cut would."""

import os
import signal

VARIABLE = "EXTRACTOR_CRASH_AT"  # "move" or "move:3": at the third time that this point is passed
POINTS = ("stage", "before-journal", "after-journal", "move", "after-commit")
_passed: dict[str, int] = {}


def crash_point(name: str) -> None:
    """Nothing, unless the environment arms this point: then SIGKILL to this process."""
    armed = os.environ.get(VARIABLE)
    if armed is None:
        return
    where, _, count = armed.partition(":")
    _passed[name] = _passed.get(name, 0) + 1
    if where == name and _passed[name] == int(count or 1):
        os.kill(os.getpid(), signal.SIGKILL)
