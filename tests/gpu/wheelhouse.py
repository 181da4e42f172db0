"""An environment from a folder of wheels, without a network."""

import site
import subprocess
import sys
import time
from pathlib import Path


def install(wheels: Path, out: Path, dry: bool) -> tuple[Path | None, str]:
    """The new environment's Python, and what was installed; None, and why, where pip cannot.

    `dry` takes nothing but our own wheel from the folder: what it needs is borrowed from the Python that runs this.
    """
    began, folder = time.monotonic(), out / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    python = folder / "bin" / "python"
    asked = ["extractor[gpu,dev]"]
    if dry:
        (packages,) = folder.glob("lib/python*/site-packages")
        (packages / "borrowed.pth").write_text("".join(f"{path}\n" for path in site.getsitepackages()))
        asked = ["--no-deps", "--ignore-installed", "extractor"]
    command = [
        str(python),
        "-m",
        "pip",
        "--isolated",
        "install",
        "--no-index",
        "--find-links",
        str(wheels.resolve()),
        *asked,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    (out / "install.log").write_text(done.stdout + done.stderr)
    if done.returncode:
        last = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip failed"]
        return None, f"{last[-1]} (all of it: {out / 'install.log'})"
    named = [line for line in done.stdout.splitlines() if line.startswith("Successfully installed")]
    count = len(named[0].split()) - 2 if named else 0
    return python, f"{count} packages in {time.monotonic() - began:.0f} s"
