"""Which engine a job gets: loaded when it is first needed, and shared by jobs that agree."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from extractor.engines.base import Engine
from extractor.engines.startup import VllmSettings
from extractor.engines.vllm import VllmEngine
from extractor.engines.watchdog import Watchdog
from extractor.jobs.prepare import Prepared
from extractor.progress.tally import Watch
from extractor.types import Completion, Request

MakeEngine = Callable[[Prepared], Engine]


def make_vllm(prepared: Prepared) -> Engine:
    """The vLLM engine that this job asks for, watched."""
    job, model = prepared.job, prepared.model
    settings = VllmSettings(
        location=model.location,
        revision=model.hub_revision,
        context=prepared.context,
        seed=job.seed,
        log=job.out / "engine.log",
        given=job.engine_arg,
        overrides=prepared.overrides,
        environment=model.env,
        trusted=model.trusted,
    )
    return Watchdog(VllmEngine(settings), job.engine_timeout)


class LazyEngine:
    """An engine that is loaded when the first request comes, and not at all where none does."""

    def __init__(self, make: MakeEngine, prepared: Prepared, watches: Sequence[Watch]) -> None:
        self._make, self._prepared, self._watches = make, prepared, watches
        self._engine: Engine | None = None
        self.window, self.load_seconds = 1, 0.0

    def generate(self, requests: Iterable[Request | None]) -> Iterator[Completion]:
        """One completion for each request."""
        source = iter(requests)
        if (first := next(source, None)) is None:
            return
        engine = self._engine or self._load()
        yield from engine.generate(chain([first], source))

    def close(self) -> None:
        """Closes the engine, if there is one."""
        if self._engine:
            self._engine.close()

    def _load(self) -> Engine:
        began = time.monotonic()
        for watch in self._watches:
            watch.loading(self._prepared.model.name)
        self._engine = self._make(self._prepared)
        self.load_seconds = time.monotonic() - began
        for watch in self._watches:
            watch.loaded()
        return self._engine


class EnginePool:
    """Engines by what they load: jobs that agree share one, and no two live at once."""

    def __init__(self, make: MakeEngine) -> None:
        self._make = make
        self._key: Any = None
        self._engine: Engine | None = None

    def lend(self, ready: Prepared) -> Engine:
        """This job's engine, which whoever borrows it cannot close."""
        if self._engine is None or not self.holds(ready):
            self.close()
            self._engine, self._key = self._make(ready), loads(ready)
        return _Borrowed(self._engine)

    def holds(self, ready: Prepared) -> bool:
        """Whether this job's engine is loaded."""
        return self._engine is not None and self._key == loads(ready)

    def close(self) -> None:
        """Frees what is loaded."""
        if self._engine:
            self._engine.close()
        self._engine = None


class _Borrowed:
    def __init__(self, engine: Engine) -> None:
        self._engine, self.window = engine, engine.window

    def generate(self, requests: Iterable[Request | None]) -> Iterator[Completion]:
        return self._engine.generate(requests)

    def close(self) -> None:
        """The pool closes it."""


def loads(ready: Prepared) -> tuple[Any, ...]:
    """What decides whether two jobs can share an engine."""
    job = ready.job
    return (job.engine, job.from_, ready.model, ready.context, ready.overrides, job.seed, job.engine_arg)
