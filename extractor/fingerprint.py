"""Work is named by its content: the job and the text, never a position. Nobody else computes such a name."""

import hashlib
import json
from functools import lru_cache
from typing import Any


def digest(value: Any) -> str:
    """32 hex digits of anything that JSON can hold."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def share_of(doc_id: str, shares: int) -> int:
    """Which of so many shares the document of this id is in, counted from 0."""
    return int(digest(doc_id), 16) % shares


@lru_cache(maxsize=16)  # a document's is asked for several times in a row
def fingerprint(job: str, text: str, mode: str | None, passage: tuple[int, str] | None = None) -> str:
    """32 hex digits that name this work: the job (the digest of its identity) on this text, in the document's mode.

    Of a passage of a document: its number, since two may read the same, and what is shown before it.
    """
    return digest([job, text, mode, *(passage or ())])
