"""What a run has done so far, and who is told of it."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from extractor.status import Standing
from extractor.types import Settlement

EVERY = 10.0  # seconds between two reports
Event = Literal["start", "loading", "loaded", "document", "end"]
Tone = Literal["note", "warning", "error"]


@dataclass(slots=True)
class Counts:
    """What one run has done so far; `standing` and `exit_code` are there at its end."""

    out: Path
    total: int | None = None
    skipped: int = 0  # settled by an earlier run
    settled: Counter[str] = field(default_factory=Counter)  # by status
    prompt_tokens: int = 0
    output_tokens: int = 0
    model: str = ""
    started: float = field(default_factory=time.time)  # seconds since 1970
    began: float = field(default_factory=time.monotonic)
    working: float = field(default_factory=time.monotonic)  # since when rates count: the model is loaded
    standing: Standing | None = None
    exit_code: int | None = None
    error: str = ""
    engine_is_there: bool = False  # loaded by an earlier job

    @property
    def new(self) -> int:
        """Documents settled by this run."""
        return self.settled.total()

    @property
    def pending(self) -> int | None:
        """Documents still to do; None where it is not known."""
        if self.exit_code is not None:
            return self.standing.pending if self.standing else None
        return None if self.total is None else max(self.total - self.skipped - self.new, 0)

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self.began

    def rate(self, amount: int) -> float:
        """So much, for each second since the model was there."""
        return amount / max(time.monotonic() - self.working, 1e-9)


class Show(Protocol):
    """Something that shows a run: it sees each event, and says a line now and then."""

    def see(self, event: Event, counts: Counts) -> None: ...
    def say(self, tone: Tone, line: str, code: int | None = None) -> None: ...


class Progress:
    """Counts what happens in a run, and has it shown."""

    def __init__(self, out: Path, shows: Sequence[Show]) -> None:
        self.counts, self._shows = Counts(out), shows

    def begin(self, total: int | None) -> None:
        """The input is counted: `total` documents, None where it cannot be."""
        self.counts.total = total
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
        self.counts.skipped += 1
        self._see("document")

    def settled(self, settlement: Settlement) -> None:
        """One document is done."""
        counts = self.counts
        for step in settlement.attempts:
            counts.prompt_tokens += (step.completion.request.thought or step.completion).prompt_tokens
        counts.output_tokens += settlement.output_tokens
        counts.settled[settlement.kept.status] += 1
        self._see("document")

    def end(self, code: int, standing: Standing | None) -> None:
        """The run is over."""
        self.counts.exit_code, self.counts.standing = code, standing
        if line := news(self.counts):
            self.say("note", line)
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


def news(counts: Counts) -> str:
    """What a later run found new, in one line; nothing for a first run."""
    if not counts.skipped:
        return ""
    if not counts.new:
        return f"{counts.skipped:,} documents: {counts.skipped:,} settled before, nothing new"
    return f"{counts.new:,} new or changed of {counts.skipped + counts.new:,}"


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
    said: dict[str, Any] = {"total": counts.total, "settled_before": counts.skipped, "new": counts.new}
    said |= {status: counts.settled[status] for status in ("ok", "empty", "quarantined")}
    said |= {"pending": counts.pending, "prompt_tokens": counts.prompt_tokens, "output_tokens": counts.output_tokens}
    said |= {"seconds": round(counts.seconds, 3)}
    return said if counts.exit_code is None else said | {"exit_code": counts.exit_code}
