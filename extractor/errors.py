"""What stops a run.

ExtractorError
├── UserError    the user's mistake: one line that holds the cure (exit 1)
├── EngineError  the model engine died, hung or could not start (exit 3)
└── Locked       another run holds the output folder (exit 6)

A bad document is never an exception: it is a `Problem` that travels with its document.
"""


class ExtractorError(Exception):
    """Base of everything that stops a run on purpose."""


class UserError(ExtractorError):
    """The user can mend this; the message is one line and says how."""


class EngineError(ExtractorError):
    """The engine itself failed; what is committed stays, and the next run continues."""


class Locked(ExtractorError):
    """Another live run holds the output folder."""
