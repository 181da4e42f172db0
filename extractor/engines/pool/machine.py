"""How the devices, or on a CPU the cores, of this machine are shared out among replicas."""

import os
import re
import subprocess
import sys
from collections.abc import Collection
from typing import Any

from extractor.engines.device import device
from extractor.errors import UserError

VISIBLE = {"cuda": "CUDA_VISIBLE_DEVICES", "xpu": "ZE_AFFINITY_MASK"}  # by vLLM's word for the device; ROCm's is cuda
_COUNT = "import torch; print('\\ndevices:' + str(torch.accelerator.device_count()))"


def devices_each(given: dict[str, Any]) -> int:
    """How many devices one engine with these arguments for vLLM spreads over."""
    sizes = (given.get(f"{kind}_parallel_size", 1) for kind in ("tensor", "pipeline"))
    tensor, pipeline = (size if isinstance(size, int) and size > 0 else 1 for size in sizes)
    return tensor * pipeline


def shares(replicas: int, each: int) -> list[dict[str, str]]:
    """The environment of each replica, which shows it its own devices and no others; nothing where vLLM uses none."""
    name = VISIBLE.get(device() or "")
    return [{name: group} for group in groups(visible(name), replicas, each)] if name else [{}] * replicas


def groups(found: list[str], replicas: int, each: int) -> list[str]:
    """The devices of each replica, in order; UserError where there are too few."""
    if (needed := replicas * each) > len(found):
        names = ", ".join(found) or "none"
        cure = "lower it, or --engine-arg tensor_parallel_size" if each > 1 else "lower it"
        raise UserError(
            f"--replicas {replicas} of {each} devices each needs {needed} devices, and {names} can be seen; {cure}"
        )
    return [",".join(found[number * each :][:each]) for number in range(replicas)]


def visible(name: str) -> list[str]:
    """The devices that a program may use here: those that the environment names, else all."""
    if named := os.environ.get(name):
        return [one.strip() for one in named.split(",") if one.strip()]
    asked = [sys.executable, "-P", "-c", _COUNT]  # in a process of its own: whoever has asked torch holds a device
    done = subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
    found = re.search(r"^devices:(\d+)$", done.stdout.decode(errors="replace"), re.MULTILINE)
    return list(map(str, range(int(found[1]) if found else 0)))


def core_shares(cores: Collection[int], replicas: int) -> list[frozenset[int]]:
    """The cores of each replica where vLLM runs on cores: each its own, or all of them where there are too few."""
    if device() != "cpu" or len(cores) < replicas:
        return [frozenset()] * replicas
    each = len(cores) // replicas
    return [frozenset(sorted(cores)[number * each :][:each]) for number in range(replicas)]
