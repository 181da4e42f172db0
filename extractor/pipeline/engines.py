"""Which engine a job gets: loaded when it is first needed, and shared by jobs that agree."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from extractor.engines.base import Engine, Telling
from extractor.jobs.prepare import Prepared
from extractor.progress.tally import Watch
from extractor.types import Completion, Request

MakeEngine = Callable[[Prepared], Engine]


class EnginePool:
    """Engines by what they load: jobs that agree share one, and no two live at once."""

    def __init__(self, make: MakeEngine) -> None:
        self._make = make
        self._key: Any = None
        self._engine: Engine | None = None

    def get(self, prepared: Prepared) -> Engine:
        """This job's engine, loaded if it is not there already."""
        if self._engine is None or not self.holds(prepared):
            self.close()
            self._engine, self._key = self._make(prepared), what_it_loads(prepared)
        return self._engine

    def holds(self, prepared: Prepared) -> bool:
        """Whether this job's engine is loaded."""
        return self._engine is not None and self._key == what_it_loads(prepared)

    def close(self) -> None:
        """Frees what is loaded."""
        engine, self._engine = self._engine, None
        if engine:
            engine.close()


class LazyEngine:
    """The pool's engine for a job, loaded when its first request comes, and not at all where none does.

    Until then it has room for one. The pool closes it.
    """

    def __init__(self, pool: EnginePool, prepared: Prepared, watches: Sequence[Watch]) -> None:
        self._pool, self._prepared, self._watches = pool, prepared, watches
        self._engine: Engine | None = None
        self.load_seconds = 0.0

    @property
    def room(self) -> int:
        """Requests it would take now."""
        return self._engine.room if self._engine else 1

    @property
    def steps(self) -> int:
        """Of the engine that is loaded."""
        return self._engine.steps if self._engine else 0

    @property
    def facts(self) -> list[dict[str, Any]]:
        """Of the servers that answer."""
        return self._engine.facts if isinstance(self._engine, Telling) else []

    def submit(self, request: Request) -> None:
        """Hands the request to the engine; the first one waits until it is loaded."""
        self._engine = self._engine or self._load()
        self._engine.submit(request)

    def poll(self, seconds: float) -> list[Completion]:
        """What came back."""
        try:
            return self._engine.poll(seconds) if self._engine else []
        finally:
            self._tell()

    def close(self) -> None:
        """Leaves the engine to the pool."""
        self._engine = None

    def _load(self) -> Engine:
        began = time.monotonic()
        for watch in self._watches:
            watch.loading(self._prepared.model.name)
        engine = self._pool.get(self._prepared)
        self.load_seconds = time.monotonic() - began
        for watch in self._watches:
            watch.loaded()
        return engine

    def _tell(self) -> None:
        """Whoever looks on first is told what the engine has to say."""
        if isinstance(self._engine, Telling) and self._watches:
            for line in self._engine.news():
                self._watches[0].warn(line)


def what_it_loads(prepared: Prepared) -> tuple[Any, ...]:
    """What decides whether two jobs can share an engine."""
    job = prepared.job
    servers = (*job.url, job.server, job.served_model, job.window, job.key_env, job.key_file)
    known = (job.engine, job.from_, prepared.model, prepared.context, prepared.overrides, job.seed, job.engine_arg)
    return (*known, servers, job.replicas, job.address)
