"""What is said on stderr while a run is under way: a bar for a terminal, lines for a log, JSON for a machine."""

import sys
import time
from pathlib import Path
from typing import Any

from tqdm import tqdm

from extractor.escape import in_json, in_line
from extractor.progress.events import EVERY, Counts, Event, Ticker, Tone, as_json
from extractor.system.streams import audience

CLEAR = "\x1b[J"  # a terminal, from here down: what is left of bars beside one that closes; the open ones come back


class Errors:
    """Says what went wrong, and nothing else."""

    def see(self, event: Event, counts: Counts) -> None:
        """Nothing is shown."""

    def say(self, tone: Tone, line: str, code: int | None = None) -> None:
        """A warning or an error as a line."""
        if tone != "note":
            _write(_line("", tone, line))


class Bar:
    """A bar with documents/s, tokens/s, quarantined so far and time left; `name` tells it from others beside it."""

    def __init__(self, name: str = "") -> None:
        self._name = in_line(name)
        self._bar: tqdm | None = None
        self._ticker = Ticker(1.0)

    def see(self, event: Event, counts: Counts) -> None:
        """Moves the bar."""
        with audience():
            self._see(event, counts)

    def say(self, tone: Tone, line: str, code: int | None = None) -> None:
        """A line below the bar."""
        with audience():
            self._close()
        _write(_line(self._name, tone, line))

    def _see(self, event: Event, counts: Counts) -> None:
        if event == "start":
            total, file = counts.tally.total, sys.stderr
            self._bar = tqdm(desc=self._name, total=total, unit="doc", dynamic_ncols=True, smoothing=0.05, file=file)
        elif self._bar is None:
            return
        elif event == "document":
            rate, bad = counts.rate(counts.tally.output_tokens), counts.tally.settled["quarantined"]
            self._bar.set_postfix_str(f"{rate:,.0f} tok/s, {bad} quarantined{_passages(counts)}", refresh=False)
            self._bar.update()
        elif event == "wait":
            if self._ticker.due():
                if counts.tally.passages:
                    self._bar.set_postfix_str(_passages(counts).removeprefix(", "), refresh=False)
                self._bar.refresh()
        elif event == "end":
            self._close()
        else:
            self._bar.set_description_str(f"loading {in_line(counts.model)}" if event == "loading" else self._name)
            self._bar.unpause()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            sys.stderr.write(CLEAR if self._name else "")


class Lines(Errors):
    """Plain lines for a log: about every ten seconds, and about every tenth of a long run; `name` tells whose."""

    def __init__(self, name: str = "", every: float = EVERY) -> None:
        self._name = name
        self._ticker = Ticker(every, slowing=True)

    def see(self, event: Event, counts: Counts) -> None:
        """Writes a line where there is something to say."""
        if event == "start":
            _write(f"extract: {_number(counts.tally.total)} documents into {counts.out}")
        elif event == "loading":
            _write(f"extract: loading {counts.model}")
        elif event == "loaded":
            _write(f"extract: {counts.model} is loaded, {counts.seconds:,.0f} s after the start")
        elif event in ("document", "wait") and self._ticker.due():
            _write(_line(self._name, "note", _so_far(counts)))

    def say(self, tone: Tone, line: str, code: int | None = None) -> None:
        """Any line."""
        _write(_line(self._name, tone, line))


class JsonLines:
    """One JSON object a line, for a machine."""

    def __init__(self, out: Path, every: float = EVERY) -> None:
        self._out, self._ticker = out, Ticker(every)

    def see(self, event: Event, counts: Counts) -> None:
        """Writes the event with the counts."""
        if event in ("document", "wait"):
            if self._ticker.due():
                self._write("progress", as_json(counts))
        elif event in ("loading", "loaded"):
            self._write(event, {"model": counts.model, "seconds": round(counts.seconds, 3)})
        else:
            self._write(event, as_json(counts))

    def say(self, tone: Tone, line: str, code: int | None = None) -> None:
        """The line as an event."""
        self._write(tone, {"message": line} | ({} if code is None else {"exit_code": code}))

    def _write(self, event: str, fields: dict[str, Any]) -> None:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        _write(in_json({"time": stamp, "event": event, "out": str(self._out), **fields}))


def _line(name: str, tone: Tone, line: str) -> str:
    before = {"note": f"{name}: " if name else "", "warning": "warning: ", "error": ""}
    return f"extract: {before[tone]}{line}"


def _so_far(counts: Counts) -> str:
    tally = counts.tally
    done = tally.skipped + tally.new
    said = f"{done:,} of {_number(tally.total)} documents"
    said += f" ({done / tally.total:.0%})" if tally.total else ""
    tokens = counts.rate(tally.output_tokens)
    said += f", {_pace(counts.rate(tally.new))}, {tokens:,.{0 if tokens >= 10 else 1}f} tokens/s"
    said += f", {tally.settled['quarantined']:,} quarantined{_passages(counts)}"
    left = counts.seconds_left
    return said if left is None else f"{said}, {tqdm.format_interval(left)} left"


def _passages(counts: Counts) -> str:
    """How many passages of long documents are done, where there are any."""
    return f", {counts.tally.passages:,} passages" if counts.tally.passages else ""


def _pace(rate: float) -> str:
    return f"{rate:,.1f} a second" if rate >= 1 else f"{60 * rate:.1f} a minute"


def _number(total: int | None) -> str:
    return "an unknown number of" if total is None else f"{total:,}"


def _write(line: str) -> None:
    with audience():
        sys.stderr.write(f"{in_line(line)}\n")
        sys.stderr.flush()
