"""A model's tokenizer and chat template: what it can do, and messages into token ids."""

import os
import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
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
_AHEAD = 128  # texts that a thread has encoded and nobody has asked for, at most
_TRIAL = "Ann’s 12 boats — 文件 \n\n e\u0301 ہے\t🙂 \u2060a "


Ahead = tuple[list[str], "Future[dict[str, array[int]]]"]  # the parts of a text, and token ids of the longest


@dataclass(frozen=True, slots=True)
class Frame:
    """Prompts that differ in their last message alone."""

    ids: Sequence[int]  # of what stands before in each, as far as nothing that follows could change them
    head: str  # the rest of what stands before that message
    tail: str  # what stands behind it


class Chat:
    """Renders and encodes messages for one model, in the form that its template takes."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._quick = _quick(tokenizer)
        self._ahead: dict[str, Ahead] = {}  # by the whole text
        self._part = lru_cache(maxsize=256)(self._encode)  # the turns that all prompts share are encoded once
        self._cut = self._find_cut()
        self.bytes_of = TokenBytes(tokenizer)
        self._forms = find_forms(tokenizer)
        self.kind, self.why_never = self._forms.kind, self._forms.why
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

    def frame(self, before: list[Message], mode: ThinkingMode) -> Frame | None:
        """What prompts share that end in one more message of the user: the template runs once for all of them.

        None where the messages hold our own mark.
        """
        head, *others = self.render([*before, {"role": "user", "content": MARK}], mode).split(MARK)
        if len(others) != 1:
            return None
        longest = max(map(len, self.control_strings()), default=0)
        sure = [found.start() for found in self._cut.finditer(head) if found.start() + longest <= len(head)]
        ids = [token for part in self._cut.split(head)[: len(sure)] for token in self._part(part)]
        return Frame(ids, head[sure[-1] if sure else 0 :], others[0])

    def encode_in(self, frame: Frame, content: str) -> list[int]:
        """Token ids of the whole prompt with this for the last message."""
        text = frame.head + content + frame.tail
        if not (ahead := self._ahead.pop(text, None)):
            return [*frame.ids, *self.encode(text)]
        parts, known = ahead[0], ahead[1].result()
        ids = [*frame.ids]
        for part in parts:
            ids += known.get(part) or self._part(part)
        return ids

    def encode_ahead(self, frame: Frame, contents: Iterable[str], thread: Executor) -> None:
        """Begins to encode in a thread what `encode_in` will ask for, where the tokenizer can be shared with one."""
        if not (encode := self._quick):
            return
        texts = [frame.head + content + frame.tail for content in contents]
        split = [self._cut.split(text) for text in texts]
        longest = [max(parts, key=len) for parts in split]
        made = thread.submit(lambda: dict(zip(longest, encode(longest), strict=True)))
        self._ahead |= {text: (parts, made) for text, parts in zip(texts, split, strict=True)}
        for text in list(self._ahead)[:-_AHEAD]:
            del self._ahead[text]

    def _encode(self, text: str) -> "array[int]":
        return self._quick([text])[0] if self._quick else _plain(self._tokenizer, text)

    def _in_parts(self, cut: re.Pattern[str], text: str) -> list[int]:
        return list(chain.from_iterable(map(self._part, cut.split(text))))

    def _find_cut(self) -> re.Pattern[str]:
        """Where a text may be cut and encoded in parts: before each control string, unless one takes in its blanks."""
        controls = self.control_strings()
        cut = re.compile(f"(?={'|'.join(map(re.escape, controls))})") if controls else _NOWHERE
        trial = " \n a ".join(["", *controls, ""])
        return cut if self._in_parts(cut, trial) == list(self._encode(trial)) else _NOWHERE


def _plain(tokenizer: Any, text: str) -> "array[int]":
    return array("I", tokenizer.encode(text, add_special_tokens=False))


def _quick(tokenizer: Any) -> "Callable[[Sequence[str]], list[array[int]]] | None":
    """Encodes texts by what is under the tokenizer, and does not say where each token stands; None unless it agrees."""
    under: Any = getattr(tokenizer, "backend_tokenizer", None)
    if not hasattr(under, "encode_batch_fast"):
        return None
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # its own threads would take the engine's cores

    def encode(texts: Sequence[str]) -> "list[array[int]]":
        return [array("I", one.ids) for one in under.encode_batch_fast(list(texts), add_special_tokens=False)]

    trial = [_TRIAL, "".join(tokenizer.get_added_vocab())]
    agrees = [_plain(tokenizer, text) for text in trial] == encode(trial)
    return encode if agrees and under.truncation is None and under.padding is None else None
