"""Documents become requests: what is sent is decided here, and sent elsewhere."""

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from copy import copy
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any

from extractor.errors import UserError
from extractor.fingerprint import digest, fingerprint
from extractor.tasks.chat import CLOSING, EARLY_STOP, Chat
from extractor.tasks.closing import OPEN, Closing, closing
from extractor.tasks.examples import Example
from extractor.tasks.grammar import grammar, piece, pieces
from extractor.tasks.neutral import Neutraliser
from extractor.tasks.restrict import without
from extractor.tasks.schema import Schema
from extractor.tasks.task import Task, identity
from extractor.tasks.template import CLOSE
from extractor.tasks.thinking import SOFT, fault_of_mode
from extractor.tasks.wire import Unread, wire_of
from extractor.types import (
    Completion,
    Document,
    Message,
    Problem,
    Request,
    ThinkingMode,
)

_KNOWN = 64  # documents whose message is kept: those that are encoded ahead are asked soon
MIN_THOUGHT = 64  # tokens of room below which thinking makes no sense
BEFORE, FROM_HERE = "(What stands before the passage, to understand it by; take nothing from it:)", "(The passage:)"
THINK_FIRST = (
    "Before you answer, think inside <think> and </think>: which names the document holds, of which type each is, and"
    " what it says about how they belong together. Keep it short. Answer only after </think>."
)


