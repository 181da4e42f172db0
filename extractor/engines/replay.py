"""The engine of a replay: no model, so no answer but those that are stored."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from extractor.types import Completion, Request


class ReplayEngine:
    """Answers what no stored answer was found for: with an error that says so."""

    window = 1

    def __init__(self, folder: Path) -> None:
        self._error = f"{folder} holds no answer to this text"

    def generate(self, requests: Iterable[Request | None]) -> Iterator[Completion]:
        """One completion for each request, each an error."""
        for request in requests:
            if request is None:
                return
            yield Completion(request, "", finish="error", error=self._error)

    def close(self) -> None:
        """Nothing is held."""
