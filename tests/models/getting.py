"""A process that gets a pickled DemoModel; it kills itself SECONDS after progress says WHAT, if they are given.

python getting.py PICKLE [WHAT SECONDS]
"""

import os
import pickle
import signal
import sys
import threading
from pathlib import Path

from extractor.models.fetch import fetch


def main(model: str, fatal: str = "", seconds: str = "0") -> None:
    def progress(done: int, total: int, what: str) -> None:
        print(done, total, what, flush=True)
        if fatal and what.startswith(fatal):
            threading.Timer(float(seconds), os.kill, (os.getpid(), signal.SIGKILL)).start()

    fetch(pickle.loads(Path(model).read_bytes()), progress)


main(*sys.argv[1:])
