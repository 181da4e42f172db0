"""What is on the disk, whatever happens to the machine next."""

import os
from pathlib import Path


def sync(path: Path) -> None:
    """What was written to this file or folder is on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
