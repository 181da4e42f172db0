"""A model's tokenizer and chat template: what it can do, and messages into token ids."""

import re
from array import array
from functools import lru_cache
from typing import Any, Literal

from extractor.errors import UserError
from extractor.types import Message, ThinkingMode

ThinkingKind = Literal["hybrid", "always", "never"]
OPEN, CLOSE = "<think>", "</think>"
CLOSING = f"\n{CLOSE}\n\n"
# Qwen's documented early stop (docs/source/getting_started/thinking_budget.md of the Qwen3 repository).
EARLY_STOP = (
    "\n\nConsidering the limited time by the user, I have to give the solution based on the thinking directly now."
)
HELLO = {"role": "user", "content": "Hello"}
_MARK = "\u2042document\u2042"
_NOWHERE = re.compile("(?!)")


class Chat:
    """Renders and encodes messages for one model; finds out how it thinks by looking at its template."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._part = lru_cache(maxsize=256)(self._encode)  # the turns that all prompts share are encoded once
        self._cut = self._find_cut()
        self._has_system = self._can([{"role": "system", "content": "s"}, HELLO])
        if not self._has_system and not self._can([HELLO]):
            raise UserError("this model has no usable chat template; take an instruct or chat version of it")
        self._frames: dict[tuple[str, ThinkingMode], tuple[str, str]] = {}
        self.kind = self._find_kind()
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

    def render(self, messages: list[Message], mode: ThinkingMode) -> str:
        """The whole prompt as text, up to where the model goes on; in think mode the thought is opened."""
        text = str(self._template(messages, mode == "think"))
        return text if mode == "no_think" or text.rstrip().endswith(OPEN) else f"{text}{OPEN}\n"

    def render_last(self, before: list[Message], last: Message, mode: ThinkingMode) -> str:
        """As `render`, for many last messages after the same others: the template runs once for all of them."""
        key = (str(before), mode)
        if key not in self._frames:
            head, _, tail = self.render([*before, {**last, "content": _MARK}], mode).partition(_MARK)
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

    def _can(self, messages: list[Message]) -> bool:
        try:
            self._ask_template(messages, thinking=True)
        except Exception:  # no template at all, or one that raises by itself: both are the model's way to say no
            return False
        return True

    def _template(self, messages: list[Message], thinking: bool) -> Any:
        if not self._has_system and messages[0]["role"] == "system":
            system, first, *rest = messages
            messages = [{**first, "content": f"{system['content']}\n\n{first['content']}"}, *rest]
        return self._ask_template(messages, thinking)

    def _ask_template(self, messages: list[Message], thinking: bool) -> Any:
        return self._tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True, enable_thinking=thinking
        )

    def _find_kind(self) -> ThinkingKind:
        on, off = self._template([HELLO], True), self._template([HELLO], False)
        if on != off:
            return "hybrid"
        return "always" if on.rstrip().endswith(OPEN) else "never"
