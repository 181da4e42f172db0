"""What one arm did in one round, and what was counted meanwhile."""

from dataclasses import dataclass, field
from typing import Literal

from extractor.bench.timeline import Span, occupancy
from extractor.types import Completion

Arm = Literal["raw", "run", "chat"]
ARMS: tuple[Arm, ...] = ("raw", "run", "chat")


@dataclass(slots=True)
class Counted:
    """What is counted while an arm is at work; times are seconds since it began, without those that do not count."""

    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    stays: list[Span] = field(default_factory=list)  # of each request, in the engine
    still: list[Span] = field(default_factory=list)  # when the engine could not go on, since nobody stepped it

    def add(self, completion: Completion, begin: float, end: float) -> None:
        """One request that was in the engine for that time."""
        self.requests += 1
        self.prompt_tokens += completion.prompt_tokens
        self.cached_tokens += completion.cached_tokens
        self.output_tokens += completion.output_tokens
        self.stays.append((begin, end))


@dataclass(frozen=True, slots=True)
class Measured:
    """One arm in one round. Rates are a second of its own time; shares are of that time, from 0 to 1."""

    arm: Arm
    round: int  # from 1
    documents: int
    quarantined: int  # of these
    requests: int
    prompt_tokens: int
    output_tokens: int
    seconds: float
    processor_seconds: float  # of all its threads; of this process alone
    documents_per_second: float
    prompt_tokens_per_second: float
    output_tokens_per_second: float
    prefix_cache_hits: float  # share of the prompt tokens
    idle: float  # share of time in which the engine had room and nothing to do, its tail not counted
    tail_seconds: float
    tail_cost: float  # share of time that the empty seats of the tail make
    peak_memory: int | None  # bytes, of this process and its children; None where that cannot be known


@dataclass(frozen=True, slots=True)
class ArmEnd:
    """How an arm ended: seconds of the clock, and of this process's processors."""

    seconds: float
    processor_seconds: float
    documents: int
    quarantined: int


def measured(arm: Arm, number: int, done: ArmEnd, counted: Counted, seats: int, peak_memory: int | None) -> Measured:
    """The figures of one arm in round `number`, in an engine with so many seats."""
    seconds = max(done.seconds, 1e-9)
    held = occupancy(counted.stays, counted.still, seats, seconds)
    return Measured(
        arm=arm,
        round=number,
        documents=done.documents,
        quarantined=done.quarantined,
        requests=counted.requests,
        prompt_tokens=counted.prompt_tokens,
        output_tokens=counted.output_tokens,
        seconds=seconds,
        processor_seconds=done.processor_seconds,
        documents_per_second=done.documents / seconds,
        prompt_tokens_per_second=counted.prompt_tokens / seconds,
        output_tokens_per_second=counted.output_tokens / seconds,
        prefix_cache_hits=counted.cached_tokens / max(counted.prompt_tokens, 1),
        idle=held.idle / seconds,
        tail_seconds=held.tail,
        tail_cost=held.lost_in_tail / seconds,
        peak_memory=peak_memory,
    )
