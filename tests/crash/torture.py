"""Kills a job until it is done: torture.py DOCUMENTS KILLS [SEED]. Nothing may be lost, twice or done too often."""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from extractor.store.status import output_status
from extractor.store.tables import TABLES
from extractor.system.crash import POINTS, VARIABLE

PART = 25  # documents in a part, as job.py has it
UNDER_WAY = 8  # documents that the engine holds beyond it
JOB = Path(__file__).parent / "job.py"


@dataclass(frozen=True, slots=True)
class Toll:
    """What so many kills cost: documents lost and twice, answers asked for again."""

    kills: int
    lost: int
    twice: int
    redone: int  # answers asked for again
    worst: int  # documents asked about again after one kill


def torture(folder: Path, documents: int, kills: int, seed: int = 0) -> Toll:
    """Runs a job over so many documents, killed so many times at armed points and at random moments, to its end."""
    inputs, out, asked = folder / "in.jsonl", folder / "out", folder / "asked"
    chance, ids = random.Random(seed), [f"d{number}" for number in range(documents)]
    inputs.write_text("".join(json.dumps({"id": id, "text": f"Alice met {id}."}) + "\n" for id in ids))
    worst = killed = 0
    asked.touch()
    while killed < kills:
        before = _lines(asked)
        if _killed([str(inputs), str(out), str(asked)], killed, chance):
            killed += 1
        elif output_status(out).pending == 0:  # done before all kills are spent: begin anew on a grown input
            inputs.write_text(inputs.read_text() + _more(ids, documents // 2))
        again = set(_lines(asked)[len(before) :]) & set(before)
        worst = max(worst, len({line.split()[0] for line in again}))
    subprocess.run([sys.executable, JOB, inputs, out, asked], check=True)
    answers = _lines(asked)
    assert output_status(out).settled == len(ids)
    found = Counter(_ids(out, "documents"))
    for table in set(TABLES) - {"documents"}:  # and no row of any table is without its document, or there again
        assert set(_ids(out, table)) <= set(found)
    assert Counter(_ids(out, "entities")) == Counter({row for row in _ids(out, "summaries")})
    twice = sum(times - 1 for times in found.values())
    return Toll(killed, len(set(ids) - set(found)), twice, len(answers) - len(set(answers)), worst)


def _killed(arguments: list[str], number: int, chance: random.Random) -> bool:
    """Whether the job was killed: in turn at a random moment and at an armed point."""
    point = f"{POINTS[number % len(POINTS)]}:{chance.randint(1, 12)}"
    armed = {VARIABLE: point} if number % 2 else {}
    process = subprocess.Popen([sys.executable, JOB, *arguments], env=os.environ | armed)
    if not armed:
        _wait_for_work(process, Path(arguments[2]))
        time.sleep(chance.uniform(0, 0.3))
        process.kill()
    code = process.wait()
    assert code in (0, -signal.SIGKILL), f"the job ended with {code}"
    return code != 0


def _wait_for_work(process: subprocess.Popen[bytes], asked: Path) -> None:
    size = asked.stat().st_size
    while process.poll() is None and asked.stat().st_size == size:
        time.sleep(0.002)


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
    with tempfile.TemporaryDirectory() as folder:
        toll = torture(Path(folder), *map(int, sys.argv[1:]))
    print(toll)
    sys.exit(bool(toll.lost or toll.twice or toll.worst > PART + UNDER_WAY))
