"""The check for a machine with a card, as far as it can be tried without one: from wheels, on the tiny model."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest
from cards import Sample, cards, mean_busy, sampled
from checks import Row, as_wanted, working
from dummy import QWEN3_8B, make_model

ROOT = Path(__file__).parents[2]
CHECK = Path(__file__).with_name("check.py")


def our_wheel(folder: Path) -> Path:
    """This package as a wheel, without a build tool: what such a tool would put into it."""
    about = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project, build = about["project"], about["tool"]["hatch"]["build"]["targets"]["wheel"]
    named = f"{project['name']}-{project['version']}"
    folders = {**{name: name for name in build["packages"]}, **build["force-include"]}
    with ZipFile(folder / f"{named}-py3-none-any.whl", "w") as wheel:
        for here, there in folders.items():
            for file in (path for path in (ROOT / here).rglob("*") if path.is_file() and path.suffix != ".pyc"):
                wheel.write(file, f"{there}/{file.relative_to(ROOT / here)}")
        heading = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        wheel.writestr(f"{named}.dist-info/METADATA", heading)
        wheel.writestr(f"{named}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{named}.dist-info/RECORD", "")
    return folder


def check(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, str(CHECK), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=1500, env=environment)


def cells(done: subprocess.CompletedProcess[str]) -> dict[str, list[str]]:
    """The table: passed, figure, why not, by check."""
    lines = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: row[1:] for row in rows[1:]}


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.timeout(1600)
def test_all_but_the_card_is_tried(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    done = check("--dry", "--wheels", str(our_wheel(tmp_path / "wheels")), "--out", str(tmp_path / "out"))
    found = cells(done)
    assert done.returncode == 0, done.stdout + done.stderr
    assert found["install from wheels"][0] == "yes" and "1 packages" in found["install from wheels"][1]
    assert found["the engine's contract"][:2] == ["yes", "5 passed"]
    assert found["signals: nothing lost, nothing twice"][:2] == ["yes", "1 of 1 as wanted"]
    settled, against = found["4 documents of 200 tokens in flight"], found["documents/s against raw vLLM, 200 tokens"]
    assert settled[0] == "yes" and settled[1].startswith("6 settled, ")
    assert against[0] == "yes" and re.search(r" documents/s, \d+\.\d\d of raw \(", against[1])
    if not cards():
        assert found["a card"] == found["the card is busy, 200 tokens"] == ["skipped", "", "needs a card"]
    assert list((tmp_path / "out").glob("venv/lib/*/site-packages/extractor/bench/bench.py"))
    said = json.loads((tmp_path / "out" / "run-200.log").read_text().splitlines()[0])
    assert said["documents"] == 6


@pytest.mark.slow
def test_wheels_that_are_missing_are_said(tmp_path: Path) -> None:
    done = check("--dry", "--wheels", str(tmp_path), "--out", str(tmp_path / "out"))
    assert done.returncode == 1 and "| install from wheels | no |" in done.stdout and "No matching" in done.stdout


@pytest.mark.slow
def test_a_check_that_cannot_be_done_is_a_row_and_the_others_go_on(tmp_path: Path) -> None:
    words = ["--tokenizer", str(tmp_path), "--out", str(tmp_path / "out"), "--only", "flight,card"]
    done = check(*words)
    found = cells(done)
    assert done.returncode == 1 and found["flight"][0] == "no" and "tokenizer.json" in found["flight"][2]
    assert "a card" in found and found["install from wheels"] == ["skipped", "", "no --wheels given"]


def test_what_is_missing_is_asked_for() -> None:
    done = check()
    assert done.returncode == 2 and "--tokenizer is missing" in done.stderr
    assert "no such check" in check("--dry", "--only", "raw,speed").stderr


def test_the_dummy_model_is_qwen3_8b_s_with_a_tokenizer_that_thinks(tiny: Path, tmp_path: Path) -> None:
    config = json.loads((make_model(tmp_path / "whole", tiny, small=False) / "config.json").read_text())
    assert {**config, "eos_token_id": 151645} == QWEN3_8B
    assert not list((tmp_path / "whole").glob("*.safetensors"))
    small = json.loads((make_model(tmp_path / "small", tiny, small=True) / "config.json").read_text())
    assert (small["num_hidden_layers"], small["architectures"]) == (1, ["Qwen3ForCausalLM"])
    with pytest.raises(FileNotFoundError):
        make_model(tmp_path / "none", tmp_path, small=True)


def test_a_card_is_looked_at_as_nvidia_smi_tells(tmp_path: Path) -> None:
    smi = tmp_path / "smi"
    smi.write_text(
        "#!/bin/sh\n"
        'case "$1" in *utilization*) echo "90, 1000"; echo "[N/A], 5"; echo "100, 2000"; exec sleep 60;; esac\n'
        "echo 'NVIDIA X, 81559 MiB, 550.1'\n"
    )
    smi.chmod(0o755)
    assert cards(str(smi)) == ["NVIDIA X, 81559 MiB, 550.1"] and cards(str(tmp_path / "none")) == []
    with sampled(str(smi)) as found:
        while len(found) < 2:
            pass
    assert [(one.busy, one.memory) for one in found] == [(90, 1000), (100, 2000)]


def test_how_busy_it_was_counts_between_loading_and_the_end() -> None:
    samples = [Sample(1, 0, 10), Sample(2, 80, 10), Sample(3, 90, 10), Sample(9, 0, 10)]
    assert mean_busy(samples, 2, 3) == 85 and mean_busy(samples, 4, 8) is None
    events = [{"time": "2026-01-01T00:00:05Z", "event": "loaded"}, {"time": "2026-01-01T00:01:05Z", "event": "end"}]
    begin, end = working("a line\n" + "\n".join(map(json.dumps, events)))
    assert end - begin == 60 and working("") == (0, 0)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("| SIGTERM group run shell | 5 | 17.0 | 0 | 0 | 16 | 0 | 0 | 0 | 0 |", True),
        ("| SIGTERM group run shell | 5 | 17.0 | 1 | 0 | 16 | 0 | 0 | 0 | 0 |", False),
        ("| SIGTERM group run shell | 5 | 17.0 | 0 | 0 | 16 | 0 | 2 | 0 | 0 |", False),
        ("| SIGTERM group run shell | hangs | 240.0 | 0 | 0 | 16 | 0 | 0 | 0 | 0 |", False),
        ("| SIGTERM group run shell | 5 | 17.0 | 0 | 0 | 16 | 0 | 0 | 0 | 3 |", False),
    ],
)
def test_a_signal_is_as_wanted(line: str, wanted: bool) -> None:
    assert as_wanted(line) is wanted


def test_a_row_says_why_only_where_it_did_not_pass() -> None:
    assert str(Row("a", True, "1", "because")) == "| a | yes | 1 |  |"
    assert str(Row("a", False, "1", "x|y\nz")) == "| a | no | 1 | x\\|y z |"
    assert str(Row("a", None, "", "needs a card")) == "| a | skipped |  | needs a card |"
