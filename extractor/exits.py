"""How a command ends: the exit codes, and which of them an exception is, with its line for a person."""

import os
import traceback
from tempfile import mkstemp

from extractor.errors import Locked, UserError
from extractor.escape import in_line

OK, MISTAKE, USAGE, FAILURE, QUARANTINED, STOPPED, HELD, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 130
EXIT_CODES = """
Exit codes: 0 all documents settled, none quarantined; 1 your mistake, one line says the cure; 2 usage;
3 an unexpected failure of ours or the engine's; 4 finished, some documents quarantined; 5 stopped at a
deadline or by SIGTERM with work left; 6 another run holds the output; 130 interrupted, what is finished is kept.
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
        case Locked():
            said, code = str(error), HELD
        case KeyboardInterrupt():
            said, code = f"interrupted; {_KEPT}", INTERRUPTED
        case OSError():
            where = f": {error.filename}" if error.filename else ""
            said, code = f"{error.strerror or error}{where}; {_KEPT}", FAILURE
        case _:
            said, code = f"{_words(error)}; {_KEPT}{_log(error)}", FAILURE
    return in_line(" ".join(said.split())), code


def _words(error: BaseException) -> str:
    try:
        return str(error) or type(error).__name__
    except Exception:  # one that cannot even be said
        return type(error).__name__


def _log(error: BaseException) -> str:
    """Where all of it can be read, by its owner alone; nothing where it cannot be written."""
    try:
        handle, path = mkstemp(prefix="extract-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as log:
            log.writelines(traceback.format_exception(error))
    except Exception:
        return ""
    return f" (details: {path})"
