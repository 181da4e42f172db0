"""A parent, a child and a grandchild, for tests to signal: family.py METHOD [ignore] [signal-at-birth] [kill]."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from multiprocessing.shared_memory import SharedMemory
from typing import Any

from extractor.system.children import Children


def child(numbers: "multiprocessing.Queue[int]") -> None:
    """Has a child of its own, and memory that is shared, and stays."""
    memory = SharedMemory(create=True, size=64)
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    numbers.put(os.getpid())
    numbers.put(grandchild.pid)
    time.sleep(600)
    memory.close()


def main(method: str, *words: str) -> None:
    """Tells the numbers of both."""
    if "ignore" in words or "signal-at-birth" in words:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, frame: None)
    context: Any = multiprocessing.get_context(method)  # typeshed knows no Process of a method named at run time
    children = Children()
    numbers = context.Queue()
    process = context.Process(target=child, args=(numbers,), name="child")
    with children.starting():
        process.start()
    if "signal-at-birth" in words:
        os.killpg(0, signal.SIGINT)
        os.killpg(0, signal.SIGTERM)
    for _ in range(2):
        print(numbers.get(), flush=True)
    while not children.death():
        time.sleep(0.02)
    print(children.death(), flush=True)
    children.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])
