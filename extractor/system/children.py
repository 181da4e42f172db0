"""Processes that multiprocessing starts for us, each in a session of its own: a signal to our group is none to them,
and none of them outlives us."""

import atexit
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from pathlib import Path

FOR_US = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # what a terminal, `timeout` or a scheduler sends to a group
SHARED, NAMES = " /dev/shm/", ("sem.mp-", "psm_")  # where they lie, and how Python begins their names
LOOKS = 0.2  # seconds between two looks at whether the parent lives


class Children:
    """The processes started within `starting`; theirs live in the same sessions."""

    def __init__(self) -> None:
        self._started: list[BaseProcess] = []

    @contextmanager
    def starting(self) -> Iterator[None]:
        """Within it, what multiprocessing starts is one of them, whoever asks for it; a failure ends them."""
        start = BaseProcess.start

        def start_apart(process: BaseProcess) -> None:
            resource_tracker.ensure_running()  # it outlives us to tidy up, and must not be one of them
            # `run` comes first, so that a spawned child leaves before it imports what the rest of it needs
            process.__dict__ = {"run": _Apart(process), **process.__dict__}
            self._started.append(process)
            with _held_back():
                start(process)

        BaseProcess.start = start_apart  # type: ignore[method-assign, assignment]
        atexit.register(self.kill)  # before multiprocessing waits for them, who wait for us
        try:
            yield
        except BaseException:
            self.kill()
            raise
        finally:
            BaseProcess.start = start  # type: ignore[method-assign]

    def death(self) -> str:
        """What one of them ended with, for a person; nothing while all of them live."""
        for process in self._started:
            if (code := process.exitcode) is not None:
                return f"{process.name} {f'was killed by signal {-code}' if code < 0 else f'ended with {code}'}"
        return ""

    def kill(self) -> None:
        """Ends them at once, and all that they have started."""
        born = [(process, process.pid) for process in self._started if process.pid]
        self._started = []
        for _, pid in born:
            with suppress(OSError):  # gone already
                os.killpg(pid, signal.SIGKILL)
        for process, _ in born:
            process.join(LOOKS)


class _Apart:
    """A process's `run`, in a session of its own."""

    def __init__(self, process: BaseProcess) -> None:
        self._process, self._parent = process, os.getpid()

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        _leave(self._parent)

    def __call__(self) -> None:
        _leave(self._parent)
        type(self._process).run(self._process)


def _leave(parent: int) -> None:
    """Leaves the parent's session, once; what its group was sent in the meantime is forgotten."""
    if os.getsid(0) == os.getpid():
        return
    os.setsid()
    for number in FOR_US:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FOR_US)
    for number in FOR_US:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()


def _die_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOKS)
    for file in _shared():
        file.unlink(missing_ok=True)
    os.killpg(0, signal.SIGKILL)


def _shared() -> set[Path]:
    """The semaphores and blocks of memory that Python named for us and our children, and would have taken away.

    Whoever kills the group kills Python's tracker of them too. They are known by who holds them: we, and no stranger.
    """
    found: set[Path] = set()
    for maps in Path("/proc").glob("[0-9]*/maps"):
        with suppress(OSError):  # over meanwhile, or not ours to look at
            if os.getsid(int(maps.parent.name)) == os.getpid():
                found |= {Path(line.split(maxsplit=5)[5]) for line in maps.read_text().splitlines() if SHARED in line}
    return {path for path in found if path.name.startswith(NAMES)}


@contextmanager
def _held_back() -> Iterator[None]:
    """Within it, a process that is started is born with these signals blocked."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, FOR_US)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
