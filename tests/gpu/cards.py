"""How busy a card is, by nvidia-smi."""

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

SMI = "nvidia-smi"
ABOUT = "name,memory.total,driver_version"


@dataclass(frozen=True, slots=True)
class Sample:
    """A card at a moment: seconds since 1970, per cent of time in which it worked, MiB taken."""

    at: float
    busy: float
    memory: float


def cards(smi: str = SMI) -> list[str]:
    """A line for each card, as nvidia-smi has it; [] where there is none, or no nvidia-smi."""
    if not shutil.which(smi):
        return []
    words = [smi, f"--query-gpu={ABOUT}", "--format=csv,noheader"]
    done = subprocess.run(words, capture_output=True, text=True)
    return done.stdout.splitlines() if done.returncode == 0 else []


@contextmanager
def sampled(smi: str = SMI, seconds: int = 1) -> Iterator[list[Sample]]:
    """Within it, the first card is looked at every so many seconds."""
    words = [smi, "--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits", "-i", "0"]
    found: list[Sample] = []
    looking = subprocess.Popen([*words, "-l", str(seconds)], stdout=subprocess.PIPE, text=True)
    reading = threading.Thread(target=_read, args=(looking, found), daemon=True)
    reading.start()
    try:
        yield found
    finally:
        looking.kill()
        looking.wait()
        reading.join()


def _read(looking: "subprocess.Popen[str]", found: list[Sample]) -> None:
    assert looking.stdout
    for line in looking.stdout:
        try:
            busy, memory = (float(cell) for cell in line.split(","))
        except ValueError:  # "[N/A]" of a card that does not tell
            continue
        found.append(Sample(time.time(), busy, memory))


def mean_busy(samples: Sequence[Sample], begin: float, end: float) -> float | None:
    """Per cent of time in which the card worked between two moments; None where nobody looked then."""
    seen = [one.busy for one in samples if begin <= one.at <= end]
    return sum(seen) / len(seen) if seen else None
