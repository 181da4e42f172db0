"""A model's tokenizer and chat template: what it can do, and messages into token ids."""

import re
from array import array
from functools import lru_cache
from typing import Any

from extractor.tasks.template import CLOSE, MARK, OPEN, Form, find_forms
from extractor.tasks.token_bytes import TokenBytes
from extractor.types import Message, ThinkingMode

CLOSING = f"\n{CLOSE}\n\n"
# Qwen's documented early stop (docs/source/getting_started/thinking_budget.md of the Qwen3 repository).
EARLY_STOP = (
    "\n\nConsidering the limited time by the user, I have to give the solution based on the thinking directly now."
)
_NOWHERE = re.compile("(?!)")


class Chat:
    """Renders and encodes messages for one model, in the form that its template takes."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._part = lru_cache(maxsize=256)(self._encode)  # the turns that all prompts share are encoded once
        self._cut = self._find_cut()
        self.bytes_of = TokenBytes(tokenizer)
        self._forms = find_forms(tokenizer)
        self.kind, self.why_never = self._forms.kind, self._forms.why
        self._frames: dict[tuple[str, ThinkingMode], tuple[str, str]] = {}
        vocabulary = tokenizer.get_vocab()
        self.close_id: int | None = vocabulary.get(CLOSE)

    def control_strings(self) -> list[str]:
        """Every text that this tokenizer turns into a token of its own."""
        return [*self._tokenizer.get_added_vocab(), *self._tokenizer.all_special_tokens]

    def encode(self, text: str) -> list[int]:
        """Token ids of rendered text; control strings become control tokens."""
        return self._in_parts(self._cut, text)

    def decode(self, ids: list[int]) -> str:
        """The text of token ids, control tokens included."""
        return str(self._tokenizer.decode(ids, skip_special_tokens=False))

    def form(self, mode: ThinkingMode) -> Form:
        """How the template is asked in this mode."""
        return self._forms.think if mode == "think" else self._forms.no_think

    def render(self, messages: list[Message], mode: ThinkingMode) -> str:
        """The whole prompt as text, up to where the model goes on; in think mode the thought is opened."""
        text = self.form(mode).ask(self._tokenizer, messages)
        return text if mode == "no_think" or text.rstrip().endswith(OPEN) else text + self._forms.opening

    def render_last(self, before: list[Message], last: Message, mode: ThinkingMode) -> str:
        """As `render`, for many last messages after the same others: the template runs once for all of them."""
        key = (str(before), mode)
        if key not in self._frames:
            head, *others = self.render([*before, {**last, "content": MARK}], mode).split(MARK)
            if len(others) != 1:  # the prompt's own words hold the mark
                return self.render([*before, last], mode)
            tail = others[0]
            self._frames = {**self._frames, key: (head, tail)} if len(self._frames) < 64 else {key: (head, tail)}
        head, tail = self._frames[key]
        return head + last["content"] + tail

    def _encode(self, text: str) -> "array[int]":
        return array("I", self._tokenizer.encode(text, add_special_tokens=False))

    def _in_parts(self, cut: re.Pattern[str], text: str) -> list[int]:
        return [token for part in cut.split(text) for token in self._part(part)]

    def _find_cut(self) -> re.Pattern[str]:
        """Where a text may be cut and encoded in parts: before each control string, unless one takes in its blanks."""
        controls = self.control_strings()
        cut = re.compile(f"(?={'|'.join(map(re.escape, controls))})") if controls else _NOWHERE
        trial = " \n a ".join(["", *controls, ""])
        return cut if self._in_parts(cut, trial) == list(self._encode(trial)) else _NOWHERE
