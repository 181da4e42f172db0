"""One model, one process, several rounds: raw vLLM, a run from Parquet to Parquet, and vLLM as most scripts use it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from extractor.bench.batches import Stopwatch, in_batches
from extractor.bench.measured import ARMS, Arm, ArmEnd, Counted, Measured, measured
from extractor.bench.memory import Peak
from extractor.bench.metered import Metered
from extractor.bench.sample import Chosen, into, sample
from extractor.bench.verdict import Verdict, verdict
from extractor.engines.raw import Timed
from extractor.engines.vllm import VllmEngine
from extractor.jobs.engines import prepared_for_engine
from extractor.jobs.file import GivenJob
from extractor.jobs.vllm import bare_vllm, watched
from extractor.pipeline.engines import EnginePool
from extractor.pipeline.session import run_together
from extractor.progress.tally import Tally
from extractor.system.signals import Drain, Drained
from extractor.types import Request, Settlement

BLOCK = 256  # documents that a script gives to LLM.chat at once


class Watching(Protocol):
    """Someone who looks on."""

    def loading(self, model: str) -> None: ...
    def begin(self, arm: Arm, number: int) -> None: ...  # round 0 warms up, and is not counted
    def done(self, documents: int) -> None: ...  # so many more
    def end(self, found: Measured) -> None: ...


@dataclass(frozen=True, slots=True)
class Benched:
    """What was measured, and what it says; `in_process`: the engine stands still while our Python works."""

    model: str
    mode: str
    documents: int
    rounds: int
    seats: int
    in_process: bool
    block: int
    measured: list[Measured]
    verdict: Verdict


def bench(asked: GivenJob, documents: int, rounds: int, folder: Path, watching: Watching) -> Benched:
    """Measures the first documents of a job, in so many rounds, with outputs below `folder`.

    Each round has every arm once, beginning with another each time, on an empty prefix cache; a run that is not
    counted comes before them, so that no arm pays for what happens only once.

    raw: `LLM.generate` on the token ids of all first requests at once; then on those of all that must follow, such as
    answers after thoughts, at once; and so on. Only the time in these calls counts, so it is the ceiling: the same
    questions, nothing read, judged or written. Where documents ask twice a run may pass it, since it asks the second
    question of one beside the first of another.

    run: `extract run`, from Parquet to Parquet, all of its time.

    chat: the same questions by `LLM.chat`, 256 documents at a time (what follows a first request by `LLM.generate`,
    as a chat cannot go on in the model's own turn); only the time in these calls counts.
    """
    drain = Drain()
    with _broken_off(drain):
        prepared = prepared_for_engine(asked)
        chosen = sample(into(prepared, folder), documents, folder)
        watching.loading(prepared.model.name)
        engine = bare_vllm(chosen.prepared)
        try:
            return _Bench(chosen, engine, watching, drain).rounds(rounds, folder)
        finally:
            engine.close()


@contextmanager
def _broken_off(drain: Drain) -> Iterator[None]:
    """Within it, SIGTERM and a terminal that goes end the work as Ctrl-C does: there is nothing to be kept."""
    try:
        with drain.on_signal(), drain.breaks_off():
            yield
    except Drained:
        raise KeyboardInterrupt from None


class _Bench:
    """The arms, as they use one engine."""

    def __init__(self, chosen: Chosen, engine: VllmEngine, watching: Watching, drain: Drain) -> None:
        self._chosen, self._prepared = chosen, chosen.prepared
        self._engine, self._raw = watched(chosen.prepared, engine), engine.raw
        self._watching, self._drain = watching, drain

    def rounds(self, count: int, folder: Path) -> Benched:
        self._measure("run", 0, folder / "0")
        found = [
            self._measure(arm, number, folder / str(number))
            for number in range(1, count + 1)
            for arm in turned(ARMS, number)
        ]
        prepared, seats = self._prepared, self._raw.seats
        return Benched(
            model=prepared.model.name,
            mode=prepared.job.mode,
            documents=len(self._chosen.documents),
            rounds=count,
            seats=seats,
            in_process=self._raw.in_process,
            block=BLOCK,
            measured=found,
            verdict=verdict(found, seats, BLOCK),
        )

    def _measure(self, arm: Arm, number: int, out: Path) -> Measured:
        self._watching.begin(arm, number)
        self._raw.forget()
        peak = Peak()
        done, counted = self._run(out) if arm == "run" else self._batches(arm)
        found = measured(arm, number, done, counted, self._raw.seats, peak.bytes())
        self._watching.end(found)
        return found

    def _run(self, out: Path) -> tuple[ArmEnd, Counted]:
        metered = Metered(self._engine, self._raw.in_process)
        pool = EnginePool(lambda _: metered)
        worked = time.process_time()
        (tally,) = run_together([(into(self._prepared, out), _Told(self._watching.done))], pool, self._drain)
        if self._drain():
            raise Drained
        spent = (metered.seconds, time.process_time() - worked)
        return ArmEnd(*spent, tally.new, tally.settled["quarantined"]), metered.counted

    def _batches(self, arm: Arm) -> tuple[ArmEnd, Counted]:
        documents = self._chosen.documents
        size, ask = (len(documents), self._raw.generate) if arm == "raw" else (BLOCK, self._chat)
        stopwatch = Stopwatch(ask)
        return in_batches(self._prepared, documents, size, stopwatch, self._watching.done), stopwatch.counted

    def _chat(self, wave: Sequence[Request]) -> list[Timed]:
        """By messages what is a first request, mode by mode; by token ids what goes on in the model's own turn."""
        following = [request for request in wave if request.begun]
        came = self._raw.generate(following) if following else []
        for mode in sorted({request.mode for request in wave}):
            form = self._prepared.chat.form(mode)
            asked = [request for request in wave if request.mode == mode and not request.begun]
            if asked:
                messages = [form.shaped(list(request.messages)) for request in asked]
                came += self._raw.chat(asked, messages, form.switch)
        return came


def turned(arms: Sequence[Arm], number: int) -> list[Arm]:
    """The arms in their order, beginning with another in each round."""
    first = (number - 1) % len(arms)
    return [*arms[first:], *arms[:first]]


class _Told:
    """A watch of a run that hears of documents alone."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell

    def begin(self, tally: Tally) -> None: ...
    def loading(self, model: str) -> None: ...
    def loaded(self) -> None: ...
    def skipped(self) -> None: ...
    def waiting(self) -> None: ...
    def warn(self, line: str) -> None: ...

    def settled(self, settlement: Settlement) -> None:
        self._tell(1)
