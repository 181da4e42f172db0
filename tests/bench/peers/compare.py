"""The same documents, model and machine, by other tools and by ours: documents/s, valid answers, F1, tokens.

    python -m venv peers && peers/bin/pip install -r tests/bench/peers/requirements.txt
    python tests/bench/peers/compare.py --model qwen2.5-coder-1.5b --peers peers/bin/python --out out/peers

With --input, --gold, --schema and --examples it reads another set than the sample, of entities and relations.

Each way answers alone; loading is not counted. chat is a script as people write it (with_chat.py), with the same
schema as a grammar. wired is `extract run --wire tight-arrays`. instructor and langextract ask one `vllm serve`, as
does `extract run --engine endpoint`; instructor is told the labels without what they mean, and so is langextract,
which knows no schema and is shown the same worked examples. All draw greedily, and each document is asked once.
All compute with all cores, in one number format; without AVX-512 it must be --dtype float32 to be of use.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from extractor.engines.arguments import cores_in_words
from extractor.evaluation.matching import normal
from extractor.models.resolve import resolve

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SEATS, CONTEXT, KV = 8, 6144, 1 << 30
ENGINE = {"max_num_seqs": SEATS, "kv_cache_memory_bytes": KV}
EXTRACT = [sys.executable, "-c", "from extractor.cli import main; main()"]
ALONE = ("run", "wired", "chat")  # load the model themselves; the others ask one server
Answers = dict[str, dict[str, Any]]  # by doc_id: entities, relations; an error where there is none


def main() -> None:
    """Runs the ways that are asked for, one after the other, and prints a row for each."""
    asked = arguments()
    asked.out.mkdir(parents=True, exist_ok=True)
    model = resolve(asked.model)
    os.environ.update(model.env)
    os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", cores_in_words(os.sched_getaffinity(0)))
    given = {"model": model.location, "seats": SEATS, "context": CONTEXT, "kv": KV, "tokens": asked.tokens}
    given["dtype"] = asked.dtype
    given |= {"input": str(asked.input), "schema": str(asked.schema), "limit": asked.limit}
    given["examples"] = str(asked.examples)
    ways = asked.ways.split(",")
    for way in [way for way in ways if way in ALONE]:
        report(way, script(sys.executable, way, given, asked.out) if way == "chat" else ours(asked, way), asked)
    if served := [way for way in ways if way not in ALONE]:
        with server(model.location, asked.dtype, asked.out / "server.log") as url:
            for way in served:
                found = (
                    ours(asked, way, url)
                    if way == "endpoint"
                    else script(asked.peers, way, given | {"url": url}, asked.out)
                )
                report(way, found, asked)


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", type=Path, default=ROOT / "data" / "sample.jsonl")
    parser.add_argument("--gold", type=Path, default=ROOT / "data" / "gold.jsonl")
    parser.add_argument("--schema", type=Path, default=ROOT / "schemas" / "news.json")
    parser.add_argument("--examples", type=Path, default=ROOT / "schemas" / "news.examples.jsonl")
    parser.add_argument("--model", required=True)
    parser.add_argument("--peers", default=sys.executable, help="a Python with requirements.txt")
    parser.add_argument("--ways", default="run,wired,chat,endpoint,instructor,langextract")
    parser.add_argument("--tokens", type=int, default=512, help="of an answer, at most")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--limit", type=int, default=16, help="documents")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def ours(asked: argparse.Namespace, way: str, url: str = "") -> dict[str, Any]:
    """`extract run`, by vLLM itself or by the server; seconds without loading."""
    out = asked.out / way
    words = ["run", asked.input, "--schema", asked.schema, "--model", asked.model, "--out", out]
    words += ["--quiet", "--supersede", "--limit", asked.limit, "--max-answer-tokens", asked.tokens]
    words += ["--attempts", 1, "--context", CONTEXT, "--sampling", "temperature=0", "--examples", asked.examples]
    words += ["--wire", "tight-arrays"] if way == "wired" else []
    if url:
        words += ["--engine", "endpoint", "--url", f"{url}/v1", "--served-model", "model"]
    else:
        engine = ENGINE | {"dtype": asked.dtype}
        words += [word for name, value in engine.items() for word in ("--engine-arg", f"{name}={value}")]
    done = subprocess.run([*EXTRACT, *map(str, words)])
    assert done.returncode in (0, 4), done.returncode
    last = json.loads((out / "manifest.json").read_text())["last_run"]
    documents = rows(out, "documents")
    answers: Answers = {row["doc_id"]: {"entities": [], "relations": []} for row in documents}
    answers |= {row["doc_id"]: {"error": row["problem"]} for row in documents if row["status"] == "quarantined"}
    for table in ("entities", "relations"):
        for row in rows(out, table):
            answers[row["doc_id"]][table].append(row)
    tokens = sum(row["answer_tokens"] or 0 for row in documents)
    return {"answers": answers, "seconds": last["seconds"] - last["load_seconds"], "tokens": tokens}


def rows(out: Path, table: str) -> list[dict[str, Any]]:
    """What a table of an output holds."""
    return [row for file in sorted((out / table).glob("*.parquet")) for row in pq.ParquetFile(file).read().to_pylist()]


def script(python: str, way: str, given: dict[str, Any], out: Path) -> dict[str, Any]:
    """One of the scripts beside this one: {answers, seconds, tokens}."""
    file = out / f"{way}.json"
    with file.with_suffix(".log").open("wb") as told:
        words = [python, str(HERE / f"with_{way}.py"), json.dumps(given), str(file)]
        subprocess.run(words, stdout=told, stderr=told, check=True)
    found: dict[str, Any] = json.loads(file.read_text())
    return found


@contextmanager
def server(location: str, dtype: str, log: Path) -> Iterator[str]:
    """`vllm serve` on a free port, ready; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--max-model-len", CONTEXT, "--max-num-seqs", SEATS, "--kv-cache-memory-bytes", KV, "--port", port]
    words += ["--dtype", dtype]
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", location]
    words += ["--served-model-name", "model", "--host", "127.0.0.1"]
    with log.open("wb") as told:
        process = subprocess.Popen([*command, *map(str, words)], stdout=told, stderr=told)
    try:
        while not ready(url := f"http://127.0.0.1:{port}"):
            assert process.poll() is None, log.read_text()[-2000:]
            time.sleep(1)
        yield url
    finally:
        process.terminate()
        process.wait(60)


