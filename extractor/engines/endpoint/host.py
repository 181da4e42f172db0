"""One of the servers that answer: found out about and proved before it is trusted, and after it was down again."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from extractor.engines.endpoint.chat import ChatWire, switch_for
from extractor.engines.endpoint.http import Http, Lost, Refused
from extractor.engines.endpoint.ids import IdsWire
from extractor.engines.endpoint.kinds import Kind, Server, identified
from extractor.engines.endpoint.llama import Decode, LlamaWire
from extractor.engines.endpoint.places import Places
from extractor.engines.endpoint.proof import Proved, prove
from extractor.engines.endpoint.text import OllamaWire, TextWire
from extractor.engines.endpoint.wire import Wire
from extractor.errors import UserError
from extractor.types import Completion, Request


@dataclass(frozen=True, slots=True)
class Terms:
    """What a job brings to every server."""

    kind: Kind | None  # what the servers are, where a person says it
    model: str | None  # the model's name there, likewise
    window: int | None  # requests at once, likewise
    patience: float  # seconds in which a server has to show what it is
    context: int  # tokens of prompt and answer
    seed: int
    trial: Request  # any request for an answer
    decode: Decode
    close: str  # what closes a thought


class Host:
    """A server at an address; `say` gets lines for a person."""

    def __init__(self, http: Http, terms: Terms, say: Callable[[str], None]) -> None:
        self.http, self.places = http, Places(terms.window or 1)
        self._terms, self._say = terms, say
        self._server: Server | None = None
        self._proved: Proved | None = None
        self._meeting = asyncio.Lock()

    @property
    def facts(self) -> dict[str, Any]:
        """What is known of it."""
        server, proved = self._server, self._proved
        known = {} if server is None else {"server": server.kind, "version": server.version, "model": server.model}
        return {"url": self.http.shown, **known} | (
            {} if proved is None else {"wire": proved.wire.name, "holds_to_schema": proved.constrained}
        )

    @property
    def is_known(self) -> bool:
        """Whether it was found out about, and proved."""
        return self._server is not None

    async def introduce(self) -> None:
        """Finds out what it is, and proves it. UserError where it cannot serve this job; Full and Lost as ever."""
        patience = self._terms.patience
        try:
            async with asyncio.timeout(patience):
                await self.http.renew()
                await self._introduce()
        except TimeoutError:
            raise Lost(f"{self.http.shown}: silent for {patience:g} s (--engine-timeout)", sent=True) from None

    async def _introduce(self) -> None:
        terms, before = self._terms, self._proved
        server = await identified(self.http, terms.kind, terms.model)
        if server.context is not None and server.context < terms.context:
            raise UserError(
                f"{self.http.shown} has a context of {server.context} tokens, and the job's is {terms.context}: add"
                f" --context {server.context}, or serve the model with more"
            )
        proved = await prove(self.http, server, _wire(server, self.http.shown, terms), terms.trial, terms.decode)
        self._server, self._proved = server, proved  # both or neither: one that is not proved is not known
        self.places.widen(terms.window or server.window)
        for note in proved.notes if before is None or before.notes != proved.notes else ():
            self._say(note)

    def forget(self) -> None:
        """It was down: whoever answers there next has to prove it again."""
        self._server = None

    async def answer(self, request: Request) -> Completion:
        """The completion; Full and Lost where none came back."""
        async with self._meeting:
            if self._server is None:
                await self.introduce()
        assert self._proved, "introduce() has seen to it"
        sent = self._proved.wire.ask(request, self._proved.constrained)
        try:
            return self._proved.wire.read(request, await self.http.post(sent.path, sent.body))
        except Refused as error:
            return Completion(request, "", finish="error", error=str(error))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise Lost(f"{self.http.shown}: no answer of the kind that we know: {error!r}"[:300], sent=True) from error


def _wire(server: Server, url: str, terms: Terms) -> Wire:
    if server.kind == "vllm" or server.kind == "sglang":
        return IdsWire(server.model, server.kind, server.context)
    if server.kind == "llamacpp":
        return LlamaWire(terms.decode, terms.seed)
    if server.kind == "ollama":
        return OllamaWire(server.model, terms.decode, terms.seed, terms.context)
    if server.kind == "openai":
        return ChatWire(server.model, terms.seed, terms.close, switch_for(url))
    return TextWire(server.model, terms.decode, terms.seed)
