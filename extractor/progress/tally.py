"""What one run did, and who looks on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from extractor.types import Settlement


class Watch(Protocol):
    """Someone who looks on: the progress shows, a test counts."""

    def begin(self, tally: "Tally") -> None: ...
    def loading(self, model: str) -> None: ...
    def loaded(self) -> None: ...
    def skipped(self) -> None: ...
    def settled(self, settlement: Settlement) -> None: ...
    def waiting(self) -> None: ...  # the engine is busy, and time passes
    def warn(self, line: str) -> None: ...


@dataclass(slots=True)
class Tally:
    """What one run did. Counts are documents; `total` is None where the input cannot be counted beforehand."""

    total: int | None = None
    skipped: int = 0  # settled by an earlier run
    settled: Counter[str] = field(default_factory=Counter)  # by status
    problems: Counter[str] = field(default_factory=Counter)
    escalated: int = 0
    unsettled: int = 0  # begun, and left behind by draining
    passages: int = 0  # of long documents that are answered, and summaries of them
    output_tokens: int = 0
    engine_seconds: float = 0.0  # that its requests stayed in the engine, added up
    preemptions: int = 0  # times that a request lost its place in a full KV cache and was read anew
    seconds: float = 0.0  # wall clock, loading included
    load_seconds: float = 0.0
    interleaved: bool = False  # with other jobs in the same engine; then the seconds are those of all of them,
    engine_share: float = 1.0  # and this is the job's part of their engine seconds
    servers: list[dict[str, Any]] = field(default_factory=list)  # that answered, and what they told of themselves
    drained: bool = False  # told to end before the last document
    faults: list[str] = field(default_factory=list)  # sources that could not be read to their end, a line each
    stopped: bool = True  # before the end of the input: so far, or for good by a signal, a deadline or an error

    def add(self, settlement: Settlement) -> None:
        """Counts one settled document."""
        kept = settlement.kept
        self.settled[kept.status] += 1
        self.escalated += bool(settlement.escalated)
        if kept.problem:
            self.problems[kept.problem.kind] += 1
        self.output_tokens += settlement.output_tokens
        self.engine_seconds += settlement.engine_seconds
        self.preemptions += settlement.preemptions

    def end(self, drained: bool, faults: Sequence[str]) -> None:
        """No document is begun any more: stopped before the last one, or sources could not be read, or neither."""
        self.drained, self.faults = drained, list(faults)
        self.stopped = drained or bool(faults)

    def measure(self, seconds: float, load_seconds: float, jobs: int, engine_seconds: float) -> None:
        """The time that the run took, with so many jobs in one engine, whose requests took `engine_seconds` in all."""
        self.seconds, self.load_seconds, self.interleaved = seconds, load_seconds, jobs > 1
        self.engine_share = self.engine_seconds / engine_seconds if engine_seconds else 1 / jobs

    def take_back(self, status: str, problem: str | None) -> None:
        """One document that was counted could not be stored."""
        self.settled[status] -= 1
        if problem:
            self.problems[problem] -= 1

    def as_json(self) -> dict[str, Any]:
        """The counts by name."""
        counts = {item.name: getattr(self, item.name) for item in fields(self)}
        return counts | {"settled": dict(+self.settled), "problems": dict(+self.problems), "pending": self.pending}

    @property
    def new(self) -> int:
        """Documents settled by this run."""
        return self.settled.total()

    @property
    def pending(self) -> int | None:
        """Documents of this input that are not settled; None where it is not known."""
        if not self.stopped:
            return 0
        done = self.skipped + self.new
        left = None if self.total is None else max(self.total - done, self.unsettled)
        return left or None if self.faults else left  # rows that cannot be read cannot be counted