def ready(url: str) -> bool:
    """Whether the server answers."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5):
            return True
    except OSError:
        return False


def report(way: str, found: dict[str, Any], asked: argparse.Namespace) -> None:
    """Prints one row, and keeps it."""
    gold = {row["doc_id"]: row for row in map(json.loads, asked.gold.read_text().splitlines())}
    ids = [row["id"] for row in map(json.loads, asked.input.read_text().splitlines())][: asked.limit]
    answers: Answers = found["answers"]
    valid = [i for i in ids if i in answers and "error" not in answers[i]]
    row = {
        "way": way,
        "documents": len(ids),
        "documents/s": round(len(ids) / found["seconds"], 4),
        "seconds": round(found["seconds"], 1),
        "valid": round(len(valid) / len(ids), 3),
        "lost": sum(i not in answers for i in ids),
        "entity F1": round(f1([(things(answers.get(i, {})), things(gold[i])) for i in ids]), 3),
        "relation F1": round(f1([(triples(answers.get(i, {})), triples(gold[i])) for i in ids]), 3),
        "tokens a document": round(found["tokens"] / len(ids)) if found["tokens"] else None,
    }
    print(json.dumps(row, ensure_ascii=False), flush=True)
    with (asked.out / "rows.jsonl").open("a") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")


def things(answer: dict[str, Any]) -> set[tuple[str, ...]]:
    """Entities by name and type, as names are compared."""
    return {(normal(one["name"]), one["type"] or "") for one in answer.get("entities", ())}


def triples(answer: dict[str, Any]) -> set[tuple[str, ...]]:
    """Relations by their names."""
    found = answer.get("relations", ())
    return {(normal(one["subject"]), one["predicate"] or "", normal(one["object"])) for one in found}


def f1(pairs: list[tuple[set[tuple[str, ...]], set[tuple[str, ...]]]]) -> float:
    """Micro F1 of (found, right)."""
    hits, found, right = (
        sum(len(one) for one in many) for many in zip(*((a & b, a, b) for a, b in pairs), strict=True)
    )
    return 2 * hits / max(found + right, 1)


if __name__ == "__main__":
    main()