class RequestBuilder:
    """Builds every request of a run; the same document gives the same request, token for token."""

    order: tuple[str, ...]  # the schema's root properties
    pieces: tuple[str, ...]  # the same as they may be asked for one by one: closed relations last

    def __init__(self, task: Task, chat: Chat, context: int, model: str) -> None:
        self.task, self.chat, self.context = task, chat, context
        self.neutraliser = Neutraliser(chat.control_strings())
        self._ask(task)
        self.identity = identity(task, model)
        self.arm = digest(self.identity)
        self._closing_room = len(chat.encode(EARLY_STOP + CLOSING))
        if isinstance(
            fault := self.build(Document("", "", ""), "think" if task.mode == "think" else "no_think"), Problem
        ):
            cure = "raise --context, lower --max-answer-tokens, or shorten the schema or the prompt"
            raise UserError(f"no document fits: without any there are {fault.detail}; {cure}")

    def as_job(self, identity: dict[str, Any]) -> "RequestBuilder":
        """The same, its work named as that of the job with this identity, as a retry of its documents is."""
        other = copy(self)
        other.identity, other.arm = identity, digest(identity)
        return other

    def asking(self, schema: Schema, note: str) -> "RequestBuilder":
        """The same job asking for this schema, with a note in its opening."""
        other = copy(self)
        other._ask(replace(self.task, schema=schema, note=note))
        return other

    def _ask(self, task: Task) -> None:
        self.task, self.closing = task, closing(task.schema) if task.relations == "closed" else OPEN
        self.wire = wire_of(task.schema)
        self._asking_of = lru_cache(maxsize=_KNOWN)(self._rendered)
        places = [(name,) for name in self.closing.names]
        self.grammar = grammar(without(task.schema, places) if places else task.schema)
        self._before = {mode: _before(task, self.closing, mode) for mode in task.sampling}
        self._frames = {mode: self.chat.frame(before, mode) for mode, before in self._before.items()}
        self.order = tuple(pieces(task.schema))
        self.pieces = (*(name for name in self.order if name not in self.closing.names), *self.closing.names)

    def fingerprint(self, document: Document) -> str:
        """32 hex digits that name this work: this job on this text, wherever it lies."""
        passage = document.passage.named if document.passage else None
        return fingerprint(self.arm, document.text, document.mode, passage)

    def tokens(self, text: str) -> int:
        """How many tokens this text of a document takes in a prompt."""
        return len(self.chat.encode(self.neutraliser.neutralise(text)))

    def room(self, before: int = 0) -> int:
        """Tokens of text that surely fit a prompt, in each mode that may be asked, with so many shown before it.

        Possibly less than none.
        """
        shown = before + self.tokens(_with_before("", "")) if before else 0
        return min(map(self._room, self.task.sampling)) - self._room_of_examples - shown

    def first(self, document: Document) -> Request | Problem:
        """The first request for a document, or why none can be made."""
        fault = fault_of_mode(document.mode, self.chat.kind, self.task.prompted)
        return Problem("bad_mode", fault) if fault else self.build(document, self.first_mode(document))

    def encode_ahead(self, documents: Iterable[Document], thread: Executor) -> None:
        """Begins to encode in a thread what `first` will ask for; none where documents have examples of their own."""
        own = [one for one in documents if not fault_of_mode(one.mode, self.chat.kind, self.task.prompted)]
        for mode, frame in self._frames.items():
            asked = [self._last(one)["content"] for one in own if self.first_mode(one) == mode]
            if frame and asked and not self.task.nearest:
                self.chat.encode_ahead(frame, asked, thread)

    def first_mode(self, document: Document) -> ThinkingMode:
        """The mode in which a document is asked first: its own, else the job's (auto begins without thought).

        A soft switch is read by the model in its thinking mode: at `/no_think` it closes the thought at once.
        """
        if document.mode:
            return "no_think" if document.mode == "no_think" else "think"
        return "think" if self.task.mode == "think" else "no_think"

    def build(self, document: Document, mode: ThinkingMode, more: Sequence[Message] = ()) -> Request | Problem:
        """A request for this document in this mode: the thought's where the model is to think, else the answer's.

        `more` are messages that follow the document's: an answer and what was wrong with it.
        """
        messages = [*self.messages(document, mode), *more]
        prompt = self._encoded(messages, mode)
        least = MIN_THOUGHT if mode == "think" else 0
        room = self._left(mode, len(prompt))
        if room < least:
            fit = self._left(mode, least)
            return Problem("too_long", f"{len(prompt)} prompt tokens, {fit} fit (context {self.context})")
        request = Request(
            document=document,
            arm=self.arm,
            fingerprint=self.fingerprint(document),
            messages=tuple(messages),
            prompt=prompt,
            sampling=self.task.sampling[mode],
            max_tokens=self.task.max_answer_tokens,
            mode=mode,
            schema=self.grammar,
            logprobs=self.task.confidence,
        )
        return request if mode == "no_think" else self._thought(request, room)

    def answer_after(self, thought: Completion) -> Request:
        """The second of two requests: the same prompt with its thought, closed, to be answered under the grammar."""
        closing = CLOSING if thought.stopped_by is not None else EARLY_STOP + CLOSING
        asked = replace(
            thought.request,
            prompt=[*thought.request.prompt, *self._tokens_of(thought)],
            max_tokens=self.task.max_answer_tokens,
            schema=self.grammar,
            stop=(),
            is_thought=False,
            begun=thought.text,
            logprobs=self.task.confidence,
        )
        return self.continued(asked, closing)

    def continued(self, request: Request, said: str) -> Request:
        """The same question with more of the model's own turn said already."""
        return replace(request, prompt=[*request.prompt, *self.chat.encode(said)], begun=request.begun + said)

    def as_shown(self, text: str) -> str:
        """What the model said, as a prompt has it: what it copied has its joiner already."""
        return self.neutraliser.neutralise(self.neutraliser.restore(text))

    def room_after(self, request: Request) -> int:
        """Tokens of the context that this request's prompt leaves, possibly less than none."""
        return self.context - len(request.prompt)

    def _tokens_of(self, thought: Completion) -> list[int]:
        """The thought without what ended it: a text that stops it, or the model's own end, is among its tokens."""
        whole = thought.finish != "stop" or isinstance(thought.stopped_by, int)
        return thought.tokens if whole and thought.tokens else self.chat.encode(thought.text)

    def piece(self, name: str) -> str:
        """The grammar of an object with this root property alone."""
        return piece(self.task.schema, name)

    def piece_after(self, name: str, before: Any) -> str | None:
        """The same, of closed relations for what came `before`: None where nothing in that could be joined."""
        if name not in self.closing.names:
            return self.piece(name)
        return self.closing.grammar(name, self.meant(before))

    def meant(self, said: Any) -> Any:
        """What a part of an answer stands for, or itself where that cannot be told: the judge says so later."""
        try:
            return self.wire.decode(said)
        except Unread:
            return said

    def messages(self, document: Document, mode: ThinkingMode) -> list[Message]:
        """The exact messages for this document."""
        return [*self._before[mode], *self._own_examples(document), self._last(document)]

    def _encoded(self, messages: list[Message], mode: ThinkingMode) -> list[int]:
        """The exact prompt; where all but the last message are those of every document, by the shared frame."""
        frame = self._frames[mode]
        if frame and len(messages) == len(self._before[mode]) + 1:
            return self.chat.encode_in(frame, messages[-1]["content"])
        return self.chat.encode(self.chat.render(messages, mode))

    def _left(self, mode: ThinkingMode, taken: int) -> int:
        """Tokens of the context that are left beside those taken, and beside the answer."""
        return self.context - self.task.max_answer_tokens - (self._closing_room if mode == "think" else 0) - taken

    def _room(self, mode: ThinkingMode) -> int:
        without = self._encoded([*self._before[mode], self._last(Document("", "", ""))], mode)
        return self._left(mode, len(without) + (MIN_THOUGHT if mode == "think" else 0))

    @cached_property
    def _room_of_examples(self) -> int:
        """Tokens that a document's own examples take at most."""
        pool = self.task.nearest.pool if self.task.nearest else ()
        longest = sorted(sum(self.tokens(turn["content"]) + 16 for turn in self._turns([one])) for one in pool)
        return sum(longest[-self.task.per_document :]) if self.task.per_document else 0

    def _own_examples(self, document: Document) -> list[Message]:
        found = self.task.nearest.of(document.text, self.task.per_document) if self.task.nearest else []
        return self._turns(found)

    def _turns(self, examples: Sequence[Example]) -> list[Message]:
        return _turns(self.task, self.closing, examples)

    def _last(self, document: Document) -> Message:
        before = document.passage.before if document.passage else ""
        asked = self._asking_of(document.text, before)
        return {"role": "user", "content": f"{asked} {document.mode}" if document.mode in SOFT else asked}

    def _rendered(self, text: str, before: str) -> str:
        """The last message of a document, or of a passage with what stands before it."""
        shown = self.neutraliser.neutralise(text)
        if before:
            shown = _with_before(self.neutraliser.neutralise(before), shown)
        return self.task.prompt.asking(self.task.schema, shown)["content"]

    def _thought(self, request: Request, room: int) -> Request:
        budget = min(self.task.budget or room, room)
        stop = CLOSE if self.chat.close_id is None else self.chat.close_id
        return replace(request, max_tokens=budget, schema=None, stop=(stop,), is_thought=True, logprobs=False)


def _with_before(before: str, text: str) -> str:
    return f"{BEFORE}\n{before}\n\n{FROM_HERE}\n{text}"


def _before(task: Task, closing: Closing, mode: ThinkingMode) -> list[Message]:
    opening = task.prompt.opening(task.schema)
    if task.prompted and mode == "think":
        opening["content"] += f"\n\n{THINK_FIRST}"
    if task.note:
        opening["content"] += f"\n\n{task.note}"
    return [opening, *_turns(task, closing, task.examples)]


def _turns(task: Task, closing: Closing, examples: Sequence[Example]) -> list[Message]:
    wire = wire_of(task.schema)
    said = (closing.shown(wire.encode(shot["answer"]), wire.text) for shot in examples)
    turns = zip((task.prompt.asking(task.schema, shot["text"]) for shot in examples), said, strict=True)
    return [message for asked, said in turns for message in (asked, {"role": "assistant", "content": said})]
