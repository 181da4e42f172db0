"""Errors that one request may have caused, or the engine: which of the two, what comes next shows."""

from collections.abc import Sequence

from extractor.errors import EngineError
from extractor.types import Completion

SEVERAL = 16  # errors in a row, with no answer between them, that are the engine's own


class Doubts:
    """Holds errors back until an answer shows that the engine is well: no document pays for an engine that is not."""

    def __init__(self) -> None:
        self.held: list[Completion] = []
        self._in_a_row = 0

    def believe(self, came: Sequence[Completion], more_to_come: bool) -> list[Completion]:
        """What of it, and of what was held, counts now; EngineError at so many errors in a row."""
        errors = [completion for completion in came if completion.finish == "error"]
        others = [completion for completion in came if completion.finish != "error"]
        self.held += errors
        self._in_a_row += len(errors)
        if any(completion.finish != "aborted" for completion in others):
            self._in_a_row = 0
        if self._in_a_row >= SEVERAL:
            raise EngineError(f"the engine answers nothing: {SEVERAL} errors in a row, the last: {errors[-1].error}")
        if self._in_a_row and more_to_come:
            return others
        sure, self.held = [*others, *self.held], []
        return sure
