"""One run per output folder: a lock that outlives no run, on one machine and on a shared disk."""

import fcntl
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from extractor.errors import Locked, UserError

FILE = ".lock"
BEAT_SECONDS = 20.0
STALE_SECONDS = 180.0  # without a heartbeat, a lock from another machine, or from before a boot, is dead


@contextmanager
def locked(folder: Path, beat: float = BEAT_SECONDS, stale: float = STALE_SECONDS) -> Iterator[None]:
    """The folder is ours within; Locked where a live run has it, UserError where nothing can be written."""
    path, done, mine = folder / FILE, threading.Event(), _myself()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _take(path, mine, stale)
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror}; make room there or choose another") from None
    pulse = threading.Thread(target=_beat, args=(path, beat, done), daemon=True)
    pulse.start()
    try:
        yield
    finally:
        done.set()
        pulse.join()
        if _read(path) == mine:
            path.unlink(missing_ok=True)


def _take(path: Path, mine: dict[str, Any], stale: float) -> None:
    guard = path.with_name(f"{FILE}.guard")
    with guard.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        os.utime(guard)
        holder = _read(path)
        if holder and _alive(holder, path, guard, stale):
            raise Locked(
                f"another run holds {path.parent} (process {holder['pid']} on {holder['host']}); wait for it (if it"
                f" died elsewhere, {stale:.0f} s without a sign of life free the folder)"
            )
        path.write_text(json.dumps(mine))


def _alive(holder: dict[str, Any], path: Path, guard: Path, stale: float) -> bool:
    if holder.get("kernel") == _kernel():  # process numbers mean the same there and here
        return holder.get("born") == _born(int(holder["pid"]))
    # Both times come from the disk's own clock, so that clocks of two machines need not agree.
    return guard.stat().st_mtime - path.stat().st_mtime < stale


def _beat(path: Path, seconds: float, done: threading.Event) -> None:
    while not done.wait(seconds):
        try:
            os.utime(path)
        except OSError:  # a full or vanished disk is the writer's to report
            pass


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and {"host", "pid"} <= set(found) else None


def _myself() -> dict[str, Any]:
    return {"host": socket.gethostname(), "pid": os.getpid(), "born": _born(os.getpid()), "kernel": _kernel()}


def _kernel() -> str | None:
    """This boot of this machine and, within it, the container: host names may be shared, these are not."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return None


def _born(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return None
