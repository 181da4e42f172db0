"""Hosted OpenAI-compatible servers: messages, which are put into a template that we do not see."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from extractor.engines.endpoint.wire import Asked, WireName, drawn, ended_thought, held_to, seed_of, without_text
from extractor.types import Completion, Message, Request

THOUGHT, SAID = "(What you have thought about it so far:)", "(What you have answered so far, to be continued:)"
Switch = tuple[Mapping[str, Any], Mapping[str, Any]]  # fields with thought, and without
OTHERS: Switch = (
    {"chat_template_kwargs": {"enable_thinking": True}},
    {"chat_template_kwargs": {"enable_thinking": False}},
)
SWITCHES: dict[str, Switch] = {  # by a part of the host's name; documented by the provider, not tried by us
    "dashscope": ({"enable_thinking": True}, {"enable_thinking": False}),
    "openrouter": (
        {"reasoning": {"enabled": True}, "provider": {"require_parameters": True}},
        {"reasoning": {"enabled": False}, "provider": {"require_parameters": True}},
    ),
}


@dataclass(frozen=True, slots=True)
class ChatWire:
    """A thought is asked for with thinking on, and its answer with thinking off and the thought quoted.

    A `lean` one leaves out whatever is not OpenAI's own: some servers refuse a field that they do not know.
    """

    model: str
    seed: int
    close: str  # what closes a thought in what the model has said so far
    switch: Switch = field(default=OTHERS)
    lean: bool = False
    name: WireName = "chat"

    def ask(self, request: Request, constrained: bool) -> Asked:
        """Messages in, text out."""
        all_of_it = drawn(request.sampling)
        common = {name: all_of_it.pop(name) for name in ("temperature", "top_p", "presence_penalty")}
        more = {**all_of_it, **self.switch[not request.is_thought], "seed": seed_of(self.seed, request)}
        more |= {"stop": [self.close]} if request.is_thought else {}
        body = {
            "model": self.model,
            "messages": [*request.messages[:-1], *self._last(request)],
            "max_tokens": request.max_tokens,
            **common,
            **({} if self.lean else more),
        }
        return Asked("/v1/chat/completions", body | (held_to(request.schema) if constrained and request.schema else {}))

    def read(self, request: Request, said: Any) -> Completion:
        """Without tokens; of a thought, what the server calls reasoning, or else what stands before its end."""
        came, message = without_text(request, said), said["choices"][0]["message"]
        finish = came.finish
        content = message.get("content") or ""
        thought = message.get("reasoning_content") or message.get("reasoning") or ""
        if request.is_thought:
            if thought and content.strip():
                finish = "stop"  # it went on to answer: the thought is whole
            opening = self.close.replace("/", "")
            thought = thought or content.partition(self.close)[0].removeprefix(opening)
        text = thought if request.is_thought else content
        return replace(came, text=text, finish=finish, stopped_by=ended_thought(request, finish))

    def _last(self, request: Request) -> list[Message]:
        """The last message, with what the model has thought and said so far."""
        before, closed, after = request.begun.partition(self.close)
        thought, said = (before, after) if closed else ("", before)
        quoted = [(THOUGHT, thought), (SAID, said)]
        more = "".join(f"\n\n{title}\n{text.strip()}" for title, text in quoted if text.strip())
        return [{**one, "content": one["content"] + more} for one in request.messages[-1:]]


def switch_for(url: str) -> Switch:
    """How thinking is switched at this address."""
    return next((switch for part, switch in SWITCHES.items() if part in url), OTHERS)
