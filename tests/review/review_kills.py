"""Kills the server of a review again and again while a client decides, and counts what is lost of what was answered.

python tests/review/review_kills.py [KILLS]
"""

import http.client
import json
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
from review_pages import a_run, as_shown

from extractor.review.decisions import decisions
from extractor.review.page import answers_of, page_of
from extractor.review.session import Wanted, begin
from extractor.web.local import serve


def documents(count: int) -> dict[str, tuple[str, dict[str, Any]]]:
    """So many, of about 3,000 characters."""
    said = {"entities": [{"name": "Ada", "type": "person"}], "relations": [], "summary": "s"}
    return {f"d{n}": (f"Ada {n} 語 met 𝒜. " * 200, said) for n in range(count)}


def child(out: Path) -> tuple[int, str]:
    """A server in a process of its own, and its address."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        with os.fdopen(reading) as told:
            return pid, told.readline().strip()
    try:
        review = begin(Wanted(str(out), by="anna"))
        opened = lambda address: os.write(writing, f"{address}\n".encode())  # noqa: E731
        serve(lambda: page_of(review), answers_of(review), 0, lambda address: (opened(address), None)[1])
    finally:
        os._exit(1)


def decided(address: str) -> Iterator[str]:
    """Decides document after document, and says of each that the server answered; until the server is gone."""
    where = urlsplit(address)
    headers = {"Authorization": f"Bearer {parse_qs(where.query)['token'][0]}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", where.port or 0, timeout=20)

    def asked(name: str, said: Any) -> Any:
        connection.request("POST", f"/{name}", json.dumps(said), headers)
        return json.load(connection.getresponse())

    with suppress(OSError, http.client.HTTPException, ValueError):
        shown = asked("show", {})["document"]
        while shown:
            answer = asked("decide", as_shown(shown))
            if "kept" in answer:
                yield shown["doc_id"]
            shown = answer["document"]


def lost(folder: Path, kills: int, seed: int = 0) -> tuple[int, int, int]:
    """Kills; decisions that were answered; those of them that are not in the log."""
    out, chance, told = a_run(folder, documents(60 * kills)), random.Random(seed), set[str]()
    for _ in range(kills):
        pid, address = child(out)
        killer = threading.Timer(chance.uniform(0.05, 0.6), os.kill, (pid, signal.SIGKILL))
        killer.start()
        told |= set(decided(address))
        killer.join()
        os.waitpid(pid, 0)
    return kills, len(told), len(told - {line["doc_id"] for line in decisions(out / "review.jsonl")})


if __name__ == "__main__":
    socket.setdefaulttimeout(20)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        killed, answered, missing = lost(Path(temporary), int(sys.argv[1]) if len(sys.argv) > 1 else 50)
    print(f"{killed} kills, {answered} decisions answered, {missing} lost, {time.monotonic() - begun:.0f} s")
