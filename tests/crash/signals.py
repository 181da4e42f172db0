"""Signals to a real run whose vLLM has processes of its own, as on a GPU: signals.py ["WORD ..."] ... prints one table.

Each case is a signal, whom it goes to, the moment, and what the run was started under; each argument picks the cases
that have all of its words. A run that was ended is then run to its end, by an engine that answers at once. Wanted:
nothing lost, nothing twice, no document that pays with an attempt, and no process left.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[1]))
from fakes import answering
from tiny import make_tiny

from extractor.exits import HELD, Ended
from extractor.jobs.file import GivenJob
from extractor.jobs.job import flag_of, make_job
from extractor.pipeline.jobs import Providers, run_jobs

DOCUMENTS, PART = 120, 6
GRACE = 5.0  # seconds that a process may take to follow its parent
TIMEOUT = 240.0
MARK = "EXTRACTOR_CASE"
SCHEMA = {
    "type": "object",
    "properties": {"entities": {"type": "array", "maxItems": 3, "items": {"type": "string", "maxLength": 20}}},
    "required": ["entities"],
}
ENGINE = {"kv_cache_memory_bytes": 256 << 20, "dtype": "float32", "max_num_seqs": 4}
UNDER = {
    "shell": [],
    "timeout": ["timeout", "600"],
    "setsid": ["setsid", "--wait"],
    "unshare": ["unshare", "--pid", "--fork", "--kill-child", "--map-root-user", "--mount-proc"],
    "systemd-run": ["systemd-run", "--scope", "--quiet"],
    "sh -c": ["sh", "-c", '"$@"; exit $?', "sh"],
}


@dataclass(frozen=True, slots=True)
class Case:
    """`number` twice where a signal is sent again after half a second."""

    number: tuple[signal.Signals, ...]
    to: str  # process, group, core, worker, launcher
    moment: str  # load, run, commit, close
    under: str = "shell"

    def __str__(self) -> str:
        return " ".join((*(n.name for n in self.number), self.to, self.moment, self.under))


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it: exit code or "hangs", seconds to the end, processes left; documents after the next run."""

    code: int | str
    seconds: float
    left: int
    shared: int  # new files in /dev/shm
    settled: int  # by the run that was ended
    paid: int  # of these, those settled as the engine's failure
    lost: int
    twice: int
    then: int  # exit code of the next run


def cases() -> Iterator[Case]:
    """The cases, those of one moment beside each other."""
    term, hurry, kill, hang_up = signal.SIGTERM, signal.SIGINT, signal.SIGKILL, signal.SIGHUP
    for moment in ("load", "run", "commit", "close"):
        for to in ("process", "group"):
            for numbers in ((term,), (term, term), (hurry,), (kill,), (hang_up,)):
                if not (moment == "close" and len(numbers) > 1):
                    yield Case(numbers, to, moment)
        for to in ("core", "worker"):
            for number in (term, hurry, kill):
                if moment != "commit":
                    yield Case((number,), to, moment)
    for under in ("timeout", "setsid", "unshare", "systemd-run", "sh -c"):
        for number in (term, kill):
            yield Case((number,), "launcher", "run", under)
    yield Case((term,), "group", "run", "timeout")
    yield Case((kill,), "launcher", "load", "unshare")


class Run:
    """A run in its own process group, with what it says on stderr as JSON lines."""

    def __init__(self, folder: Path, tiny: Path, under: str, with_worker: bool = False) -> None:
        self.out, self.mark = folder / "out", f"{folder.name}-{time.time_ns()}"
        self._log = (folder / "stderr").open("w+")
        command = [sys.executable, "-c", "from extractor.cli import main; main()", "run", str(folder / "in.jsonl")]
        job = job_of(folder, tiny)
        if with_worker:  # one device needs none
            job["engine_arg"] |= {"distributed_executor_backend": "mp"}
        for name, value in job.items():
            values = [f"{key}={one}" for key, one in value.items()] if isinstance(value, dict) else [str(value)]
            command += [word for one in values for word in (flag_of(name), one)]
        command += ["--log-format", "json"]
        env = os.environ | {"OMP_NUM_THREADS": "1", MARK: self.mark, "VLLM_ENABLE_V1_MULTIPROCESSING": "1"}
        self.launcher = subprocess.Popen(
            [*UNDER[under], *command], stdout=subprocess.DEVNULL, stderr=self._log, env=env, start_new_session=True
        )

    def events(self) -> list[str]:
        """The names of the events so far."""
        self._log.flush()
        lines = Path(self._log.name).read_text().splitlines()
        return [json.loads(line)["event"] for line in lines if line.startswith("{") and line.endswith("}")]

    def family(self) -> dict[str, int]:
        """Its processes by what they are: extract, core, worker; and the launcher."""
        found = {"launcher": self.launcher.pid}
        pids = {pid: _status(pid) for pid in _marked(self.mark)}
        ours = [pid for pid in pids if b"extractor.cli" in _command(pid) and _command(pid).startswith(b"/")]
        if ours:
            found["process"] = ours[0]
            spawned = [pid for pid in pids if b"spawn_main" in _command(pid) or b"VLLM" in _command(pid)]
            cores = [pid for pid in spawned if pids[pid] == ours[0]]
            workers = [pid for pid in spawned if pids[pid] in cores]
            found |= {"core": cores[0]} if cores else {}
            found |= {"worker": workers[0]} if workers else {}
        return found


