"""The one loop that serves every engine."""

from collections.abc import Callable, Iterator

from extractor.engines.base import Engine
from extractor.types import Completion, Request

TICK = 0.5  # seconds that a poll may take where nothing comes back: so often whoever looks on gets a turn
FEED = 32  # requests that are built before the engine gets its next turn


def serve(engine: Engine, ask: Callable[[], Request | None]) -> Iterator[list[Completion]]:
    """What each poll brought, possibly nothing, until nothing is under way and there is nothing to ask.

    `ask` gives the next request, or None where there is none at the moment.
    """
    under_way = 0
    while True:
        fed = _feed(engine, ask)
        under_way += fed
        if not under_way:
            return
        came = engine.poll(0.0 if fed == FEED else TICK)
        under_way -= len(came)
        yield came


def _feed(engine: Engine, ask: Callable[[], Request | None]) -> int:
    fed = 0
    while fed < FEED and engine.room > 0 and (request := ask()):
        engine.submit(request)
        fed += 1
    return fed
