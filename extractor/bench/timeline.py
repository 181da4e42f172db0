"""When requests were in the engine → how long it had room and nothing to do, and how long its tail was."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Span = tuple[float, float]  # [from, to) in seconds since the measurement began


@dataclass(frozen=True, slots=True)
class Occupancy:
    """How full an engine was, in seconds.

    It has room where fewer requests are in it than it has seats: then none waits for one either. From `seconds -
    tail` on it has room for good.
    """

    idle: float  # it had room before the tail, or stood still at any time
    tail: float
    lost_in_tail: float  # of the tail, the share of its seats that was empty: 0 where all are taken to the end


def occupancy(stays: Iterable[Span], still: Iterable[Span], seats: int, seconds: float) -> Occupancy:
    """What these stays of requests make, in an engine with so many seats that was measured for so many seconds.

    `still` are the times when nobody stepped an engine that cannot go on by itself.
    """
    steps = list(_steps(stays, still, seconds))
    tail_from = max((to for _, to, held, _ in steps if held >= seats), default=0.0)
    idle = sum(to - at for at, to, held, stood in steps if stood or (held < seats and at < tail_from))
    lost = sum((to - at) * (1 - held / seats) for at, to, held, _ in steps if at >= tail_from)
    return Occupancy(idle, seconds - tail_from, lost)


def _steps(stays: Iterable[Span], still: Iterable[Span], seconds: float) -> Iterator[tuple[float, float, int, bool]]:
    """From, to, requests in the engine, whether it stood still: piece by piece, without a gap."""
    changes = sorted([*_changes(stays, 0, seconds), *_changes(still, 1, seconds), (seconds, 0, 0)])
    counts, last = [0, 0], 0.0
    for at, which, change in changes:
        if at > last:
            yield last, at, counts[0], counts[1] > 0
            last = at
        counts[which] += change


def _changes(spans: Iterable[Span], which: int, seconds: float) -> Iterator[tuple[float, int, int]]:
    for begin, end in spans:
        yield _within(begin, seconds), which, 1
        yield _within(end, seconds), which, -1


def _within(at: float, seconds: float) -> float:
    return min(max(at, 0.0), seconds)
