"""A run's numbers in Prometheus' text format, for node_exporter's textfile collector."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor.errors import UserError
from extractor.escape import in_text
from extractor.progress.events import EVERY, Counts, Event, Ticker, Tone
from extractor.store.journal import write_atomically

STATES = ("running", "finished", "stopped", "failed")
STATE_OF = {None: "running", 0: "finished", 4: "finished", 5: "stopped"}  # by exit code; any other is a failure
HELD = 6  # the numbers are the other run's


@dataclass(frozen=True, slots=True)
class Sample:
    """One line: a metric, its labels beside `out`, its value."""

    metric: str
    value: float
    labels: Mapping[str, str]


HELP = {
    "extractor_run_documents": "Documents settled by the last run, by status.",
    "extractor_run_settled_before_documents": "Documents of the last run's input that an earlier run had settled.",
    "extractor_run_prompt_tokens": "Prompt tokens of the last run.",
    "extractor_run_output_tokens": "Output tokens of the last run, thoughts included.",
    "extractor_run_seconds": "Seconds that the last run has taken, loading included.",
    "extractor_run_pending_documents": "Documents that the last run left to be done; absent where it is not known.",
    "extractor_run_start_timestamp_seconds": "When the last run began.",
    "extractor_run_end_timestamp_seconds": "When the last run ended; absent while it runs.",
    "extractor_run_exit_code": "Exit code of the last run; absent while it runs.",
    "extractor_run_state": "1 for the state of the last run, 0 for the others.",
    "extractor_documents": "Documents in the output, by status; absent while a run is under way.",
}


class MetricsFile:
    """Shows runs in a file, rewritten as a whole; several jobs of one command share it."""

    def __init__(self, path: Path, every: float = EVERY) -> None:
        self._path, self._ticker = path, Ticker(every)
        self._runs: dict[str, list[Sample]] = {}

    def see(self, event: Event, counts: Counts) -> None:
        """Writes the file at the start, about every ten seconds, and at the end."""
        if counts.exit_code == HELD or (event in ("document", "wait") and not self._ticker.due()):
            return
        if event in ("start", "document", "wait", "end"):
            self._runs[str(counts.out)] = list(samples(counts, time.time()))
            self._write(event)

    def say(self, tone: Tone, line: str, code: int | None = None) -> None:
        """Lines have no place here."""

    def _write(self, event: Event) -> None:
        try:
            write_atomically(self._path, text(self._runs))
        except OSError as error:
            if event == "start":  # later on the run matters more, and the numbers' age tells
                raise UserError(f"--metrics {self._path}: {error.strerror or error}; choose another place") from None


def samples(counts: Counts, now: float) -> Iterator[Sample]:
    """The numbers of one run; `now` is seconds since 1970."""
    for status in ("ok", "empty", "quarantined"):
        yield Sample("extractor_run_documents", counts.tally.settled[status], {"status": status})
    yield Sample("extractor_run_settled_before_documents", counts.tally.skipped, {})
    yield Sample("extractor_run_prompt_tokens", counts.prompt_tokens, {})
    yield Sample("extractor_run_output_tokens", counts.tally.output_tokens, {})
    yield Sample("extractor_run_seconds", counts.seconds, {})
    if counts.pending is not None:
        yield Sample("extractor_run_pending_documents", counts.pending, {})
    yield Sample("extractor_run_start_timestamp_seconds", counts.started, {})
    if counts.exit_code is not None:
        yield Sample("extractor_run_end_timestamp_seconds", now, {})
        yield Sample("extractor_run_exit_code", counts.exit_code, {})
    state = STATE_OF.get(counts.exit_code, "failed")
    for name in STATES:
        yield Sample("extractor_run_state", float(name == state), {"state": name})
    if counts.status:
        for status in ("ok", "empty", "quarantined"):
            yield Sample("extractor_documents", getattr(counts.status, status), {"status": status})


def text(runs: Mapping[str, Iterable[Sample]]) -> str:
    """The samples of each output folder in the text format: one group a metric, HELP and TYPE first."""
    lines: dict[str, list[str]] = {name: [] for name in HELP}
    for out, found in runs.items():
        for sample in found:
            labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in _labels(out, sample))
            lines[sample.metric].append(f"{sample.metric}{{{labels}}} {_number(sample.value)}")
    groups = ([f"# HELP {name} {HELP[name]}", f"# TYPE {name} gauge", *lines[name]] for name in HELP if lines[name])
    return "".join(line + "\n" for group in groups for line in group)


def _labels(out: str, sample: Sample) -> Iterable[tuple[str, str]]:
    return {"out": out, **sample.labels}.items()


def _escaped(value: Any) -> str:
    return in_text(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(round(float(value), 3))
