"""An engine that answers by a function: for the cases that a real one cannot produce on demand."""

from collections import deque
from collections.abc import Callable

from extractor.types import Completion, Request


class FakeEngine:
    """Gives `answer(request)` for each request, one a poll, in the order asked, holding up to `window` at once."""

    def __init__(self, answer: Callable[[Request], Completion], window: int = 8) -> None:
        self.steps = 0
        self._answer, self._window = answer, window
        self._held = deque[Request]()

    @property
    def room(self) -> int:
        """Requests it would take now."""
        return self._window - len(self._held)

    def submit(self, request: Request) -> None:
        """Holds the request."""
        self._held.append(request)

    def poll(self, seconds: float) -> list[Completion]:
        """The answer to the request held longest."""
        self.steps += 1
        return [self._answer(self._held.popleft())] if self._held else []

    def close(self) -> None:
        """Forgets what is held."""
        self._held.clear()
