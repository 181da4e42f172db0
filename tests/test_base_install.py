"""The base install, without any extra: what needs one says which, in words that work from a clone."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from tiny import TEMPLATE, _tokenizer

pytestmark = pytest.mark.slow

# An import system that finds of the packages here only those that the base install brings
BASE = """
import sys
from importlib.machinery import PathFinder
EXTRA = set("vllm torch transformers tokenizers huggingface_hub accelerate gguf fsspec s3fs gcsfs modelscope "
            "rouge_score matplotlib opencc aiohttp starlette uvicorn".split())
class Base(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in EXTRA else super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(PathFinder)] = Base
"""
MODEL = "pip install '.[gpu]' (without a GPU: '.[cpu]')"
RUN = ["check", "in.jsonl", "--schema", "news", "--out", "out"]
SERVER = ["--engine", "endpoint", "--url", "http://localhost:8000"]
CASES = [
    ([*RUN, *SERVER], "pip install '.[endpoint]'"),
    ([*RUN, "--model", "model"], MODEL),
    ([*RUN, "--model", "Qwen/Qwen3-8B"], MODEL),
    ([*RUN, "--model", "Qwen/Qwen3-8B", "--hub", "modelscope"], "pip install '.[modelscope]'"),
    (["check", "s3://bucket/in.parquet", *RUN[2:]], "pip install '.[s3]'"),
    (["check", "gs://bucket/in.parquet", *RUN[2:]], "pip install '.[gs]'"),
    (["check", "hf://datasets/me/mine/in.parquet", *RUN[2:]], "pip install '.[hf]'"),
    (["check", "https://example.org/in.parquet", *RUN[2:]], "pip install '.[http]'"),
    (["models", "get", "smollm2-135m"], "pip install '.[cpu,demo]'"),
    (["review", "out"], "pip install '.[review]'"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in.jsonl").write_text('{"text": "Ada"}\n')
    (tmp_path / "model").mkdir()
    _tokenizer(tmp_path / "model", TEMPLATE)
    (tmp_path / "model/config.json").write_text(json.dumps({"model_type": "llama"}))
    return tmp_path


def run(folder: Path, code: str) -> "subprocess.CompletedProcess[str]":
    env = {"PATH": "", "HOME": str(folder), "EXTRACTOR_CACHE": str(folder / "cache"), "HF_HUB_OFFLINE": "1"}
    env |= {"PYTHONPATH": str(Path(__file__).parent.parent)}
    command = [sys.executable, "-c", BASE + code]
    return subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(("words", "cure"), CASES, ids=lambda value: value if isinstance(value, str) else value[1][:12])
def test_a_command_that_needs_an_extra_says_which(folder: Path, words: list[str], cure: str) -> None:
    done = run(folder, f"sys.argv = ['extract', *{words!r}]\nfrom extractor.cli import main\nmain()")
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert done.stderr.count("\n") == 1 and f"in the clone of extractor: {cure}" in done.stderr


def test_a_load_without_vllm_says_which_extra_brings_it(folder: Path) -> None:
    code = f"""
from extractor.engines.startup import VllmSettings, load
from pathlib import Path
load(VllmSettings("m", None, 1024, 0, Path({str(folder / "log")!r})))
"""
    last = run(folder, code).stderr.splitlines()[-1]
    assert last.startswith("extractor.errors.UserError: vLLM cannot be imported (No module named 'vllm')")
    assert last.endswith(MODEL)


def test_no_line_of_ours_installs_a_stranger_by_our_name() -> None:
    package = Path(str(find_spec("extractor").submodule_search_locations[0]))  # type: ignore[union-attr,index]
    named = [path for path in package.rglob("*.py") if "extractor[" in path.read_text("utf-8")]
    assert named == []
