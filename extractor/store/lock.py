"""One run per output folder: a lock that outlives no run, on one machine and on a shared disk.

A lock without a sign of life may be taken over, and its first holder may only have been asleep. So each lock carries
a token of its own (a fencing token), and whoever writes makes sure, for as long as it writes, that the token is there.
"""

import fcntl
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from extractor.errors import Locked, UserError
from extractor.store.journal import write_atomically

FILE = ".lock"
BEAT_SECONDS = 20.0
STALE_SECONDS = 180.0  # without a heartbeat, a lock from another machine, or from before a boot, is dead
LOOKS = 0.2  # seconds between two looks at whether a folder is free
GUARD_SECONDS = 30.0  # that one waits for another's commit, which is a few renames
_ONE_THREAD = threading.Lock()  # the guard's lock is the whole process's


class Lease:
    """A folder that is ours until another run takes it over."""

    def __init__(self, folder: Path, token: str, guard_seconds: float) -> None:
        self.folder, self.token, self.guard_seconds = folder, token, guard_seconds
        self._lost = threading.Event()

    def check(self) -> None:
        """Nothing while it is ours, as far as the last heartbeat knows; else Locked."""
        if self._lost.is_set():
            raise self._gone()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """It is ours within, whatever happens; Locked where it is ours no more. It is not to be nested."""
        with _guarded(self.folder, self.guard_seconds):
            if not self._is_ours():
                self._lost.set()
                raise self._gone()
            yield

    def beat(self) -> None:
        """A sign of life, and a look whether it is still ours."""
        with suppress(OSError, Locked), _guarded(self.folder, self.guard_seconds):
            if self._is_ours():
                os.utime(self.folder / FILE)
            else:
                self._lost.set()

    def give_back(self) -> None:
        """The folder is free, unless another has it by now."""
        with suppress(OSError, Locked), _guarded(self.folder, self.guard_seconds):
            if self._is_ours():
                (self.folder / FILE).unlink()

    def _is_ours(self) -> bool:
        holder = _read(self.folder / FILE)
        return holder is not None and holder.get("token") == self.token

    def _gone(self) -> Locked:
        holder = _read(self.folder / FILE)
        taken = f"another run took it over ({_named(holder)})" if holder else "its lock was taken away"
        return Locked(
            f"{self.folder} is no longer this run's: {taken} while this one gave no sign of life; nothing more is"
            " written, and the same command continues when the other has ended"
        )


@contextmanager
def locked(
    folder: Path,
    beat: float = BEAT_SECONDS,
    stale: float = STALE_SECONDS,
    guard_seconds: float = GUARD_SECONDS,
    patience: float = 0.0,
) -> Iterator[Lease]:
    """The folder is ours within; Locked where a live run has it for more than `patience` (seconds), UserError where
    nothing can be written."""
    lease, done = Lease(folder, secrets.token_hex(8), guard_seconds), threading.Event()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ends = time.monotonic() + patience
        while not _taken(lease, stale, gives_up=time.monotonic() >= ends):
            time.sleep(LOOKS)
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror}; make room there or choose another") from None
    pulse = threading.Thread(target=_beats, args=(lease, beat, done), daemon=True)
    pulse.start()
    try:
        yield lease
    finally:
        done.set()
        pulse.join()
        lease.give_back()


def is_held(folder: Path, stale: float = STALE_SECONDS) -> bool:
    """Whether a live run has the folder, as far as one can tell without writing there."""
    path = folder / FILE
    try:
        holder = _read(path)
        return holder is not None and _alive(holder, path, time.time(), stale)
    except OSError:  # given back meanwhile
        return False


def _taken(lease: Lease, stale: float, gives_up: bool) -> bool:
    """Whether the folder is ours now; Locked where it is not and we do not wait."""
    try:
        with _guarded(lease.folder, lease.guard_seconds) as guard:
            _take(lease.folder, lease.token, stale, guard)
    except Locked:
        if gives_up:
            raise
        return False
    return True


def _take(folder: Path, token: str, stale: float, guard: int) -> None:
    path = folder / FILE
    os.utime(guard)
    holder = _read(path)
    if holder and _alive(holder, path, os.fstat(guard).st_mtime, stale):
        raise Locked(
            f"another run holds {folder} ({_named(holder)}); wait for it (if it died elsewhere, {stale:.0f} s"
            " without a sign of life free the folder)"
        )
    write_atomically(path, json.dumps(_myself() | {"token": token}))


@contextmanager
def _guarded(folder: Path, seconds: float) -> Iterator[int]:
    """Within it no other process takes the folder, or commits there; Locked where one does so for as many seconds.

    POSIX locks, since a child that is forked does not inherit them. Gives the guard's file number.
    """
    ends = time.monotonic() + seconds
    with _ONE_THREAD:
        guard = os.open(folder / f"{FILE}.guard", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        try:
            while not _got(guard):
                if time.monotonic() > ends:
                    raise Locked(f"another run is in the middle of a commit to {folder}, or was stopped there")
                time.sleep(0.01)
            yield guard
        finally:
            os.close(guard)


def _got(guard: int) -> bool:
    try:
        fcntl.lockf(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # POSIX leaves the choice between the two
        return False
    return True


def _alive(holder: dict[str, Any], path: Path, now: float, stale: float) -> bool:
    if holder.get("kernel") == _kernel():  # process numbers mean the same there and here
        return holder.get("born") == _born(holder["pid"])
    # Both times come from the disk's own clock, so that clocks of two machines need not agree.
    return now - path.stat().st_mtime < stale


def _beats(lease: Lease, seconds: float, done: threading.Event) -> None:
    while not done.wait(seconds):
        lease.beat()


def _named(holder: dict[str, Any]) -> str:
    return f"process {holder['pid']} on {holder['host']}"


def _read(path: Path) -> dict[str, Any] | None:
    """Who holds the lock; None where it is not there, or torn."""
    try:
        found = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) and "host" in found and isinstance(found.get("pid"), int) else None


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
    """When the process was started; None where it is over, also where its parent has not taken note yet (a zombie)."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state in "ZX" else rest[18]
