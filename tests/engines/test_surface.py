"""What we use of vLLM is in one list, and the installed vLLM has it: imported, by signature, and by its source."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest
import vllm
from sources import Release, alternatives
from vllm.engine.arg_utils import EngineArgs

from extractor.engines.startup import CURES
from extractor.engines.surface import FOR_BENCH, USED, Used, refusals
from extractor.models.given import OWN_NAMES, PLAIN

pytestmark = pytest.mark.slow

PACKAGE = Path(__file__).parent.parent.parent / "extractor"


@pytest.fixture(scope="module")
def installed() -> Release:
    root = Path(vllm.__file__).parent
    return Release({f"vllm/{path.relative_to(root)}": path.read_text("utf-8") for path in root.rglob("*.py")})


def named(used: Used) -> str:
    return f"{used.module}.{used.name}{'' if used.needed else ' (spared)'}"


@pytest.mark.parametrize("used", USED, ids=named)
def test_the_installed_vllm_has_it(used: Used) -> None:
    found = getattr(importlib.import_module(used.module), used.name)
    if used.parameters:
        assert set(used.parameters) <= set(inspect.signature(found).parameters)


@pytest.mark.parametrize("used", [*USED, *FOR_BENCH], ids=named)
def test_and_so_it_is_read_from_its_source(installed: Release, used: Used) -> None:
    assert installed.lacks(used) == []


def test_its_environment_and_its_messages(installed: Release) -> None:
    assert installed.lacks_environment() == []
    spared = {"less than the engine's budget", "leaving none for the KV cache"}  # came with 0.32 and 0.33
    assert set(installed.never_says()) <= spared


def test_each_import_of_vllm_is_in_the_list() -> None:
    listed = {(used.module, used.name) for used in USED}
    nodes = (node for path in PACKAGE.rglob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("vllm")]
    assert imports
    assert {(node.module, alias.name) for node in imports for alias in node.names} <= listed


def test_what_vllm_raises_for_a_request_is_caught() -> None:
    from vllm.exceptions import VLLMValidationError

    assert issubclass(VLLMValidationError, refusals())
    assert {ValueError, TypeError} <= set(refusals())  # what the releases before raised


def test_a_release_that_lacks_something_is_found_out() -> None:
    files = {
        "vllm/__init__.py": "MODULE_ATTRS = {'LLM': '.entry:LLM'}\nfrom .params import Params as SamplingParams\n",
        "vllm/entry.py": "class Base:\n  engine: int\nclass LLM(Base):\n  def __init__(self, model): self.x = 1\n",
        "vllm/params.py": "class Params:\n  top_p: float\n  def f(self): raise ValueError(f'too {1} ' 'big')\n",
        "vllm/envs.py": '{"VLLM_LOGGING_LEVEL": 1}',
    }
    release = Release(files)
    assert release.lacks(Used("vllm", "LLM", ("model",), ("x", "engine"))) == []
    assert release.lacks(Used("vllm", "LLM", ("seed",), ("y",))) == ["vllm.LLM(seed=)", "vllm.LLM.y"]
    assert release.lacks(Used("vllm", "SamplingParams", ("top_p", "top_k"))) == ["vllm.SamplingParams(top_k=)"]
    assert release.lacks(Used("vllm.other", "Name")) == ["vllm.other.Name"]
    assert "VLLM_NO_USAGE_STATS" in release.lacks_environment()
    assert len(release.never_says()) == sum(len(alternatives(cure.said)) for cure in CURES if cure.by_vllm)


def test_words_of_the_engine_that_run_no_code_are_its_own() -> None:
    words = inspect.signature(EngineArgs).parameters
    assert {*OWN_NAMES, *PLAIN} - set(words) == set()
