"""Document text that can not act as a control token, and the way back.

A word joiner (U+2060, invisible) goes in after the first character of anything that the tokenizer or the chat template
would obey: `<|im_end|>` becomes `<⁠|im_end|>`. Joiners between the characters of a control string are looked through, so
such a string starts at the same places before and after: one that had n joiners there gets n + 1, the change is
reversible for every text, and a name that a model copies comes back as it was.
"""

import re
from collections.abc import Iterable

JOINER = "\u2060"
SWITCHES = ("/think", "/no_think")
ALWAYS = ("<think>", "</think>", "<tool_call>", "</tool_call>", "<|im_start|>", "<|im_end|>", "<|endoftext|>")


class Neutraliser:
    """Takes the power out of control strings and gives it back."""

    def __init__(self, control_strings: Iterable[str] = ()) -> None:
        words = {word.replace(JOINER, "") for word in (*ALWAYS, *SWITCHES, *control_strings)}
        starts = "|".join(_start_of(word) for word in sorted(words) if len(word.strip()) > 1)
        self._start = re.compile(starts)
        self._neutral = re.compile(f"({starts}){JOINER}")

    def neutralise(self, text: str) -> str:
        """The text with one joiner more in each control string."""
        return self._start.sub(lambda found: found[0] + JOINER, text)

    def restore(self, text: str) -> str:
        """The text with one joiner less in each control string; one that a model wrote without stays as it is."""
        return self._neutral.sub(lambda found: found[1], text) if JOINER in text else text


def may_hold_joiner(text: str) -> bool:
    """Whether a string of this JSON text may hold a joiner, as it is or as an escape."""
    return JOINER in text or "\\u" in text


def _start_of(word: str) -> str:
    """The word's first character where the rest follows: matches may overlap, so nested words are all found."""
    rest = "".join(f"{JOINER}*{re.escape(character)}" for character in word[1:])
    return f"{re.escape(word[0])}(?={rest})"
