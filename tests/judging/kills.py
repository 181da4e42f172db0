"""Does a judgement that the page was told is kept survive the server's death?

    python tests/judging/kills.py 50

Judges over HTTP as fast as answers come, kills the server at a random moment, and holds the file against what was
acknowledged; so often. The documents are `many` made ones, so that there is always something left to judge.
"""

import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
MAIN = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from extractor.cli import main; main()"


def runs(folder: Path, documents: int = 2000) -> list[str]:
    """Two outputs that agree on nothing."""
    from shop import settle, write

    inputs = write(folder / "in.jsonl", [(f"d{n}", f"Alice and Bob meet {n}.") for n in range(documents)])
    for name in ("Alice", "Bob"):
        said = json.dumps({"entities": [{"name": name, "type": "person"}], "relations": [], "summary": "x"})
        settle(inputs, folder / name, lambda request, said=said: said, part_documents=1000)  # type: ignore[misc]
    return [str(folder / name) for name in ("Alice", "Bob")]


def killed_once(outs: list[str], file: Path, seconds: float) -> int:
    """How many judgements were acknowledged before the server was killed; it fails where one of them is not kept."""
    words = [sys.executable, "-c", MAIN, "judge", *outs, "--file", str(file), "--by", "anna"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    found = re.search(r"http\S+", process.stderr.readline())
    assert found
    address = urlsplit(found[0])
    threading.Timer(seconds, lambda: os.kill(process.pid, signal.SIGKILL)).start()
    before = kept(file)
    acknowledged = judge_until_it_dies(address.port or 0, parse_qs(address.query)["token"][0])
    process.wait()
    assert kept(file) - before - acknowledged in (0, 1), "one may be on the disk whose answer was cut off, none less"
    return acknowledged


def judge_until_it_dies(port: int, token: str) -> int:
    """How many it said are kept."""
    count, connection = 0, http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        view = asked(connection, token, "show", {"place": None})
        while "table" in view:
            view = asked(connection, token, "say", {"place": view["place"], "said": "right"})
            count += 1
    except (OSError, http.client.HTTPException, ValueError):
        pass
    return count


def asked(connection: http.client.HTTPConnection, token: str, name: str, value: Any) -> Any:
    """What the server answers."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", f"/{name}", json.dumps(value), headers)
    return json.load(connection.getresponse())


def kept(file: Path) -> int:
    """Whole judgements in the file."""
    from extractor.system.appended import lines

    return max(len(lines(file)) - 1, 0)


def main(count: int) -> None:
    """Prints how many were acknowledged over so many kills, and that none was lost."""
    with tempfile.TemporaryDirectory() as folder:
        outs, file, chance, began = runs(Path(folder)), Path(folder) / "j.jsonl", random.Random(0), time.monotonic()
        total = sum(killed_once(outs, file, chance.uniform(0.2, 1.0)) for _ in range(count))
        print(f"{count} kills, {total} judgements acknowledged, none lost ({time.monotonic() - began:.0f} s)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
