"""Where a name stands in the text. Offsets count code points; text[start:end] is the mention."""

import re
from functools import lru_cache

from extractor.scripts import is_glued

Span = tuple[int, int]


def find_all(name: str, text: str) -> list[Span]:
    """Every exact mention, left to right, not overlapping: whole words, and parts of words only where there is none.

    In scripts without spaces between words (Chinese, Thai, Korean with its endings) any place counts.
    """
    whole = [found.span() for found in _whole_words(name).finditer(text)]
    return whole or [found.span() for found in re.finditer(re.escape(name), text)]


def first_span(quote: str, text: str) -> Span | None:
    """Where the quote stands first, or None."""
    start = text.find(quote)
    return None if start < 0 else (start, start + len(quote))


@lru_cache(maxsize=4096)
def _whole_words(name: str) -> re.Pattern[str]:
    before = r"(?<![^\W_])" if _spaced(name[0]) else ""
    after = r"(?![^\W_]|[\u0300-\u036f])" if _spaced(name[-1]) else ""
    return re.compile(before + re.escape(name) + after)


def _spaced(character: str) -> bool:
    """A letter or digit of a script that puts spaces between words (Latin, Greek, Cyrillic, Hebrew, Arabic …)."""
    return character.isalnum() and not is_glued(character)
