"""Engines for workers in processes of their own, and a program that has two of them.

pool_workers.py FOLDER: tells the process numbers of two workers, and then waits.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from extractor.engines.base import Engine
from extractor.engines.fake import FakeEngine
from extractor.engines.pool.engine import PoolEngine
from extractor.engines.pool.process import ProcessWorker, Replica
from extractor.errors import UserError
from extractor.types import Completion, Request

POISON, HANG, ECHO = 666, 777, 888  # first tokens of prompts: ends the process, is never answered, tells what is asked


@dataclass(frozen=True)
class Maker:
    """Makes a fake engine that takes its time; `fails` is what its start fails with."""

    seconds: float = 0.002
    load: float = 0.0
    window: int = 8
    fails: str = ""

    def __call__(self) -> Engine:
        time.sleep(self.load)
        if self.fails:
            raise UserError(self.fails)
        return FakeEngine(self._answer, self.window)

    def _answer(self, request: Request) -> Completion:
        if request.prompt[0] == POISON:
            os._exit(9)
        time.sleep(600 if request.prompt[0] == HANG else self.seconds)
        said = repr(request) if request.prompt[0] == ECHO else str(os.getpid())
        return Completion(
            request,
            said,
            [1, 2],
            prompt_tokens=len(request.prompt),
            output_tokens=2,
            logprobs=(-0.5, -0.5) if request.logprobs else (),
        )


def ends_at_once() -> Engine:
    """Never makes one."""
    os._exit(3)


def pool_of(folder: Path, makers: Sequence[Callable[[], Engine]], patience: float = 60.0) -> PoolEngine:
    """These engines as replicas."""
    replicas = [Replica(f"replica {n}", make, folder / f"engine-{n}.log") for n, make in enumerate(makers, 1)]
    return PoolEngine([partial(ProcessWorker, replica) for replica in replicas], patience)


def pids(pool: PoolEngine, count: int) -> list[int]:
    """The processes of so many workers, once they are ready."""
    while len(pool.facts) < count:
        assert pool.poll(0.1) == []
    return [facts["process"] for facts in pool.facts]


if __name__ == "__main__":
    pool = pool_of(Path(sys.argv[1]), [Maker()] * 2)
    print(*pids(pool, 2), flush=True)
    time.sleep(600)
