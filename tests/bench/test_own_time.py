"""The script that measures everything but the model: a row for each that was asked for, with figures that agree."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "own_time.py"


@pytest.mark.slow
def test_each_row_is_measured_by_itself(tiny: Path) -> None:
    words = ["--model", str(tiny), "--rows", "short", "news", "--documents", "20", "40", "--step-ms", "1"]
    done = subprocess.run([sys.executable, str(SCRIPT), *words], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["row"], row["documents"]) for row in rows] == [
        (row, documents) for row in ("short", "news") for documents in (20, 40)
    ]
    assert rows[0]["prompt tokens"] < rows[2]["prompt tokens"] <= 8192
    assert all(row["documents/s of our thread"] >= row["of the process"] > 0 for row in rows)
    assert all(row["our ms between steps"] > 0 and row["peak MiB"] > 50 for row in rows)
