"""How a command ends: the exit codes, and which of them an exception is, with its line for a person."""

import os
import traceback
from tempfile import mkstemp

from extractor.errors import Locked, UserError
from extractor.escape import in_line

OK, MISTAKE, USAGE, FAILURE, QUARANTINED, STOPPED, HELD, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 130
MEANINGS = {
    OK: "all documents settled, none quarantined",
    MISTAKE: "your mistake, one line says the cure",
    USAGE: "usage: a word that is no flag of ours",
    FAILURE: "an unexpected failure of ours or the engine's",
    QUARANTINED: "finished, some documents or passages of them quarantined",
    STOPPED: "work is left (--max-runtime, SIGTERM, a source that cannot be read whole); the same command continues",
    HELD: "another run holds the output",
    INTERRUPTED: "interrupted: Ctrl-C, or a second SIGTERM; what is finished is kept",
}


def _said(meanings: dict[int, str]) -> str:
    return f"Exit codes: {'; '.join(f'{code} {meaning}' for code, meaning in meanings.items())}."


EXIT_CODES = _said(MEANINGS)
FEW_CODES = _said({OK: "done", **{code: MEANINGS[code] for code in (MISTAKE, USAGE, FAILURE, INTERRUPTED)}})
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
