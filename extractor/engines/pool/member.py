"""What is known of one worker: whether it is there, what it holds, when it last gave a sign."""

import time
from typing import Any

from extractor.engines.pool.worker import Ready, Worker
from extractor.types import Request

STARTS_AGAIN = 3  # times in a row that a worker which answers nothing in between is started again


class Member:
    """A worker as one of several; moments are seconds of a monotonic clock."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.window = 0  # requests it takes at once; 0 while it is not ready
        self.held = set[int]()
        self.suspect: int | None = None  # of what it holds, what was lost before
        self.facts: dict[str, Any] = {}
        self.is_placed = self.is_gone = self.was_ready = False
        self._deaths, self._seen = 0, 0.0

    @property
    def room(self) -> int:
        """Requests it would take now."""
        return self.window - len(self.held)

    @property
    def is_loading(self) -> bool:
        """Whether it may yet become ready."""
        return not (self.window or self.is_gone)

    def ready(self, event: Ready) -> None:
        """It is loaded."""
        self.window, self.was_ready = event.room, True
        self.facts = {"name": self.worker.name, **event.facts}

    def give(self, key: int, request: Request, is_suspect: bool) -> None:
        """Asks it."""
        if not self.held:  # what was idle has been silent for a good reason
            self.seen()
        self.held.add(key)
        self.suspect = key if is_suspect else self.suspect
        self.worker.send(key, request)

    def seen(self) -> None:
        """It gave a sign of life."""
        self.is_placed, self._seen = True, time.monotonic()

    def is_silent(self, patience: float) -> bool:
        """Whether nothing came of what it holds for so many seconds."""
        return bool(self.held) and time.monotonic() - self._seen >= patience

    def answered(self, key: int) -> bool:
        """An answer came; whether it held that request."""
        self.forgive()
        self.suspect = None if self.suspect == key else self.suspect
        was_held = key in self.held
        self.held.discard(key)
        return was_held

    def forgive(self) -> None:
        """It did not die of itself."""
        self._deaths = 0

    def died(self, failed: bool) -> set[int]:
        """What it held. It is gone for good if it never came to be ready, or died too often; else it can be started."""
        lost, self.held, self.suspect, self.window = self.held, set[int](), None, 0
        self.is_placed = False
        self._deaths += 1
        self.is_gone = (failed and not self.was_ready) or self._deaths > STARTS_AGAIN
        return lost
