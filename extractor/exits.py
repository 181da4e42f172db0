"""How a command ends: the exit codes, and which of them an exception is, with its line for a person."""

import time
import traceback
from pathlib import Path
from tempfile import gettempdir

from extractor.errors import Locked, SourceError, UserError

OK, MISTAKE, USAGE, FAILURE, QUARANTINED, STOPPED, HELD, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 130
EXIT_CODES = """
Exit codes: 0 all documents settled, none quarantined; 1 your mistake, one line says the cure; 2 usage;
3 an unexpected failure of ours or the engine's; 4 finished, some documents quarantined; 5 work is left: a deadline,
SIGTERM, or a source that cannot be read to its end; 6 another run holds the output; 130 interrupted, what is finished
is kept.
"""
FEW_CODES = """
Exit codes: 0 done; 1 your mistake, one line says the cure; 2 usage; 3 an unexpected failure of ours; 130 interrupted.
"""
_KEPT = "what is finished is kept, the same command continues"


class Ended(Exception):
    """It is over with this exit code, and whoever looks on has been told why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def verdict(error: BaseException) -> tuple[str, int]:
    """One line for a person, and the exit code; of a surprise the line names a file with all there is to send."""
    match error:
        case UserError():
            said, code = str(error), MISTAKE
        case SourceError():
            said, code = f"{error}; {_KEPT}", STOPPED
        case Locked():
            said, code = str(error), HELD
        case KeyboardInterrupt():
            said, code = f"interrupted; {_KEPT}", INTERRUPTED
        case OSError():
            where = f": {error.filename}" if error.filename else ""
            said, code = f"{error.strerror or error}{where}; {_KEPT}", FAILURE
        case _:
            said, code = f"{error or type(error).__name__}; {_KEPT} (details: {_log(error)})", FAILURE
    return " ".join(said.split()), code


def _log(error: BaseException) -> Path:
    path = Path(gettempdir()) / f"extract-{time.strftime('%Y%m%dT%H%M%S')}.log"
    path.write_text("".join(traceback.format_exception(error)))
    return path
