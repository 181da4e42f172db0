"""One engine for several rounds of runs: loaded once, lent to each, closed at the end."""

from typing import Any

from extractor.engines.base import Engine, Telling
from extractor.jobs.prepare import Prepared
from extractor.pipeline.engines import EnginePool, MakeEngine
from extractor.types import Completion, Request


class KeptEngine:
    """Makes engines for runs; what one of them has closed is still there for the next that loads the same."""

    def __init__(self, make: MakeEngine) -> None:
        self._pool = EnginePool(make)

    def __call__(self, prepared: Prepared) -> Engine:
        """The engine that this job loads, on loan."""
        return _Lent(self._pool.get(prepared))

    def close(self) -> None:
        """Ends it."""
        self._pool.close()


class _Lent:
    """An engine whose borrower does not end it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def room(self) -> int:
        return self._engine.room

    @property
    def steps(self) -> int:
        return self._engine.steps

    @property
    def facts(self) -> list[dict[str, Any]]:
        return self._engine.facts if isinstance(self._engine, Telling) else []

    def news(self) -> list[str]:
        return self._engine.news() if isinstance(self._engine, Telling) else []

    def submit(self, request: Request) -> None:
        self._engine.submit(request)

    def poll(self, seconds: float) -> list[Completion]:
        return self._engine.poll(seconds)

    def close(self) -> None: ...
