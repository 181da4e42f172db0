"""What makes an answer doubtful, and which of several answers is the better one."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from extractor.types import Extraction

LONG_TEXT = 400  # code points: a text of this length rarely holds nothing
UNSURE = 0.5  # confidence below which an item is more likely wrong than right, where it is calibrated
SIGNALS = {
    "failed": "no valid answer",
    "empty": f"nothing found in a text of {LONG_TEXT} characters or more",
    "ungrounded": "a name that is not in the text, however it is spelled",
    "repeats": "the same item three times, or a loop that was cut out",
    "unsure": f"a confidence below {UNSURE:g}, with --confidence",
    "unsupported": "a number or name in the summary that is not in the text",
}
USUAL = ("failed", "empty", "ungrounded", "repeats")  # the others are given where they are asked for


def signals(extraction: Extraction) -> list[str]:
    """The names of the signals that this extraction gives, in the order of SIGNALS."""
    if extraction.problem:
        return ["failed"]
    text = extraction.completion.request.document.text
    rows = [row for of_table in extraction.rows.values() for row in of_table]
    found = {
        "empty": extraction.status == "empty" and len(text) >= LONG_TEXT,
        "ungrounded": any(getattr(row, "match", "") == "none" for row in rows),
        "repeats": extraction.completion.finish == "repetition" or repeats(extraction.record),
        "unsure": any(row.confidence is not None and row.confidence < UNSURE for row in rows),
        "unsupported": any(getattr(row, "unsupported", None) for row in rows),
    }
    return [name for name, given in found.items() if given]


def better(attempts: Sequence[Extraction]) -> Extraction:
    """The one to keep: a valid answer before none, then fewer of the usual signals, then the later one."""

    if len(attempts) == 1:
        return attempts[0]

    def rank(step: tuple[int, Extraction]) -> tuple[bool, int, int]:
        return not step[1].problem, -len({*signals(step[1])} & {*USUAL}), step[0]

    return max(enumerate(attempts), key=rank)[1]


def repeats(value: Any) -> bool:
    """Whether a list in it holds the same item three times."""
    if isinstance(value, dict):
        return any(map(repeats, value.values()))
    if not isinstance(value, list):
        return False
    counts = Counter(json.dumps(item, sort_keys=True) for item in value if item not in ("", None))
    return max(counts.values(), default=0) >= 3 or any(map(repeats, value))
