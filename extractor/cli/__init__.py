"""The command line: the only room that prints and exits."""

import sys

from extractor.cli.interrupt import leave_on_interrupt, too_late


def main() -> None:
    """The console script. What it needs is imported here, where Ctrl-C has its line already."""
    leave_on_interrupt()
    try:
        from extractor.cli.app import main as run
        from extractor.system.streams import open_streams

        open_streams()
        sys.exit(run(sys.argv[1:]))
    finally:
        too_late()


__all__ = ["main"]
