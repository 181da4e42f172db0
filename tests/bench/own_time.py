"""What everything but the model takes: runs whose engine answers at once, one row of a table each.

    python tests/bench/own_time.py
    python tests/bench/own_time.py --documents 10000 100000 --rows short

Documents are invented news, each another, with the tokenizer of qwen2.5-coder-1.5b. "our thread" is the one that
feeds the engine; the tokenizer works beside it, and counts in "process". With --step-ms each step of the engine takes
so long and gives seven answers, with 1,024 requests in flight; then our thread's time between two steps is told too.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[1]))
from fakes import Silent

from extractor.jobs.job import make_job
from extractor.jobs.prepare import prepare
from extractor.pipeline.session import run
from extractor.types import Completion, Request, Settlement

# words of a document, and entities of its answer
ROWS = {"short": (60, 1), "news": (350, 9), "long": (1700, 38)}
SHORT_PROMPT = "--- system ---\nExtract what the text names. Layout:\n{{ layout }}\n--- user ---\n{{ document }}\n"
SAYS = (
    "Nobody was hurt, and the inquiry is expected to last until the spring of next year.",
    "Prices rose by 3.4 per cent in March, more than most analysts had expected.",
    "The new hall will hold about 2,400 people and is to be opened before the winter.",
    "Residents complained about noise at night and about lorries in the narrow streets.",
)
TOKENS = [0] * 150  # of an answer; nothing reads what they are


class Unwatched(Silent):
    """Keeps no settlement, so that the memory is the run's own."""

    def settled(self, settlement: Settlement) -> None: ...


class AtOnce:
    """Answers whatever it holds; or, where a step takes time, seven a step. What it takes itself is not ours."""

    def __init__(self, row: str, step: float) -> None:
        self._row, self._step, self._held = row, step, deque[Request]()
        self._window, self._each = (1024, 7) if step else (64, 64)
        self.began, self.ended = list[float](), list[float]()  # by the clock of our thread, each step
        self.steps = self.prompt_tokens = 0

    @property
    def room(self) -> int:
        return self._window - len(self._held)

    def submit(self, request: Request) -> None:
        self.prompt_tokens += len(request.prompt)
        self._held.append(request)

    def poll(self, seconds: float) -> list[Completion]:
        self.steps += 1
        self.began.append(time.thread_time())
        time.sleep(self._step)
        came = [self._answered(self._held.popleft()) for _ in range(min(self._each, len(self._held)))]
        self.ended.append(time.thread_time())
        return came

    def _answered(self, request: Request) -> Completion:
        _, answer = invented(int(request.document.id), *ROWS[self._row])
        prompt, said = len(request.prompt), len(TOKENS)
        return Completion(request, answer, TOKENS, prompt_tokens=prompt, output_tokens=said, seconds=1.0)

    def close(self) -> None: ...


def main() -> None:
    """Prints the table; each row is a process of its own, so that none has another's memory or caches."""
    asked = arguments()
    if asked.alone:
        print(json.dumps(measured(asked.model, asked.rows[0], asked.documents[0], asked.step_ms / 1000)))
        return
    for row in asked.rows:
        for documents in asked.documents:
            words = ["--rows", row, "--documents", str(documents), "--step-ms", str(asked.step_ms)]
            words += ["--model", asked.model, "--alone"]
            done = subprocess.run([sys.executable, __file__, *words], stdout=subprocess.PIPE, text=True, check=True)
            print(json.dumps({"row": row, "documents": documents} | json.loads(done.stdout)), flush=True)


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--documents", nargs="+", type=int, default=[2000])
    parser.add_argument("--step-ms", type=float, default=0)
    parser.add_argument("--model", default="qwen2.5-coder-1.5b", help="whose tokenizer it is")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def measured(model: str, row: str, documents: int, step: float) -> dict[str, Any]:
    """One run, Parquet to Parquet, without loading: what it took."""
    with tempfile.TemporaryDirectory() as kept:
        folder, engine = Path(kept), AtOnce(row, step)
        write(folder / "news.parquet", documents, *ROWS[row])
        (folder / "short.md").write_text(SHORT_PROMPT)
        given: dict[str, Any] = {"prompt": str(folder / "short.md"), "examples": "none"} if row == "short" else {}
        given |= {"inputs": [str(folder / "news.parquet")], "out": folder / "out", "schema": "news"}
        prepared = prepare(make_job(given | {"model": model, "context": 8192}))
        process, thread, clock = time.process_time(), time.thread_time(), time.monotonic()
        tally = run(prepared, lambda _: engine, Unwatched(), lambda: False)
        process, thread = time.process_time() - process, time.thread_time() - thread
        clock = time.monotonic() - clock
    assert tally.new == tally.settled["ok"] == documents, tally
    engines = sum(engine.ended) - sum(engine.began)
    told: dict[str, Any] = {"prompt tokens": round(engine.prompt_tokens / documents)}
    told |= {"documents/s of our thread": round(documents / (thread - engines))}
    told |= {"of the process": round(documents / (process - engines))}
    told |= {"seconds": round(clock, 1), "peak MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10}
    if step:
        between = (sum(engine.began[1:]) - sum(engine.ended[:-1])) / (engine.steps - 1)
        told["our ms between steps"] = round(1000 * between, 2)
    return told


def write(path: Path, documents: int, words: int, entities: int) -> None:
    """Documents of about so many words, as a file of Parquet."""
    columns = pa.schema([("id", pa.string()), ("text", pa.string())])
    with pq.ParquetWriter(path, columns) as writer:
        for start in range(0, documents, 1000):
            numbers = range(start, min(start + 1000, documents))
            rows = [{"id": str(number), "text": invented(number, words, entities)[0]} for number in numbers]
            writer.write_table(pa.Table.from_pylist(rows, columns))


def invented(number: int, words: int, entities: int) -> tuple[str, str]:
    """A text that names this many, and what a model would say of it."""
    drawn = random.Random(number)
    found: list[dict[str, str]] = []
    related: list[dict[str, str]] = []
    says: list[str] = []
    for _ in range((entities + 2) // 3):
        person, firm, town = name(drawn, 2), f"{name(drawn, 1)} Works", f"Port {name(drawn, 1)}"
        says.append(f"{person}, chief executive of {firm}, said in {town} on Monday that the service would go on.")
        kinds = ("person", "organisation", "location")
        found += [{"name": one, "type": kind} for one, kind in zip((person, firm, town), kinds, strict=True)]
        related.append({"subject": person, "object": firm, "predicate": "leads"})
    summary = f"{found[0]['name']} said that the service would go on."
    record = {"entities": found[:entities], "relations": related[: entities // 3], "summary": summary}
    says += drawn.choices(SAYS, k=max(words // 14 - len(says), 0))
    drawn.shuffle(says)
    return " ".join(says), json.dumps(record)


def name(drawn: random.Random, words: int) -> str:
    """A name that few other documents have."""
    letters = ("BDKLMN", "aeiou", "glnr", "aeiou", "klmnst")
    return " ".join("".join(map(drawn.choice, letters)) for _ in range(words))


if __name__ == "__main__":
    main()
