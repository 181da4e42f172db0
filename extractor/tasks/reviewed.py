"""Lines of JSON that may be a review: of those about one document the last word counts."""

import json
from collections.abc import Callable, Iterator
from typing import Any, AnyStr

from extractor.errors import UserError

SKIPPED = "skipped"
NEAR = 6  # characters: a cut word or escape of JSON (false, \\u12ab) is told of where it begins
Row = tuple[str, Any]  # where it stands, as people are told, and what it says


def rows_of(text: AnyStr, place: str, parse: Callable[[str, AnyStr], Any]) -> list[Row]:
    """What each line of a file says, by `parse(where, line)`; of a review only the last line about each document,
    none where that skips it.

    A line of a review that a crash cut short is passed over; the next decision stands on a line of its own behind it.
    `place` names the file, as "--examples out/review.jsonl".
    """
    rows: list[Row] = []
    faults: list[tuple[UserError, bool]] = []
    for number, line in enumerate(text.split(b"\n" if isinstance(text, bytes) else "\n"), 1):
        if line.strip():
            try:
                rows.append((f"{place}:{number}", parse(f"{place}:{number}", line)))
            except UserError as fault:
                faults.append((fault, _is_cut(line)))
    is_review = any(_review(row) for _, row in rows)
    if told := next((fault for fault, is_cut in faults if not (is_review and is_cut)), None):
        raise told
    return list(_last(rows))


def _is_cut(line: str | bytes) -> bool:
    """Whether a line of JSON goes wrong at its end, as one does that a crash cut short, and not before."""
    text = line.decode("utf-8", "ignore") if isinstance(line, bytes) else line
    try:
        json.loads(text)
    except json.JSONDecodeError as fault:
        return fault.msg.startswith("Unterminated string") or fault.pos >= len(text.rstrip()) - NEAR
    except RecursionError:
        return False
    return True  # but for a character that was cut


def _last(rows: list[Row]) -> Iterator[Row]:
    last = {row["doc_id"]: number for number, (_, row) in enumerate(rows) if _review(row)}
    for number, (where, row) in enumerate(rows):
        review = _review(row)
        if not review or (last[row["doc_id"]] == number and review.get("verdict") != SKIPPED):
            yield where, row


def _review(row: Any) -> dict[str, Any]:
    """What the line says of its review; {} where it is of none."""
    found = row.get("review") if isinstance(row, dict) and isinstance(row.get("doc_id"), str) else None
    return found if isinstance(found, dict) else {}
