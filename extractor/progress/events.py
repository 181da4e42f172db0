"""What a run has done so far, and who is told of it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from extractor.progress.tally import Tally
from extractor.store.status import OutputStatus
from extractor.types import Settlement

EVERY = 10.0  # seconds between two reports
Event = Literal["start", "loading", "loaded", "document", "wait", "end"]
Tone = Literal["note", "warning", "error"]


@dataclass(slots=True)
class Counts:
    """What one run has done so far, by its own tally; `status` and `exit_code` are there at its end."""

    out: Path
    tally: Tally = field(default_factory=Tally)
    prompt_tokens: int = 0
    model: str = ""
    started: float = field(default_factory=time.time)  # seconds since 1970
    began: float = field(default_factory=time.monotonic)
    working: float = field(default_factory=time.monotonic)  # since when rates count: the model is loaded
    came: float = field(default_factory=time.monotonic)  # when the first document came back
    status: OutputStatus | None = None
    exit_code: int | None = None
    error: str = ""
    engine_is_there: bool = False  # loaded by an earlier job

    @property
    def pending(self) -> int | None:
        """Documents still to do; None where it is not known."""
        if self.exit_code is None:
            return self.tally.pending
        return self.status.pending if self.status else None

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self.began

    @property
    def seconds_left(self) -> float | None:
        """At the pace since the first document came back: all of a batch wait for that. None before the second."""
        if self.pending is None or self.tally.new < 2:
            return None
        return self.pending * (time.monotonic() - self.came) / (self.tally.new - 1)

    def rate(self, amount: int) -> float:
        """So much, for each second since the model was there."""
        return amount / max(time.monotonic() - self.working, 1e-9)


class Show(Protocol):
    """Something that shows a run: it sees each event, and says a line now and then."""

    def see(self, event: Event, counts: Counts) -> None: ...
    def say(self, tone: Tone, line: str, code: int | None = None) -> None: ...


class Progress:
    """Shows what happens in a run."""

    def __init__(self, out: Path, shows: Sequence[Show]) -> None:
        self.counts, self._shows = Counts(out), shows

    def begin(self, tally: Tally) -> None:
        """The run begins, and counts in this tally."""
        self.counts.tally = tally
        self.counts.started, self.counts.began = time.time(), time.monotonic()
        self._see("start")

    def loading(self, model: str) -> None:
        """The model is about to be loaded."""
        self.counts.model = model
        if not self.counts.engine_is_there:
            self._see("loading")

    def loaded(self) -> None:
        """The model is there; rates count from now."""
        self.counts.working = time.monotonic()
        if not self.counts.engine_is_there:
            self._see("loaded")

    def skipped(self) -> None:
        """One document was settled by an earlier run."""
        self._see("document")

    def settled(self, settlement: Settlement) -> None:
        """One document is done."""
        if self.counts.tally.new == 1:
            self.counts.came = time.monotonic()
        for step in settlement.attempts:
            self.counts.prompt_tokens += (step.thought or step.completion).prompt_tokens
        self._see("document")

    def waiting(self) -> None:
        """Nothing new, and time passes."""
        self._see("wait")

    def warn(self, line: str) -> None:
        """One line that a person should know."""
        self.say("warning", line)

    def end(self, code: int, status: OutputStatus | None) -> None:
        """The run is over."""
        self.counts.exit_code, self.counts.status = code, status
        if line := news(self.counts.tally):
            self.say("note", line)
        if line := crowding(self.counts.tally):
            self.say("warning", line)
        self._see("end")

    def error(self, line: str, code: int) -> None:
        """The run fails, and this line says why."""
        self.counts.error = line
        self.say("error", line, code)

    def say(self, tone: Tone, line: str, code: int | None = None) -> None:
        """One line for whoever looks on."""
        for show in self._shows:
            show.say(tone, line, code)

    def _see(self, event: Event) -> None:
        for show in self._shows:
            show.see(event, self.counts)


def news(tally: Tally) -> str:
    """What a later run found new, in one line; nothing for a first run."""
    if not tally.skipped:
        return ""
    if not tally.new:
        return f"{tally.skipped:,} documents: {tally.skipped:,} settled before, nothing new"
    return f"{tally.new:,} new or changed of {tally.skipped + tally.new:,}"


def crowding(tally: Tally) -> str:
    """What a KV cache too small for the requests in it cost, and the cure; nothing where it was rare."""
    if tally.preemptions <= tally.new / 10:
        return ""
    cure = "give more, --engine-arg gpu_memory_utilization=0.95 (GPU) or kv_cache_memory_bytes=BYTES (CPU),"
    return (
        f"the KV cache was too small: {tally.preemptions:,} times a request was put out of it and read anew; "
        f"{cure} or ask less at once, --engine-arg max_num_seqs=N"
    )


class Ticker:
    """Says when it is time again: every so many seconds, and ever more rarely where `slowing`."""

    def __init__(self, every: float, slowing: bool = False) -> None:
        self._every, self._slowing = every, slowing
        self._began = self._last = time.monotonic()

    def due(self) -> bool:
        """True once for each interval."""
        now = time.monotonic()
        wait = max(self._every, (self._last - self._began) / 10) if self._slowing else self._every
        if now - self._last < wait:
            return False
        self._last = now
        return True


def as_json(counts: Counts) -> dict[str, Any]:
    """The counts by name."""
    tally = counts.tally
    said: dict[str, Any] = {"total": tally.total, "settled_before": tally.skipped, "new": tally.new}
    said |= {status: tally.settled[status] for status in ("ok", "empty", "quarantined")}
    said |= {"pending": counts.pending, "prompt_tokens": counts.prompt_tokens, "output_tokens": tally.output_tokens}
    said |= {"seconds": round(counts.seconds, 3)}
    return said if counts.exit_code is None else said | {"exit_code": counts.exit_code}
