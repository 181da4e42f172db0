"""Free memory as a machine and its control groups say it, in folders laid out as the kernel lays them out."""

from pathlib import Path

import pytest

from extractor.engines.memory import memory_available

MIB = 1 << 20


def machine(root: Path, groups: str, **files: str) -> Path:
    """A root with 1000 MiB free; `files` are written below sys/fs/cgroup, "__" for "/"."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/meminfo").write_text(f"MemTotal: 9 kB\nMemAvailable:  {1000 * 1024} kB\nHugePages_Free:    0\n")
    (root / "proc/self/cgroup").write_text(groups)
    for name, text in files.items():
        path = root / "sys/fs/cgroup" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def group(where: str, limit: str, used: int, spare: int, version: int = 2) -> dict[str, str]:
    names = {
        2: ("memory.max", "memory.current", "inactive_file"),
        1: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    }[version]
    return {
        f"{where}{names[0]}": limit,
        f"{where}{names[1]}": f"{used * MIB}\n",
        f"{where}memory.stat": f"anon 5\n{names[2]} {spare * MIB}\n",
    }


@pytest.mark.parametrize(
    ("groups", "files", "free"),
    [
        ("0::/\n", {}, 1000),
        ("0::/\n", group("", f"{400 * MIB}\n", 150, 50), 300),  # a container, which sees its group as the root
        ("0::/user/job\n", group("user__job__", "max\n", 150, 50), 1000),
        ("0::/user/job\n", group("user__job__", "max\n", 1, 0) | group("user__", f"{200 * MIB}", 80, 0), 120),
        ("0::/host/path/of/a/container\n", group("", f"{400 * MIB}\n", 150, 50), 300),
        ("0::/\n", group("", f"{100 * MIB}\n", 150, 0), 0),
        ("5:cpu,memory:/job\n0::/\n", group("memory__job__", f"{300 * MIB}\n", 100, 20, version=1), 220),
        ("5:cpu,memory:/job\n", group("memory__job__", f"{(1 << 63) - 4096}\n", 100, 20, version=1), 1000),
        ("5:cpuset:/job\n", group("memory__job__", f"{300 * MIB}\n", 100, 20, version=1), 1000),
    ],
)
def test_what_is_free_is_what_the_tightest_of_them_leaves(
    tmp_path: Path, groups: str, files: dict[str, str], free: int
) -> None:
    assert memory_available(machine(tmp_path, groups, **files)) == free * MIB


def test_this_machine_has_memory() -> None:
    assert memory_available() > MIB
