"""An engine whose requests are timed while a run uses it."""

import time
from collections.abc import Callable

from extractor.bench.measured import Counted
from extractor.engines.around import Lent
from extractor.engines.base import Engine
from extractor.types import Completion, Request


class Metered(Lent):
    """The engine, with what went through it since this was made.

    One that is `in_process` stands still between two polls, which counts as long as anything is under way.
    """

    def __init__(self, engine: Engine, in_process: bool, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(engine)
        self.counted = Counted()
        self._in_process, self._clock = in_process, clock
        self._began = self._left = clock()
        self._under_way = dict[int, float]()  # when it was submitted, by the request itself

    @property
    def seconds(self) -> float:
        """Since this was made."""
        return self._clock() - self._began

    def submit(self, request: Request) -> None:
        """Hands the request on."""
        self._under_way[id(request)] = self.seconds
        self._engine.submit(request)

    def poll(self, seconds: float) -> list[Completion]:
        """What came back."""
        if self._in_process and self._under_way:
            self.counted.still.append((self._left - self._began, self.seconds))
        came = self._engine.poll(seconds)
        self._left = self._clock()
        for completion in came:
            begin = self._under_way.pop(id(completion.request))
            self.counted.add(completion, begin, self._left - self._began)
        return came
