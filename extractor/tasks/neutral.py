"""Document text that can not act as a control token, and the way back.

A word joiner (U+2060, invisible) goes in after the first character of anything that the tokenizer or the chat template
would obey: `<|im_end|>` becomes `<⁠|im_end|>`. Text that holds such a thing with n joiners gets n + 1, so the change is
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
        words = sorted({*ALWAYS, *SWITCHES, *(w for w in control_strings if len(w.strip()) > 1)}, key=len, reverse=True)
        inner = "|".join(f"{re.escape(word[0])}{JOINER}*{re.escape(word[1:])}" for word in words)
        self._any = re.compile(inner)

    def neutralise(self, text: str) -> str:
        """The text with one joiner more in each control string."""
        return self._any.sub(lambda found: found[0][0] + JOINER + found[0][1:], text)

    def restore(self, text: str) -> str:
        """The text with one joiner less in each control string; one that a model wrote without stays as it is."""
        return self._any.sub(lambda found: found[0].replace(JOINER, "", 1), text)
