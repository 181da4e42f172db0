"""An engine that answers by a function: for the cases that a real one cannot produce on demand."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from extractor.types import Completion, Request


class FakeEngine:
    """Gives `answer(request)` for each request, in the order asked, holding up to `window` at once."""

    def __init__(self, answer: Callable[[Request], Completion], window: int = 8) -> None:
        self.window = window
        self._answer = answer

    def generate(self, requests: Iterable[Request | None]) -> Iterator[Completion]:
        """One completion for each request."""
        source, held = iter(requests), deque[Request]()
        while True:
            while len(held) < self.window and (request := next(source, None)) is not None:
                held.append(request)
            if not held:
                return
            yield self._answer(held.popleft())

    def close(self) -> None:
        """Nothing is held."""
