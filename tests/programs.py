"""Runs `extract`, with a model that takes its time: as a real process, or here."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import slow_extract
from typer.testing import CliRunner

SLOW = Path(__file__).parent / "slow_extract.py"
PLAIN = ["--examples", "none", "--context", "100000"]


def documents(path: Path, count: int, said: str = "The ferry sails again.") -> Path:
    lines = (json.dumps({"id": f"d{n}", "text": f"{said} {n}"}) for n in range(count))
    path.write_text("".join(line + "\n" for line in lines))
    return path


def started(*words: object, **environment: object) -> "subprocess.Popen[str]":
    """`slow_extract.py` with these words, its environment extended."""
    command = [sys.executable, str(SLOW), *map(str, words)]
    env = os.environ | {name: str(value) for name, value in environment.items()}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


def ended(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def ran(*words: object, **environment: object) -> tuple[int, str, str]:
    """The same command in this process."""
    env = {name: str(value) for name, value in environment.items()}
    result = CliRunner().invoke(slow_extract.app, list(map(str, words)), env=env)
    return result.exit_code, result.stdout, result.stderr


def manifest(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "manifest.json").read_text())
    return found
