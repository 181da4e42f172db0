"""What vLLM runs on: its own word, whatever lies in /dev; a made-up vLLM stands for builds that cannot run here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from extractor.engines.arguments import cores_in_words
from extractor.engines.device import _asked, device

pytestmark = pytest.mark.slow

ASK = """
import json, os, sys
from extractor.engines.arguments import prepare_environment
from extractor.engines.device import device, has_accelerator
prepare_environment({})
one_process = os.environ.get("VLLM_ENABLE_V1_MULTIPROCESSING")
print(json.dumps([device(), has_accelerator(), one_process, "vllm" in sys.modules]))
"""


def said(*paths: Path, **environment: str) -> list[object]:
    path = os.pathsep.join(map(str, (*paths, Path(__file__).parent.parent.parent)))
    env = {name: value for name, value in os.environ.items() if not name.startswith("VLLM_")}
    env |= {"PYTHONPATH": path, **environment}
    done = subprocess.run([sys.executable, "-c", ASK], env=env, capture_output=True, text=True, check=True, timeout=300)
    found: list[object] = json.loads(done.stdout)
    return found


def build(folder: Path, version: str, platforms: str) -> Path:
    """A vLLM of this version, whose platforms are found by this code."""
    for name, text in (("vllm/__init__.py", ""), ("vllm/platforms.py", platforms)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    info = folder / f"vllm-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}\n")
    return folder


PLATFORM = "class current_platform: device_type = {!r}"


def test_the_build_for_a_cpu_is_known_at_once_and_vllm_is_not_imported() -> None:
    assert said() == ["cpu", False, "0", False]


@pytest.mark.parametrize("kind", ["cuda", "xpu", "npu"])
def test_any_other_build_is_asked_in_a_process_of_its_own(tmp_path: Path, kind: str) -> None:
    assert said(build(tmp_path, "0.33.0", PLATFORM.format(kind))) == [kind, True, None, False]


def test_a_build_for_a_gpu_that_finds_none_is_no_accelerator(tmp_path: Path) -> None:
    assert said(build(tmp_path, "0.33.0", PLATFORM.format(""))) == ["", False, None, False]


def test_a_build_for_a_cpu_stays_one_on_a_machine_with_a_gpu(tmp_path: Path) -> None:
    assert said(build(tmp_path, "0.33.0+cpu", PLATFORM.format("cuda"))) == ["cpu", False, "0", False]
    other = build(tmp_path / "other", "0.33.0", PLATFORM.format("cuda"))
    assert said(other, VLLM_TARGET_DEVICE="cpu") == ["cpu", False, "0", False]


@pytest.mark.parametrize("fault", ["raise ImportError('libcuda.so.1')", "import os; os._exit(1)"])
def test_a_vllm_that_does_not_answer_is_none(tmp_path: Path, fault: str) -> None:
    assert said(build(tmp_path, "0.33.0", fault)) == [None, False, None, False]


def test_the_real_vllm_answers_what_we_read_off_its_version() -> None:
    assert _asked() == device()


@pytest.mark.parametrize(
    ("cores", "words"),
    [({0}, "0"), ({0, 1}, "0-1"), ({3, 7, 12}, "3,7,12"), ({9, 2, 0, 1, 8}, "0-2,8-9"), (set(range(64)), "0-63")],
)
def test_vllm_gets_exactly_the_cores_that_are_ours(cores: set[int], words: str) -> None:
    assert cores_in_words(cores) == words


def test_a_run_gets_the_cores_of_its_affinity() -> None:
    ours = sorted(os.sched_getaffinity(0))
    asked = "import os; from extractor.engines.arguments import prepare_environment as p; p({});"
    asked += "print(os.environ['VLLM_CPU_OMP_THREADS_BIND'])"
    env = {name: value for name, value in os.environ.items() if not name.startswith("VLLM_")}
    command = ["taskset", "-c", str(ours[-1]), sys.executable, "-c", asked]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(ours[-1])