def tried(case: Case, folder: Path, tiny: Path, chance: random.Random) -> Found:
    """What comes of this case."""
    folder.mkdir()
    (folder / "schema.json").write_text(json.dumps(SCHEMA))
    ids = [f"d{n}" for n in range(DOCUMENTS)]
    (folder / "in.jsonl").write_text("".join(json.dumps({"id": i, "text": f"Ada met {i}."}) + "\n" for i in ids))
    shared, run = set(os.listdir("/dev/shm")), Run(folder, tiny, case.under, case.to == "worker")
    _wait_for(case, run, chance)
    began = time.monotonic()
    for again, number in enumerate(case.number):
        if again:
            time.sleep(0.5)
        _send(number, case.to, run)
    try:
        code: int | str = run.launcher.wait(TIMEOUT)
    except subprocess.TimeoutExpired:
        code = "hangs"
    seconds = time.monotonic() - began
    if case.to == "launcher" and code != "hangs":  # the run itself may go on to its end
        _until(lambda: "process" not in run.family(), TIMEOUT)
    _until(lambda: not _marked(run.mark), GRACE)
    left = _marked(run.mark)
    for pid in left:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    found, paid = _settled(run.out)
    then = _run_to_its_end(folder, tiny)
    ends, _ = _settled(run.out)
    twice = sum(times - 1 for times in ends.values())
    new = len(set(os.listdir("/dev/shm")) - shared)
    return Found(code, seconds, len(left), new, len(found), paid, len(set(ids) - set(ends)), twice, then)


def job_of(folder: Path, tiny: Path) -> dict[str, Any]:
    """The words of the job, but for its input."""
    return {
        "schema": str(folder / "schema.json"),
        "model": str(tiny),
        "out": folder / "out",
        "part_documents": PART,
        "context": 4096,
        "max_answer_tokens": 200,
        "engine_arg": {**ENGINE},
    }


def _run_to_its_end(folder: Path, tiny: Path) -> int:
    words = {"inputs": [str(folder / "in.jsonl")], **job_of(folder, tiny)}
    given = GivenJob(make_job(words), dict.fromkeys(words, "flag"))
    providers = Providers(engine=lambda plan: answering(lambda request: '{"entities": []}'))
    while True:
        try:
            return next(run_jobs([given], lambda job: [], providers)).code
        except Ended as end:  # one that died in another namespace of processes holds the lock for a while
            if end.code != HELD:
                return end.code
            time.sleep(10)


def _wait_for(case: Case, run: Run, chance: random.Random) -> None:
    """Until the moment; an assertion where the run ends before."""
    staging, parts = run.out / ".staging", run.out / "documents"
    if case.moment == "load":
        _until(lambda: "loading" in run.events() and _there(case, run), TIMEOUT)
        time.sleep(chance.uniform(0.2, 3.0))
    elif case.moment == "close":
        _until(lambda: "end" in run.events(), TIMEOUT, 0.005)
    else:
        _until(lambda: parts.is_dir() and any(parts.iterdir()), TIMEOUT)
        if case.moment == "commit":
            _until(lambda: staging.is_dir() and any(staging.iterdir()), TIMEOUT, 0.0)
        else:
            time.sleep(chance.uniform(0.0, 0.5))
    assert run.launcher.poll() is None or case.moment == "close", (run.out.parent / "stderr").read_text()


def _there(case: Case, run: Run) -> bool:
    return (case.to if case.to in ("core", "worker") else "core") in run.family()


def _send(number: signal.Signals, to: str, run: Run) -> None:
    family = run.family()
    with contextlib.suppress(OSError):
        if to == "group":
            os.killpg(os.getpgid(family["process"]), number)
        elif to in family:  # else it is gone already
            os.kill(family[to], number)


def _settled(out: Path) -> tuple[Counter[str], int]:
    """Documents of the output with how often they are there, and how many the engine's failure was the end of."""
    found, paid = Counter[str](), 0
    for part in (out / "documents").glob("*.parquet"):
        rows = pq.ParquetFile(part).read(["doc_id", "problem"])
        found.update(rows["doc_id"].to_pylist())
        paid += rows["problem"].to_pylist().count("engine")
    return found, paid


def _marked(mark: str) -> list[int]:
    """Living processes that carry this mark in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if f"{MARK}={mark}".encode() in (entry / "environ").read_bytes() and _status(int(entry.name)):
                found.append(int(entry.name))
    return sorted(found)


def _status(pid: int) -> int:
    """The number of its parent; 0 where it is gone, or a zombie."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return 0
    return 0 if state == "Z" else int(parent)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _until(true: Callable[[], bool], seconds: float, pause: float = 0.05) -> None:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(pause)


@lru_cache
def _at_hand() -> list[str]:
    """What of UNDER this machine has, and lets us use."""
    tried = {name: [*words, "true"] for name, words in UNDER.items() if not words or shutil.which(words[0])}
    return [name for name, command in tried.items() if not subprocess.run(command, capture_output=True).returncode]


def main(*choices: str) -> int:
    """Prints the table, a line as soon as a case is done; gives the number of those that are not as wanted."""
    chance, bad = random.Random(7), 0
    with tempfile.TemporaryDirectory() as name:
        tiny = make_tiny(Path(name) / "tiny")
        asked = [choice.split() for choice in choices] or [[]]
        picked = [case for case in cases() if any(set(words) <= set(str(case).split()) for words in asked)]
        picked = [case for case in picked if case.under in _at_hand()]
        print("| signal, target, moment, under | exit | s | left | shm | settled | paid | lost | twice | then |")
        for n, case in enumerate(picked):
            f = tried(case, Path(name) / str(n), tiny, chance)
            bad += bool(f.left or f.paid or f.lost or f.twice or f.code == "hangs" or f.then != 0)
            cells = (f.code, f"{f.seconds:.1f}", f.left, f.shared, f.settled, f.paid, f.lost, f.twice, f.then)
            print(f"| {case} |", " | ".join(map(str, cells)), "|", flush=True)
    return bad


if __name__ == "__main__":
    sys.exit(bool(main(*sys.argv[1:])))
