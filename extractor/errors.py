"""What stops a run.

ExtractorError
├── UserError    the user's mistake: one line that holds the cure (exit 1)
├── EngineError  the model engine died, hung or could not start (exit 3)
└── Locked       another run holds the output folder (exit 6)

A bad document is never an exception: it is a `Problem` that travels with its document. A source that cannot be read to
its end is none either: its rows are pending (exit 5).
"""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known word that is most like this one, whatever their case and whether with - or _; None where none is near.

    `cutoff` is how alike they must be, 0 to 1.
    """
    by_form = {_form(one): one for one in known}
    near = get_close_matches(_form(word), by_form, 1, cutoff)
    return by_form[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """The end of a line about a word that is not known: the nearest one that is, or nothing."""
    near = nearest(word, known, cutoff)
    return f"; did you mean '{near}'?" if near else ""


def _form(word: str) -> str:
    return word.lower().replace("-", "_")


def install(extras: str) -> str:
    """The words that install these extras. From a clone: the package's name on an index is a stranger's."""
    return f"in the clone of extractor: pip install '.[{extras}]'"


WITH_MODEL = f"{install('gpu')} (without a GPU: '.[cpu]')"  # what brings vLLM, transformers and the hub's client


class ExtractorError(Exception):
    """Base of everything that stops a run on purpose."""


class UserError(ExtractorError):
    """The user can mend this; the message is one line and says how."""


class EngineError(ExtractorError):
    """The engine itself failed; what is committed stays, and the next run continues."""


class Locked(ExtractorError):
    """Another live run holds the output folder."""
