"""The most memory that this process and its children held, from a moment on, as Linux counts it."""

import os
from collections.abc import Iterator
from pathlib import Path


class Peak:
    """Resident memory at its highest since this was made."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = proc
        self._known = all([_forget(folder) for folder in self._family()])

    def bytes(self) -> int | None:
        """Added up over the processes; None where the kernel does not tell, or would not forget what was before."""
        found = [_highest(folder) for folder in self._family()]
        return sum(found) if self._known and all(found) else None

    def _family(self) -> Iterator[Path]:
        waiting = [str(os.getpid())]
        while waiting:
            folder = self._proc / waiting.pop()
            yield folder
            for children in folder.glob("task/*/children"):
                waiting += _read(children).split()


def _forget(folder: Path) -> bool:
    try:
        (folder / "clear_refs").write_text("5")  # the kernel's word for "begin the highest mark anew"
    except OSError:
        return False
    return True


def _highest(folder: Path) -> int:
    fields = dict(line.split(":", 1) for line in _read(folder / "status").splitlines() if ":" in line)
    return int(fields.get("VmHWM", "0").split()[0]) * 1024


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:  # gone meanwhile
        return ""
