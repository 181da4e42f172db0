"""Every command and every Python block of the README and the guide, run as written: what a stranger types must work.

They run on the tiny model, in a folder as the README imagines it. Each makes what it needs, so that it may run alone.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from extractor.guide.topics import TOPICS, page
from extractor.tables import BY_WORD
from extractor.tasks.mapping import table_fields
from extractor.tasks.schema import load_schema

ROOT = Path(__file__).parent.parent
PAGES = {"README": (ROOT / "README.md").read_text("utf-8"), **{topic: page(topic) for topic in TOPICS}}
MODELS = re.compile("|".join(map(re.escape, ("Qwen/Qwen3-8B", "qwen2.5-coder-1.5b", "smollm2-135m"))))
ENGINE = {"kv_cache_memory_bytes": 268435456, "dtype": "float32"}
QUICK = {"max_answer_tokens": 32, "attempts": 1, "context": 16384}
REVIEWS = os.pathsep.join([str(ROOT / "tests" / "review"), str(ROOT / "tests"), str(ROOT)])
COMMAND = re.compile(r"((?:\w+=\S+ )*)extract (.*)")
READS = ("convert data", "convert brat")
LOOKS_ONLY = ("schemas", "models", "guide", "check", "show", "job check", "mcp", *READS)  # these load no model
DEMO = "extract run data/sample.jsonl --schema news --model smollm2-135m --keep lang --out {out} {mode}"


def blocks(language: str) -> list[str]:
    """What stands in fences of this language, on all pages, each once."""
    found = [text for page in PAGES.values() for text in re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)]
    return list(dict.fromkeys(found))


def lines() -> list[str]:
    """The lines in blocks of shell, without their comments; one that goes on after a backslash is one."""
    joined = (re.sub(r"\\\n\s*", "", block) for block in blocks("sh"))
    typed = [re.sub(r"\s+#.*", "", line) for block in joined for line in block.splitlines()]
    return list(dict.fromkeys(line for line in typed if line))


COMMANDS = [line for line in lines() if COMMAND.match(line)]


def parts_of(command: str) -> tuple[str, str]:
    """What a command assigns before `extract`, and the words after it."""
    found = COMMAND.match(command)
    assert found, command
    return found[1], found[2]


def loads(command: str) -> bool:
    """Whether this command, or what it needs, loads a model."""
    return not parts_of(command)[1].startswith(LOOKS_ONLY)


@dataclass(frozen=True)
class Place:
    """A folder as the README imagines it: documents, a job file, the sample."""

    folder: Path
    tiny: Path

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command, after whatever makes the output folders that it reads."""
        assigned, words = parts_of(command)
        typed = shlex.split(MODELS.sub(str(self.tiny), words))
        given = {typed[n + 1] for n, word in enumerate(typed) if word == "--out"}
        self.make(word for word in typed if word.startswith("out/") and word not in given)
        if (typed[0] == "run" and "replay" not in typed) or "--run" in typed or typed[0] == "bench":
            typed += quick_flags()
        if "--run" in typed:
            typed += ["--thinking-budget", "20"]  # for the arms that name none
        if typed[0] == "learn":
            self.reviewed(self.folder / typed[1])
            typed += ["--folds", "2", *quick_flags()]
        if typed[0] == "bench":
            typed += ["--rounds", "1"]
        environment = dict(pair.split("=", 1) for pair in assigned.split())
        if typed[0] == "review":
            return self.until_it_serves(*typed, "--no-open")
        return self.python("from extractor.cli import main; main()", *typed, **environment)

    def run_block(self, block: str) -> subprocess.CompletedProcess[str]:
        """Runs a block of Python, likewise."""
        if "api.run(" not in block:
            self.make(re.findall(r'"(out/[^"]+)"', block))
        quick = ", ".join(f"{name}={value}" for name, value in {**QUICK, "engine_arg": ENGINE}.items())
        return self.python(re.sub(f'"(?:{MODELS.pattern})"', f'"{self.tiny}", {quick}', block))

    def make(self, folders) -> None:
        """Makes the output folders that are not there by the command that the pages give for them."""
        for out in folders:
            if out.endswith("/review.jsonl"):
                self.review(str(Path(out).parent))
            elif not (self.folder / out).exists():
                told = (line for line in COMMANDS if line.startswith("extract run ") and line.endswith(f"--out {out}"))
                think = "--mode think --thinking-budget 20" if out.endswith("/think") else ""
                made = self.run(next(told, DEMO.format(out=out, mode=think)))
                assert made.returncode in (0, 4), made.stderr

    def reviewed(self, out: Path) -> None:
        """Writes what a person said of eight documents."""
        answer = {"entities": [{"name": "Ada", "type": "person"}], "relations": [], "summary": "She met Bo."}
        rows = [
            {"doc_id": f"r{n}", "text": f"Ada met Bo at {n}.", "entities": answer["entities"], "answer": answer}
            for n in range(8)
        ]
        said = "".join(json.dumps(row | {"review": {"verdict": "mended"}}) + "\n" for row in rows)
        (out / "review.jsonl").write_text(said, "utf-8")

    def review(self, out: str) -> None:
        """Says of each document of an output that all is right."""
        self.make([out])
        said = "from extractor.review.session import Wanted, begin; from review_pages import accept_all; "
        done = self.python(f"{said} accept_all(begin(Wanted({out!r}, by='anna')))", PYTHONPATH=REVIEWS)
        assert done.returncode == 0, done.stderr

    def until_it_serves(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs a command that serves a page, and ends it with Ctrl-C when it has said where."""
        called = [sys.executable, "-c", "from extractor.cli import main; main()", *words]
        pipe = subprocess.PIPE
        with subprocess.Popen(called, cwd=self.folder, stdout=pipe, stderr=pipe, text=True) as served:
            assert served.stdout
            address = served.stdout.readline()
            served.send_signal(signal.SIGINT)
            said, remarks = served.communicate(timeout=60)
        return subprocess.CompletedProcess(called, served.returncode, address + said, remarks)

    def python(self, code: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs Python in this folder."""
        called, given = [sys.executable, "-c", code, *words], os.environ | environment
        nothing = subprocess.DEVNULL  # on standard input: a server ends there
        return subprocess.run(
            called, cwd=self.folder, env=given, stdin=nothing, capture_output=True, text=True, timeout=300
        )


def quick_flags() -> list[str]:
    flags = [word for name, value in QUICK.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    return flags + [word for name, value in ENGINE.items() for word in ("--engine-arg", f"{name}={value}")]


@pytest.fixture(scope="module")
def place(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "data", folder / "data")
    sample = (ROOT / "data" / "sample.jsonl").read_text("utf-8").splitlines(keepends=True)[:4]
    for name in ("news.jsonl", "in/a.jsonl", "in/2026-11-21/a.jsonl", "archive/b.jsonl"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("".join(sample), "utf-8")
    shutil.copy(ROOT / "schemas" / "news.json", folder / "corrected.json")
    (folder / "brat").mkdir()
    (folder / "brat" / "a.txt").write_text("Ada met Bo.", "utf-8")
    (folder / "brat" / "a.ann").write_text("T1\tperson 0 3\tAda\n", "utf-8")
    job, dated = blocks("toml")
    quick = "".join(f"{name} = {value}\n" for name, value in QUICK.items()) + "[engine-arg]\n"
    quick += "".join(f"{name} = {value!r}\n" for name, value in ENGINE.items())
    job = re.sub(r"max-answer-tokens = 2048\n", "", job).replace("archive/*.parquet", "archive/*.jsonl")
    shared, *jobs = re.split(r"(?=\[\[job\]\])", MODELS.sub(str(tiny), job), maxsplit=1)
    (folder / "job.toml").write_text("\n".join([shared, quick, *jobs]))
    (folder / "dated.toml").write_text(f"{dated}\nmodel = {str(tiny)!r}\n{quick}")
    return Place(folder, tiny)


def marked(command: str) -> object:
    return pytest.param(command, id=command, marks=pytest.mark.engine if loads(command) else pytest.mark.slow)


@pytest.mark.parametrize("command", map(marked, COMMANDS))
def test_each_command_works_as_written(place: Place, command: str) -> None:
    done = place.run(command)
    assert done.returncode in (0, 4), f"{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr


@pytest.mark.engine
@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: block.splitlines()[2])
def test_each_block_of_python_works_as_written(place: Place, block: str) -> None:
    done = place.run_block(block)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_there_is_something_to_run() -> None:
    assert len(COMMANDS) >= 25 and len(blocks("python")) >= 5


def test_what_stands_in_blocks_of_shell_is_run_here_or_is_a_target_of_make() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    others = [line for line in lines() if not COMMAND.match(line)]
    others += [line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines() if "make" in line]
    assert {re.sub(r"\s+#.*", "", line).removeprefix("make ") for line in others} <= set(targets)


def test_no_language_of_a_fence_is_unknown() -> None:
    known = {"", "sh", "python", "json", "toml", "sql", "cron", "ini", "console", "text"}
    assert {
        language for page in PAGES.values() for language in re.findall(r"```(\w*)\n.*?```", page, re.DOTALL)
    } <= known


@pytest.mark.parametrize("block", [block for block in blocks("json") if '"properties"' in block])
def test_each_schema_feeds_its_tables(tmp_path: Path, block: str) -> None:
    (tmp_path / "schema.json").write_text(block, "utf-8")
    marked = re.findall(rf'"x-extract": "({"|".join(BY_WORD)})"', block)
    assert sorted(field.table for field in table_fields(load_schema(str(tmp_path / "schema.json")))) == sorted(marked)


def test_each_other_block_of_json_is_json() -> None:
    for block in blocks("json"):
        json.loads(block)
