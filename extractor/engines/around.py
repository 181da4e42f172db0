"""An engine around another, which it hands everything on to: the one that changes a part of that."""

from typing import Any

from extractor.engines.base import Engine, Telling
from extractor.types import Completion, Request


class Around:
    """All that an engine is asked, asked of the inner one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def room(self) -> int:
        """The engine's."""
        return self._engine.room

    @property
    def steps(self) -> int:
        """The engine's."""
        return self._engine.steps

    @property
    def facts(self) -> list[dict[str, Any]]:
        """The engine's, if it tells any."""
        return self._engine.facts if isinstance(self._engine, Telling) else []

    def news(self) -> list[str]:
        """The engine's, if it tells any."""
        return self._engine.news() if isinstance(self._engine, Telling) else []

    def submit(self, request: Request) -> None:
        """Hands the request on."""
        self._engine.submit(request)

    def poll(self, seconds: float) -> list[Completion]:
        """What came back."""
        return self._engine.poll(seconds)

    def close(self) -> None:
        """Closes the engine."""
        self._engine.close()


class Lent(Around):
    """An engine whose borrower does not end it."""

    def close(self) -> None:
        """Leaves it open: it is not the borrower's."""
