"""One worker of several, as the engine that has them sees it: what it is told, and what comes of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from extractor.errors import ExtractorError
from extractor.types import Completion, Request


@dataclass(frozen=True, slots=True)
class Ready:
    """It is loaded, and takes so many requests at once."""

    room: int
    facts: dict[str, Any] = field(default_factory=dict)  # what a person may like to know of it; nothing in it is secret


@dataclass(frozen=True, slots=True)
class Done:
    """What came back for the request of this key; the completion's own request means nothing."""

    key: int
    completion: Completion


@dataclass(frozen=True, slots=True)
class Lives:
    """A sign of life: it has begun to load, or its model has done a step."""


@dataclass(frozen=True, slots=True)
class Died:
    """It is gone, and with it what it held. Nothing comes of it any more until it is started again."""

    why: str  # for a person
    error: ExtractorError | None = None  # where the engine in it failed, and it could still say so


Event = Ready | Done | Lives | Died
Tell = Callable[[Event], None]  # from any thread


class Worker(Protocol):
    """An engine in a process of its own. It tells what comes of it; no method waits for that, but `close`."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    def start(self) -> None:
        """Has it loaded; at the beginning, and again after it died."""

    def send(self, key: int, request: Request) -> None:
        """Asks it, once it is ready."""

    def kill(self) -> None:
        """Ends it as if it had died."""

    def close(self) -> None:
        """Ends it and all its processes; it tells nothing any more."""


MakeWorker = Callable[[Tell], Worker]
