"""A model's chat template: how it wants to be asked, found by asking it.

Templates differ in three things that they do not declare: whether there is a place for a system message, whether
content is a text or a list of parts, and by which word thinking is switched. Many drop in silence what they do not
know, so a form counts as usable only if every message comes out exactly once.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from extractor.errors import UserError

ThinkingKind = Literal["hybrid", "always", "never"]
OPEN, CLOSE = "<think>", "</think>"
# word, with thought, without; Qwen3, GLM, SmolLM3 use the first, DeepSeek-V3.1, Granite and Kimi the second
SWITCHES: tuple[tuple[str, Any, Any], ...] = (
    ("enable_thinking", True, False),
    ("thinking", True, False),
    ("enable_reasoning", True, False),
    ("reasoning", True, False),
    ("think", True, False),
    ("thinking_mode", "thinking", "chat"),
    ("thinking_mode", "on", "off"),
    ("reasoning_effort", "high", "none"),
)
MARK = "\u2042document\u2042"
_MARKS = ("\u2042rules\u2042", "\u2042question\u2042", "\u2042answer\u2042", MARK)
_ROLES = ("system", "user", "assistant", "user")
_TRIAL = [{"role": role, "content": mark} for role, mark in zip(_ROLES, _MARKS, strict=True)]
_THOUGHT = f"{OPEN}\n{_MARKS[0]}\n{CLOSE}\n\n{_MARKS[2]}"
_SHUT = re.compile(rf"(\s*){OPEN}(\s*){CLOSE}\s*\Z")


@dataclass(frozen=True, slots=True)
class Form:
    """One way to ask a template."""

    system: bool  # it has a place for a system message; else that goes before the first question
    parts: bool  # content is a list of parts
    word: str = SWITCHES[0][0]
    value: Any = SWITCHES[0][2]

    def ask(self, tokenizer: Any, messages: Sequence[dict[str, str]]) -> str:
        """The rendered prompt; whatever the template raises."""
        shaped: Any = self.shaped(messages)
        return str(tokenizer.apply_chat_template(shaped, tokenize=False, add_generation_prompt=True, **self.switch))

    @property
    def switch(self) -> dict[str, Any]:
        """What the template is given beside the messages."""
        return {self.word: self.value}

    def shaped(self, messages: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
        """The messages as the template takes them."""
        if not self.system and messages[0]["role"] == "system":
            system, first, *rest = messages
            messages = [{**first, "content": f"{system['content']}\n\n{first['content']}"}, *rest]
        if self.parts:
            return [{**one, "content": [{"type": "text", "text": one["content"]}]} for one in messages]
        return list(messages)


@dataclass(frozen=True, slots=True)
class ChatForms:
    """How a template is asked with thought and without; `why` says why it does not think, where it does not."""

    kind: ThinkingKind
    think: Form
    no_think: Form
    opening: str = f"{OPEN}\n"  # what opens a thought, where the template leaves that to the model
    why: str = ""


def find_forms(tokenizer: Any) -> ChatForms:
    """What this tokenizer's chat template can do; UserError where it cannot say what we have to say."""
    plain = _layouts(tokenizer)
    found, foreign = _switched(tokenizer, plain)
    if found:
        return found
    first = plain[0]
    thinking = replace(first, value=True)
    if _asked(tokenizer, thinking).rstrip().endswith(OPEN):
        return ChatForms("always", thinking, first)
    if _strips_thoughts(tokenizer, first):  # it knows thoughts, and leaves it to the model to open them
        return ChatForms("hybrid", thinking, first)
    alien = f"thinks, but not between {OPEN} and {CLOSE}, which is all that we can read"
    return ChatForms("never", thinking, first, why=alien if foreign else "has no thinking of its own")


def _layouts(tokenizer: Any) -> list[Form]:
    """The forms without thought that lose and double nothing: the simplest first, all alike in their content."""
    tried = [Form(system, parts) for parts in (False, True) for system in (True, False)]
    said = [(form, _asked(tokenizer, form)) for form in tried]
    usable = [form for form, text in said if _is_whole(text)]
    if usable:
        return [form for form in usable if form.parts == usable[0].parts]
    if not any(text for _, text in said):
        raise UserError("this model has no usable chat template; take an instruct or chat version of it")
    raise UserError(
        "this model's chat template loses or doubles messages (a system message, an earlier answer or the document),"
        " with content as text and as a list of parts; take a version of it with a chat template for text"
    )


def _switched(tokenizer: Any, layouts: list[Form]) -> tuple[ChatForms | None, bool]:
    """The forms for both modes where a word switches thought; else whether one switches something that is none."""
    foreign = False
    for layout in layouts:
        for on, off in _pairs(layout):
            with_thought, without = _asked(tokenizer, on), _asked(tokenizer, off)
            if with_thought == without or not _is_whole(with_thought):
                continue
            if without.rstrip().endswith(OPEN):
                return ChatForms("always", on, off), False
            if _is_ours(tokenizer, with_thought + without):
                plain = off if layout == layouts[0] else layouts[0]
                return ChatForms("hybrid", on, plain, _opening(with_thought, without)), False
            foreign = True
    return None, foreign


def _pairs(layout: Form) -> Iterator[tuple[Form, Form]]:
    for word, on, off in SWITCHES:
        yield replace(layout, word=word, value=on), replace(layout, word=word, value=off)


def _is_ours(tokenizer: Any, text: str) -> bool:
    """Whether thoughts stand between our two words."""
    return OPEN in text or CLOSE in text or CLOSE in tokenizer.get_vocab()


def _opening(with_thought: str, without: str) -> str:
    """What the model would write to open its thought, as the closed one of the other mode shows it."""
    shut = _SHUT.search(without)
    if not shut:
        return f"{OPEN}\n"
    lead = "" if with_thought.endswith(shut[1]) else shut[1]
    return lead + OPEN + ("\n" if shut[2] else "")


def _strips_thoughts(tokenizer: Any, form: Form) -> bool:
    """Whether the template takes the thought out of an earlier answer, as those of thinking models do."""
    said = [_TRIAL[1], {**_TRIAL[2], "content": _THOUGHT}, _TRIAL[3]]
    text = _asked(tokenizer, form, said)
    return _MARKS[2] in text and _MARKS[0] not in text


def _asked(tokenizer: Any, form: Form, messages: Sequence[dict[str, str]] = _TRIAL) -> str:
    try:
        return form.ask(tokenizer, messages)
    except Exception:  # no template at all, or one that raises by itself: both are the model's way to say no
        return ""


def _is_whole(text: str) -> bool:
    """Every message is there exactly once, in its order."""
    places = [text.find(mark) for mark in _MARKS]
    return all(text.count(mark) == 1 for mark in _MARKS) and places == sorted(places)
