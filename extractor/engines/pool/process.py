"""A worker in a process of its own on this machine, reached by a pipe."""

import multiprocessing
import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from extractor.engines.pool.work import MakeEngine, work
from extractor.engines.pool.worker import Died, Event, Lives, Ready, Tell
from extractor.system.children import Children
from extractor.types import Request

GRACE = 5.0  # seconds that a worker has to close its engine


@dataclass(frozen=True, slots=True)
class Replica:
    """What a process is to be: its engine, and what of the machine is its own."""

    name: str
    make: MakeEngine  # called in the process, where it is unpickled
    log: Path  # where all goes that it prints
    environment: dict[str, str] = field(default_factory=dict)
    cores: frozenset[int] = frozenset()  # that it runs on; none: as the parent


class ProcessWorker:
    """A process that is spawned, lives in a session of its own, and dies with us."""

    def __init__(self, replica: Replica, tell: Tell) -> None:
        self._replica, self._tell = replica, tell
        self._life: _Life | None = None

    @property
    def name(self) -> str:
        """Of the replica."""
        return self._replica.name

    def start(self) -> None:
        """Spawns it."""
        self._life = _Life(self._replica, self._tell)
        self._tell(Lives())

    def send(self, key: int, request: Request) -> None:
        """Leaves it to a thread: a pipe may be full."""
        if self._life:
            self._life.outbox.put((key, request))

    def kill(self) -> None:
        """By SIGKILL."""
        if self._life:
            self._life.kill()

    def close(self) -> None:
        """Lets it close its engine, and ends it if that takes long."""
        life, self._life = self._life, None
        if life:
            life.close()


class _Life:
    """One process, from its birth to its death, and the two threads that write to it and read from it."""

    def __init__(self, replica: Replica, tell: Tell) -> None:
        self.outbox: queue.SimpleQueue[tuple[int, Request] | None] = queue.SimpleQueue()
        self._children, self._tell = Children(), tell
        self._is_ready = self._closing = False
        self._pipe, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=_begin, args=(replica, theirs), name=replica.name)
        with self._children.starting():
            self._process.start()
        theirs.close()  # so that its death is the end of the pipe
        self._writer, self._reader = self._thread(self._write), self._thread(self._read)

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        """Only the reader waits for the process: two that wait for one take its end from each other."""
        self._closing = True
        self.outbox.put(None)
        self._reader.join(GRACE if self._is_ready else 0)
        self.kill()
        self._reader.join()

    def _thread(self, target: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=target, name=self._process.name, daemon=True)
        thread.start()
        return thread

    def _write(self) -> None:
        with suppress(OSError):  # it is dead, which the reader finds
            while asked := self.outbox.get():
                self._pipe.send(asked)
            self._pipe.send(None)

    def _read(self) -> None:
        died = None
        with suppress(EOFError, OSError):
            while not isinstance(event := self._pipe.recv(), Died):
                self._pass_on(event)
            died = event
        self._process.join(GRACE)
        how = self._children.death()
        self._children.kill()
        self.outbox.put(None)
        self._writer.join()
        self._pipe.close()
        if not self._closing:
            self._tell(died or Died(how.removeprefix(f"{self._process.name} ") or "it closed its pipe"))

    def _pass_on(self, event: Event) -> None:
        self._is_ready = self._is_ready or isinstance(event, Ready)
        if not self._closing:
            self._tell(event)


def _begin(replica: Replica, pipe: Connection) -> None:
    """In the process."""
    os.environ.update(replica.environment)
    if replica.cores:
        os.sched_setaffinity(0, replica.cores)
    replica.log.parent.mkdir(parents=True, exist_ok=True)
    with replica.log.open("ab") as sink:
        os.dup2(sink.fileno(), 1)
        os.dup2(sink.fileno(), 2)
    facts: dict[str, Any] = {"process": os.getpid(), **replica.environment}
    work(replica.make, _PipePort(pipe), facts)


class _PipePort:
    """The worker's end of the pipe."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def take(self, wait: bool) -> tuple[int, Request] | None:
        if not wait and not self._pipe.poll():
            return None
        asked: tuple[int, Request] | None = self._pipe.recv()
        if asked is None:
            raise EOFError
        return asked

    def give(self, event: Event) -> None:
        self._pipe.send(event)
