"""From a token's log-probability to a value's: which tokens of an answer wrote which name or value of its JSON."""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate

from extractor.types import Completion, ValueLogprobs

_VALUE = re.compile(r'"((?:[^"\\]|\\.)*)"|-?\d[\d.eE+-]*|\b(?:true|false|null)\b', re.DOTALL)


def read_logprobs(completion: Completion, bytes_of: Callable[[Sequence[int]], list[bytes] | None]) -> Completion:
    """The completion with its log-probabilities by value instead of by token; None where they cannot be told.

    Tokens are laid along the answer byte by byte, and a token belongs to each value that it shares a byte with.
    """
    if not completion.logprobs:
        return completion
    return replace(completion, logprobs=(), value_logprobs=_by_value(completion, bytes_of(completion.tokens)))


def spans(text: str) -> list[tuple[int, int]]:
    """Where each name and single value of a JSON text stands, in its order, [start, end), without quotation marks."""
    return [found.span(1) if found[1] is not None else found.span() for found in _VALUE.finditer(text)]


def joined(pieces: Sequence[Completion]) -> ValueLogprobs | None:
    """Those of an answer that is put together of pieces; None for each value of a piece without."""
    if not any(piece.value_logprobs for piece in pieces):
        return None
    return [one for piece in pieces for one in (piece.value_logprobs or [None] * len(spans(piece.text)))]


def _by_value(completion: Completion, written: Sequence[bytes] | None) -> ValueLogprobs | None:
    text = completion.text
    if written is None or len(completion.logprobs) < len(written):
        return None
    whole, said = b"".join(written), text.encode("utf-8", "surrogatepass")
    blank = whole.startswith(b" ") and not text.startswith(" ")  # SentencePiece's, before the first word
    if not whole[blank:].startswith(said):
        return None
    ends = list(accumulate(map(len, written)))
    at = _byte_offsets(text)
    logprobs = array("f", completion.logprobs).tolist()  # as precise as they are stored
    return [_within(logprobs, ends, at[start] + blank, at[end] + blank) for start, end in spans(text)]


def _within(logprobs: Sequence[float], ends: Sequence[int], start: int, end: int) -> list[float]:
    """The numbers of the tokens that have a byte in [start, end); `ends` are the bytes at which tokens end."""
    return list(logprobs[bisect_right(ends, start) : bisect_left(ends, end) + 1]) if start < end else []


def _byte_offsets(text: str) -> Sequence[int]:
    """The byte at which each code point begins, and at last their number."""
    if text.isascii():
        return range(len(text) + 1)
    return [0, *accumulate(len(letter.encode("utf-8", "surrogatepass")) for letter in text)]
