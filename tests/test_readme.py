"""Every `extract` command of the README, run as written, on the tiny model: what a stranger types must work."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
MODELS = ("Qwen/Qwen3-8B", "qwen2.5-coder-1.5b", "smollm2-135m")
QUICK = ["--max-answer-tokens", "32", "--attempts", "1", "--context", "16384"]
QUICK += ["--engine-arg", "kv_cache_memory_bytes=268435456", "--engine-arg", "dtype=float32"]


def commands() -> list[str]:
    """The lines that begin with `extract` in blocks of shell, in order."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [re.sub(r"\s+#.*", "", line) for block in blocks for line in block.splitlines()]
    return [line for line in lines if re.match(r"(\w+=\S+ )?extract ", line)]


@pytest.fixture(scope="module")
def place(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the README imagines it: documents, a job file, the sample."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "data", folder / "data")
    sample = (ROOT / "data" / "sample.jsonl").read_text().splitlines(keepends=True)[:4]
    for name in ("news.jsonl", "in/a.jsonl", "in/2026-11-21/a.jsonl", "archive/b.jsonl"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("".join(sample))
    shutil.copy(ROOT / "schemas" / "news.json", folder / "corrected.json")
    job, dated = [block for block in re.findall(r"```toml\n(.*?)```", README, re.DOTALL)]
    quick = "max-answer-tokens = 32\nattempts = 1\ncontext = 16384\n"
    quick += "engine-arg = {kv_cache_memory_bytes = 268435456, dtype = 'float32'}\n"
    job = re.sub(r"max-answer-tokens = 2048\n", "", job).replace("archive/*.parquet", "archive/*.jsonl")
    (folder / "job.toml").write_text(quick + _tiny(job, tiny))
    (folder / "dated.toml").write_text(f"model = {str(tiny)!r}\n" + quick + dated)
    return folder


def _tiny(text: str, tiny: Path) -> str:
    return re.sub("|".join(map(re.escape, MODELS)), str(tiny), text)


def _run(command: str, folder: Path, tiny: Path) -> subprocess.CompletedProcess[str]:
    *assigned, words = [*re.match(r"(\w+=\S+ )?(?:extract )(.*)", command).groups()]
    environment = os.environ | dict(pair.strip().split("=", 1) for pair in assigned if pair)
    typed = shlex.split(_tiny(words, tiny))
    if (typed[0] == "run" and "replay" not in typed) or "--run" in typed:
        typed += QUICK
    if "--run" in typed:
        typed += ["--thinking-budget", "20"]  # for the arms that name none
    called = [sys.executable, "-c", "from extractor.cli import main; main()", *typed]
    return subprocess.run(called, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


def test_the_readme_has_commands():
    assert len(commands()) >= 15


def test_every_command_of_the_readme_works_as_written(place, tiny):
    thinking = "--mode think --thinking-budget 20"
    for arm, words in {"demo": "", "demo-modes/no_think": "", "demo-modes/think": thinking}.items():
        made = _run(
            f"extract run data/sample.jsonl --schema news --model {tiny} --keep lang --out out/{arm} {words}",
            place,
            tiny,
        )
        assert made.returncode in (0, 4), made.stderr
    for command in commands():
        done = _run(command, place, tiny)
        assert done.returncode in (0, 4), f"{command}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, command
