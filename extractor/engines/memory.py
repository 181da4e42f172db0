"""How much memory is free for us: on the machine, and in the control groups that we are in."""

from collections.abc import Iterator
from pathlib import Path

# By version of control groups: folder of the memory controller, limit, what is used, what of it can be given up
_V1 = ("sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_V2 = ("sys/fs/cgroup", "memory.max", "memory.current", "inactive_file")


def memory_available(root: Path = Path("/")) -> int:
    """Free memory in bytes: as the kernel estimates it, or less where a control group (v1 or v2) allows less."""
    return max(0, min(_of_machine(root), *_of_groups(root), 1 << 62))


def _of_machine(root: Path) -> int:
    fields = dict(line.split(":", 1) for line in (root / "proc/meminfo").read_text().splitlines())
    return int(fields["MemAvailable"].split()[0]) * 1024


def _of_groups(root: Path) -> Iterator[int]:
    """What is left in each group from ours up; a container sees its own as the root, whatever its path is called."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        number, controllers, path = line.split(":", 2)
        if number == "0" or "memory" in controllers.split(","):
            top, *names = _V2 if number == "0" else _V1
            ours = root / top / path.strip("/")
            for folder in (ours, *ours.parents):
                if folder.is_relative_to(root / top):
                    yield from _left(folder, names)


def _left(folder: Path, names: list[str]) -> Iterator[int]:
    limit, used, spare = names
    try:
        most, now = (folder / limit).read_text().strip(), int((folder / used).read_text())
        stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        if most != "max":
            yield int(most) - now + int(stat.get(spare, 0))
    except (OSError, ValueError):  # no limit can be read here
        return
