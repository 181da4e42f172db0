"""The checks, each a row or more of the table."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from cards import Sample, cards, mean_busy, sampled
from dummy import make_model, write_documents

TESTS = Path(__file__).resolve().parents[1]
NO_CARD = "needs a card"
SEATS = 500  # of the engine; twice as many documents are in flight
BUSY, WHOLE = 90.0, 0.97  # per cent that a card should work; share of raw vLLM's documents/s that a run should have
EXTRACT = ("-c", "from extractor.cli import main; main()")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `passed` None: it was not tried, and `why` says why not."""

    check: str
    passed: bool | None
    figure: str
    why: str = ""

    def __str__(self) -> str:
        said = {True: "yes", False: "no", None: "skipped"}[self.passed]
        cells = (self.check, said, self.figure, "" if self.passed else self.why)
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is asked: tokens of a document, documents of the run, documents and rounds against raw vLLM."""

    tokens: int
    documents: int
    against: int
    rounds: int


@dataclass(frozen=True)
class Setting:
    """Where the checks are done, and with what."""

    out: Path
    tokenizer: Path | None  # None: the tiny model's
    dry: bool

    @property
    def sizes(self) -> tuple[Size, ...]:
        """What is asked of the dummy model."""
        if self.dry:
            return (Size(200, 6, 4, 1),)
        return (Size(200, 3000, 2000, 3), Size(4000, 1500, 1000, 2))

    @cached_property
    def model(self) -> Path:
        """The folder of the dummy model."""
        tokenizer = self.tokenizer
        if tokenizer is None:
            from tiny import make_tiny

            tokenizer = make_tiny(self.out / "tiny")
        return make_model(self.out / "model", tokenizer, self.dry)

    def documents(self, size: Size, count: int) -> Path:
        """So many documents of this size."""
        return write_documents(self.out / f"in-{size.tokens}-{count}.parquet", self.model, count, size.tokens)

    def words(self, size: Size) -> list[str]:
        """The words of the job."""
        engine = {"load_format": "dummy", "max_num_seqs": 2 if self.dry else SEATS}
        if self.dry:
            engine |= {"kv_cache_memory_bytes": 256 << 20, "dtype": "float32"}
        words = ["--schema", "news", "--examples", "none", "--model", str(self.model), "--attempts", "1"]
        words += ["--max-answer-tokens", "16" if self.dry else "128", "--passage-above", "0", "--context", "8192"]
        return words + [word for name, value in engine.items() for word in ("--engine-arg", f"{name}={value}")]

    def python(self, name: str, *words: str) -> "subprocess.CompletedProcess[str]":
        """Runs this Python beside the tests; what it says is kept in NAME.log."""
        done = subprocess.run([sys.executable, *words], cwd=self.out, capture_output=True, text=True, env=_path())
        (self.out / f"{name}.log").write_text(f"{done.stdout}\n{done.stderr}")
        return done


def card(setting: Setting) -> Iterator[Row]:
    """Which card there is."""
    found = cards()
    skipped = setting.dry and not found
    yield Row("a card", None if skipped else bool(found), "; ".join(found), NO_CARD if setting.dry else "no nvidia-smi")


def contract(setting: Setting) -> Iterator[Row]:
    """What every engine promises, tried on vLLM."""
    test = [str(TESTS / "engines" / "test_contract.py"), "-k", "vllm and not endpoint", "-n", "0"]
    done = setting.python("contract", "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(TESTS.parent), *test)
    counts = re.findall(r"\d+ (?:passed|failed|error)\w*", done.stdout)
    yield Row("the engine's contract", done.returncode == 0, ", ".join(counts), _last(done))


def signals(setting: Setting) -> Iterator[Row]:
    """Every signal of the table "Nothing lost"; dry: one."""
    picked = ["SIGHUP group run shell"] if setting.dry else []
    done = setting.python("signals", str(TESTS / "crash" / "signals.py"), *picked)
    tried = [line for line in done.stdout.splitlines() if line.startswith("| SIG")]
    bad = [line.split("|")[1].strip() for line in tried if not as_wanted(line)]
    figure = f"{len(tried) - len(bad)} of {len(tried)} as wanted"
    why = f"not as wanted: {', '.join(bad)}" if bad else _last(done)
    yield Row("signals: nothing lost, nothing twice", done.returncode == 0 and bool(tried) and not bad, figure, why)


def as_wanted(line: str) -> bool:
    """Whether a line of signals.py tells of nothing left, paid, lost or twice, and of a next run that ended well."""
    _, _, code, _, left, _, _, paid, lost, twice, then, _ = (cell.strip() for cell in line.split("|"))
    return code != "hangs" and [left, paid, lost, twice, then] == ["0"] * 5


def in_flight(setting: Setting) -> Iterator[Row]:
    """Runs with as many documents in flight as the engine is given, and how busy the card is meanwhile."""
    for size in setting.sizes:
        name, out = f"run-{size.tokens}", setting.out / f"out-{size.tokens}"
        words = ["run", str(setting.documents(size, size.documents)), *setting.words(size), "--out", str(out)]
        with sampled() if cards() else nullcontext(list[Sample]()) as samples:
            done = setting.python(name, *EXTRACT, *words, "--json", "--log-format", "json", "--supersede")
        yield _settled(size, done, 4 if setting.dry else 2 * SEATS)
        yield _busy(size, done, samples, setting.dry)


def _settled(size: Size, done: "subprocess.CompletedProcess[str]", flight: int) -> Row:
    check = f"{flight:,} documents of {size.tokens:,} tokens in flight"
    if done.returncode not in (0, 4):
        return Row(check, False, "", _last(done))
    status = json.loads(done.stdout)
    settled = status["ok"] + status["empty"] + status["quarantined"]
    begin, end = working(done.stderr)
    figure = f"{settled:,} settled, {settled / max(end - begin, 1.0):,.1f} documents/s"
    figure += f", {status['last_run']['preemptions']:,} preemptions"
    lost = size.documents - settled
    return Row(check, lost == 0 and status["pending"] == 0, figure, f"{lost:,} documents are not settled")


def _busy(size: Size, done: "subprocess.CompletedProcess[str]", samples: list[Sample], dry: bool) -> Row:
    check = f"the card is busy, {size.tokens:,} tokens"
    if not samples:
        return Row(check, None if dry else False, "", NO_CARD if dry else "nvidia-smi told nothing")
    busy = mean_busy(samples, *working(done.stderr))
    if busy is None:
        return Row(check, False, "", "the run was over before nvidia-smi looked")
    most = max(one.memory for one in samples)
    return Row(check, busy >= BUSY, f"{busy:.0f} %, at most {most:,.0f} MiB", f"under {BUSY:.0f} % of the time")


def working(said: str) -> tuple[float, float]:
    """From when the model is loaded to the end of the run, in seconds since 1970, by its events; (0, 0) without."""
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    at = {one["event"]: datetime.fromisoformat(one["time"]).timestamp() for one in lines}
    return at.get("loaded", 0.0), at.get("end", 0.0)


def against_raw(setting: Setting) -> Iterator[Row]:
    """A run's documents/s, and raw vLLM's with the same requests, by `extract bench`."""
    for size in setting.sizes:
        check = f"documents/s against raw vLLM, {size.tokens:,} tokens"
        words = ["bench", str(setting.documents(size, size.against)), *setting.words(size), "--json", "--quiet"]
        words += ["--documents", str(size.against), "--rounds", str(size.rounds)]
        done = setting.python(f"bench-{size.tokens}", *EXTRACT, *words)
        if done.returncode:
            yield Row(check, False, "", _last(done))
            continue
        yield _ratio(check, json.loads(done.stdout), setting.dry)


def _ratio(check: str, found: dict[str, Any], dry: bool) -> Row:
    said = found["verdict"]
    (ratio,) = [r for r in said["ratios"] if (r["of"], r["to"], r["by"]) == ("run", "raw", said["by"])]
    rates = [one["documents_per_second"] for one in found["measured"] if one["arm"] == "run"]
    figure = f"{sorted(rates)[len(rates) // 2]:,.1f} documents/s, {ratio['median']:.2f} of raw"
    figure += f" ({ratio['least']:.2f} to {ratio['most']:.2f})"
    return Row(check, dry or ratio["median"] >= WHOLE, figure, f"under {WHOLE} of raw vLLM")


def _path() -> dict[str, str]:
    """The environment, with the tests on Python's path, and the tree where no wheel is installed."""
    import extractor

    is_installed = Path(extractor.__file__).is_relative_to(sys.prefix)
    ours = [TESTS] if is_installed else [TESTS, TESTS.parent]
    return os.environ | {"PYTHONPATH": os.pathsep.join(map(str, ours))}


def _last(done: "subprocess.CompletedProcess[str]") -> str:
    """The last thing that was said."""
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines() or [f"exit code {done.returncode}"]
    return lines[-1][:300]
