"""Actors of Ray as the workers of one engine."""

import logging
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from extractor.engines.pool.actor import Actor
from extractor.engines.pool.engine import PoolEngine
from extractor.engines.pool.work import MakeEngine
from extractor.engines.pool.worker import Died, Done, Lives, Tell
from extractor.errors import EngineError, UserError, install
from extractor.types import Request

AT_ONCE = 10_000  # calls to one actor that may be open: more than any engine takes requests
LOCAL = "local"
# A node dies whose agents are not there in time, and they import much; in milliseconds
DEFAULTS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_agent_register_timeout_ms": "120000"}


@dataclass(frozen=True, slots=True)
class RaySettings:
    """Which cluster, and how many actors of what size."""

    address: str | None  # None: RAY_ADDRESS, else a cluster of our own on this machine
    actors: int
    gpus: int  # of each
    patience: float  # seconds


class RayEngine(PoolEngine):
    """Each actor is a worker. One that finds no place waits for it while the others work."""

    def __init__(self, make: MakeEngine, settings: RaySettings) -> None:
        self._is_ours = connect(settings)
        names = (f"actor {number}" for number in range(1, settings.actors + 1))
        super().__init__([partial(RayWorker, name, make, settings.gpus) for name in names], settings.patience)

    def close(self) -> None:
        """Ends the actors, and the cluster if it was begun here."""
        super().close()
        if self._is_ours:
            needs_ray().shutdown()


class RayWorker:
    """An actor, and after its death another in its place.

    Ray's own restarts are not used: meanwhile such an actor fails each call at once. Its death is told when no call is
    open any more, so that every answer that it gave has come. What comes back is taken by a thread of our own: one of
    Ray's that asks Ray for something waits for itself.
    """

    def __init__(self, name: str, make: MakeEngine, gpus: int, tell: Tell) -> None:
        self.name = name
        self._ray, self._make, self._gpus, self._tell = needs_ray(), make, gpus, tell
        self._lock, self._open, self._closed = threading.Lock(), 0, False
        self._died: Died | None = None
        self._actor: Any = None
        self._came: queue.SimpleQueue[tuple[Callable[[Any], None], Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._take, name=name, daemon=True)
        self._thread.start()

    def start(self) -> None:
        """A new actor, which Ray places where there is room."""
        self._died = None
        # On nodes without GPUs nothing but this keeps one from getting all
        spread = {} if self._gpus else {"scheduling_strategy": "SPREAD"}
        sized = self._ray.remote(Actor).options(
            num_cpus=1, num_gpus=self._gpus, max_restarts=0, max_task_retries=0, max_concurrency=AT_ONCE, **spread
        )
        self._actor = sized.remote(self._make)
        self._call(self._tell, "load")
        self._call(self._listen, "lives", 0)

    def send(self, key: int, request: Request) -> None:
        """One call; a thread of Ray's brings what comes of it."""
        self._call(lambda completion: self._tell(Done(key, completion)), "ask", request)

    def kill(self) -> None:
        """Ends its process."""
        with suppress(Exception):  # it is gone, or the cluster is
            self._ray.kill(self._actor)

    def close(self) -> None:
        """Ends it, placed or not."""
        self._closed = True
        self._came.put(None)
        self._thread.join()
        if self._actor is not None:
            self.kill()

    def _listen(self, signs: int) -> None:
        self._tell(Lives())
        self._call(self._listen, "lives", signs)

    def _call(self, then: Callable[[Any], None], method: str, *given: object) -> None:
        with self._lock:
            if self._died or self._closed:  # what it holds is lost, which the pool is going to be told
                return
            self._open += 1
        try:
            future = getattr(self._actor, method).remote(*given).future()
        except Exception as error:  # such as that of a cluster which is gone
            future = Future[Any]()
            future.set_exception(error)
        future.add_done_callback(lambda future: self._came.put((then, future)))

    def _take(self) -> None:
        while came := self._came.get():
            self._back(*came)

    def _back(self, then: Callable[[Any], None], future: Any) -> None:
        try:
            came = future.result()
        except Exception as error:
            came = _death(error)
        if isinstance(came, Died):
            self.kill()
        else:
            then(came)
        with self._lock:
            self._died = self._died or (came if isinstance(came, Died) else None)
            self._open -= 1
            is_over = self._died and not self._open
        if is_over and self._died:
            self._tell(self._died)


def connect(settings: RaySettings) -> bool:
    """Whether the connection was made here, and not by the program that calls us; UserError where it cannot be."""
    ray = needs_ray()
    if ray.is_initialized():
        return False
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    address = settings.address or os.environ.get("RAY_ADDRESS") or LOCAL  # else Ray joins whatever it finds
    own = {"include_dashboard": False, "num_cpus": max(settings.actors, os.cpu_count() or 1)}
    try:
        with _signals_kept():
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **(own if address == LOCAL else {}))
    except Exception as error:  # of many kinds, Exception itself too
        if address == LOCAL:
            raise EngineError(f"Ray could not start here: {_why(error)}") from error
        raise UserError(
            f"--address {address}: no Ray cluster could be joined ({_why(error)}); see ray status"
        ) from None
    if address == LOCAL and (has := int(ray.cluster_resources().get("GPU", 0))) < settings.gpus:
        ray.shutdown()
        raise UserError(f"this machine has {has} GPUs, and one actor needs {settings.gpus}; name a cluster: --address")
    return True


def needs_ray() -> Any:
    """Ray; UserError with the cure where it is not installed."""
    try:
        import ray
    except ImportError as error:
        raise UserError(f"--engine ray needs Ray ({error}); {install('ray')}") from None
    return ray


def _death(error: Exception) -> Died:
    """What Ray's error says of a death; an actor that could not even be made on its node will not be there."""
    if "creation task" in (said := str(error)):
        why = said.strip().splitlines()[-1].strip()[:300]
        return Died(why, EngineError(f"no actor can be made: {why} (is extractor installed on each node?)"))
    return Died(_why(error))


def _why(error: Exception) -> str:
    """What Ray says, in a line."""
    return next((line.strip()[:300] for line in str(error).splitlines() if line.strip()), repr(error))


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray takes SIGTERM for itself; within it, it does not keep it."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)
