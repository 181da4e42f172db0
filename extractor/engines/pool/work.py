"""What a worker does: one engine, fed one request at a time, so that it batches them as it likes."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from extractor.engines.base import Engine
from extractor.engines.pool.worker import Died, Done, Event, Lives, Ready
from extractor.errors import EngineError, ExtractorError
from extractor.types import Completion, Document, Request, Sampling

MakeEngine = Callable[[], Engine]
WAIT = 0.05  # seconds that a poll may take before it is seen what was sent meanwhile
TELLS = 1.0  # seconds between two signs of life
NOBODY = Request(Document("", "", ""), "", "", (), [], Sampling(0.0), 0)


class Port(Protocol):
    """How a worker hears, and is heard."""

    def take(self, wait: bool) -> tuple[int, Request] | None:
        """The next request with its key, None where there is none now; EOFError where none will come."""

    def give(self, event: Event) -> None:
        """Tells it."""


def work(make: MakeEngine, port: Port, facts: dict[str, Any]) -> None:
    """Loads the engine and answers, until no request will come or the engine fails; either is told."""
    try:
        port.give(Lives())
        engine = make()
        try:
            port.give(Ready(engine.room, facts))
            _answer(engine, port)
        finally:
            engine.close()
    except (EOFError, BrokenPipeError):  # whoever asked is gone
        return
    except Exception as error:
        known = error if isinstance(error, ExtractorError) else EngineError(f"the engine died: {error!r}"[:500])
        port.give(Died(str(known), known))


def _answer(engine: Engine, port: Port) -> None:
    held, told, steps = dict[int, tuple[int, Request]](), time.monotonic(), engine.steps
    while True:
        while asked := port.take(wait=not held):
            held[id(asked[1])] = asked  # it holds the request too, whose id thus stays its own
            engine.submit(asked[1])
        for completion in engine.poll(WAIT):
            port.give(_answered(held, completion))
        if engine.steps != steps and time.monotonic() - told >= TELLS:
            port.give(Lives())
            told, steps = time.monotonic(), engine.steps


def _answered(held: dict[int, tuple[int, Request]], completion: Completion) -> Done:
    key, _ = held.pop(id(completion.request))
    return Done(key, replace(completion, request=NOBODY))
