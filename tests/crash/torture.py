"""Kills a job until it is done: torture.py DOCUMENTS KILLS [SEED] [CHORE ...]. Nothing may be lost, twice or done too
often, and what lies there is in order after each kill.

Between two runs a chore (compact, repair, retry, supersede) is killed too; what it asks is not counted as asked again.
"""

import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[1]))
from job import CHORES, PART, Work

from extractor.store.ledger import faults_of
from extractor.store.parts import MANIFEST, parts_of
from extractor.store.status import output_status
from extractor.store.tables import TABLES
from extractor.system.crash import POINTS, VARIABLE

UNDER_WAY = 8  # documents that the engine holds beyond a part


@dataclass(frozen=True, slots=True)
class Toll:
    """What so many kills cost: documents lost and twice, answers asked for again."""

    kills: int
    lost: int
    twice: int
    redone: int  # answers asked for again
    worst: int  # documents asked about again after one kill


def torture(folder: Path, documents: int, kills: int, seed: int = 0, chores: Sequence[str] = ()) -> Toll:
    """Runs a job over so many documents, killed so many times at armed points and at random moments, to its end."""
    work = Work(folder / "in.jsonl", folder / "out", folder / "asked")
    aside = Work(work.inputs, work.out, Path(os.devnull))
    chance, ids = random.Random(seed), [f"d{number}" for number in range(documents)]
    work.inputs.write_text("".join(json.dumps({"id": id, "text": f"Alice met {id}."}) + "\n" for id in ids))
    worst = killed = 0
    work.asked.touch()
    while killed < kills:
        if chores and (work.out / MANIFEST).exists():
            killed += _killed(partial(CHORES[chance.choice(chores)], aside), work.out, killed, chance)
        before = _lines(work.asked)
        if _killed(work.run, work.out, killed, chance):
            killed += 1
        elif output_status(work.out).pending == 0:  # done before all kills are spent: begin anew on a grown input
            work.inputs.write_text(work.inputs.read_text() + _more(ids, documents // 2))
        again = set(_lines(work.asked)[len(before) :]) & set(before)
        worst = max(worst, len({line.split()[0] for line in again}))
    work.run()
    answers = _lines(work.asked)
    assert output_status(work.out).settled == len(ids)
    found = Counter(_ids(work.out, "documents"))
    for table in set(TABLES) - {"documents"}:  # and no row of any table is without its document, or there again
        assert set(_ids(work.out, table)) <= set(found)
    assert Counter(_ids(work.out, "entities")) == Counter(_ids(work.out, "summaries"))
    twice = sum(times - 1 for times in found.values())
    return Toll(killed, len(set(ids) - set(found)), twice, len(answers) - len(set(answers)), worst)


def _killed(task: Callable[[], None], out: Path, number: int, chance: random.Random) -> bool:
    """Whether the task was killed, in a process of its own: in turn at a random moment and at an armed point."""
    point = f"{POINTS[number // 2 % len(POINTS)]}:{chance.randint(1, 12)}" if number % 2 else None
    if not (pid := os.fork()):
        _do(task, point)
    if point is None:
        _wait_for_work(pid, out)
        time.sleep(chance.uniform(0, 0.3))
        os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in (0, -signal.SIGKILL), f"the job ended with {code}"
    assert not (out / MANIFEST).exists() or faults_of(parts_of(out)) == []
    return code != 0


def _do(task: Callable[[], None], armed: str | None) -> None:
    if armed:
        os.environ[VARIABLE] = armed
    try:
        task()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _wait_for_work(pid: int, out: Path) -> None:
    """Until a file of the folder comes or changes, or the process is over."""
    before = _seen(out)
    while not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) and _seen(out) == before:
        time.sleep(0.002)


def _seen(out: Path) -> set[tuple[str, int]]:
    """Files directly in the folder that are there yet, with their times."""
    found = set()
    for name in os.listdir(out) if out.is_dir() else ():
        with suppress(FileNotFoundError):
            found.add((name, (out / name).lstat().st_mtime_ns))
    return found


def _more(ids: list[str], count: int) -> str:
    new = [f"d{number}" for number in range(len(ids), len(ids) + count)]
    ids.extend(new)
    return "".join(json.dumps({"id": id, "text": f"Alice met {id}."}) + "\n" for id in new)


def _lines(asked: Path) -> list[str]:
    return asked.read_text().splitlines()


def _ids(out: Path, table: str) -> list[str]:
    parts = sorted((out / table).glob("*.parquet"))
    return [id for part in parts for id in pq.ParquetFile(part).read(["doc_id"])["doc_id"].to_pylist()]


if __name__ == "__main__":
    documents, kills, seed, *_ = [*(int(word) for word in sys.argv[1:] if word.isdigit()), 0]
    words = [word for word in sys.argv[1:] if not word.isdigit()]
    with tempfile.TemporaryDirectory() as name:
        toll = torture(Path(name), documents, kills, seed, words)
    print(toll)
    redoes = "supersede" in words  # then the job does again what the other one replaced
    sys.exit(bool(toll.lost or toll.twice or (toll.worst > PART + UNDER_WAY and not redoes)))
