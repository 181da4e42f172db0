"""Arms without our loop: what documents ask, in batches, until nothing is left to ask."""

import time
from collections.abc import Callable, Iterator, Sequence

from extractor.bench.measured import ArmEnd, Counted
from extractor.engines.raw import Timed
from extractor.jobs.prepare import Prepared
from extractor.pipeline.scheduler import Lane, Scheduler
from extractor.pipeline.session import procedure_of
from extractor.types import Document, Request, Settlement

Ask = Callable[[Sequence[Request]], list[Timed]]
Tell = Callable[[int], None]  # is told of so many documents more that are done


class Stopwatch:
    """Runs while a batch is with the engine, and at no other time."""

    def __init__(self, ask: Ask, clock: Callable[[], float] = time.monotonic) -> None:
        self.counted, self.seconds, self.processor_seconds = Counted(), 0.0, 0.0
        self._ask, self._clock = ask, clock

    def __call__(self, wave: Sequence[Request]) -> list[Timed]:
        """What the engine gives for this batch."""
        began, worked = self._clock(), time.process_time()
        came = self._ask(wave)
        took = self._clock() - began
        self.processor_seconds += time.process_time() - worked
        for one in came:
            stay = (self.seconds + at - began for at in (one.queued, one.ended))
            self.counted.add(one.completion, *stay)
        self.seconds += took
        return came


def in_batches(
    prepared: Prepared, documents: Sequence[Document], size: int, ask: Stopwatch, tell: Tell = lambda count: None
) -> ArmEnd:
    """Settles the documents, `size` at a time: one batch holds all that they ask now, thoughts, answers or cures.

    What comes back is judged between two batches, while the stopwatch stands.
    """
    procedure, statuses = procedure_of(prepared), list[str]()
    for start in range(0, len(documents), size):
        block = documents[start : start + size]
        for settled in _settled(Scheduler([Lane(procedure, iter(block))]), ask):
            statuses += [settlement.kept.status for settlement in settled]
            tell(len(settled))
    return ArmEnd(ask.seconds, ask.processor_seconds, len(statuses), statuses.count("quarantined"))


def _settled(scheduler: Scheduler, ask: Ask) -> Iterator[list[Settlement]]:
    while (wave := list(iter(scheduler.next, None))) or scheduler.goes_on:
        for one in ask(wave) if wave else ():
            scheduler.take(one.completion)
        yield [settlement for _, settlement in scheduler.settled()]
    yield [settlement for _, settlement in scheduler.settled()]
