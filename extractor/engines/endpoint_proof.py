"""What a server is held to before it is trusted: a schema that one answer satisfies, and our tokens against its own."""

import json
import secrets
from dataclasses import dataclass, replace

from extractor.engines.endpoint_chat import ChatWire
from extractor.engines.endpoint_http import Http, Refused
from extractor.engines.endpoint_kinds import Kind, Server
from extractor.engines.endpoint_llama import Decode
from extractor.engines.endpoint_wire import Wire
from extractor.errors import UserError
from extractor.types import Completion, Request, Sampling

ROOM = 64  # tokens for the answer on trial
SAYS = {"vllm": "prompt", "sglang": "text", "llamacpp": "content"}  # where /detokenize has the text


@dataclass(frozen=True, slots=True)
class Proved:
    """What came of it: whether answers are held to a schema, how to ask, and lines for a person."""

    wire: Wire
    constrained: bool
    notes: tuple[str, ...] = ()


async def prove(http: Http, server: Server, wire: Wire, trial: Request, decode: Decode) -> Proved:
    """Tries the server with one short request, and with its own /detokenize where it takes ids.

    `trial` is any request without a thought. UserError where the tokens differ; Full and Lost as ever.
    """
    notes = [await _compared(http, server, trial, decode)] if wire.name == "ids" else []
    word = secrets.token_hex(4)
    asked = _asking_for(trial, word)
    try:
        came = wire.read(asked, await _answered(http, wire, asked))
    except Refused as error:
        if not isinstance(wire, ChatWire) or wire.lean:
            return Proved(wire, False, (*filter(None, notes), _unheld(http, f"it says {error}")))
        proved = await prove(http, server, replace(wire, lean=True), trial, decode)
        return replace(proved, notes=(f"{http.shown} takes OpenAI's own fields only: {error}", *proved.notes))
    if wire.name == "text":
        notes.append(_counted(http, came))
    if held := _is(came.text, word):
        return Proved(wire, held, tuple(filter(None, notes)))
    return Proved(
        wire, held, (*filter(None, notes), _unheld(http, f"to a word on trial it answered {came.text[:60]!r}"))
    )


async def _answered(http: Http, wire: Wire, asked: Request) -> object:
    sent = wire.ask(asked, constrained=True)
    return await http.post(sent.path, sent.body)


def _asking_for(trial: Request, word: str) -> Request:
    schema = {
        "type": "object",
        "properties": {"word": {"const": word}},
        "required": ["word"],
        "additionalProperties": False,
    }
    return replace(
        trial,
        schema=json.dumps(schema),
        sampling=Sampling(0.0),
        max_tokens=ROOM,
        stop=(),
        is_thought=False,
        logprobs=False,
    )


def _is(text: str, word: str) -> bool:
    try:
        return bool(json.loads(text) == {"word": word})
    except (ValueError, RecursionError):
        return False


def _unheld(http: Http, why: str) -> str:
    return (
        f"{http.shown} does not hold answers to a schema: {http.hidden(why)}; none is sent, answers are validated and"
        " asked for again all the same"
    )


async def _compared(http: Http, server: Server, trial: Request, decode: Decode) -> str:
    """Holds the text of a prompt against what the server reads in its ids: nothing, or why it could not be done."""
    kind: Kind = server.kind
    try:
        said = await http.post("/detokenize", {"model": server.model, "tokens": trial.prompt})
        there = str(said[SAYS[kind]])
    except (Refused, UserError, LookupError, TypeError) as error:  # it has no such thing
        return f"{http.shown}: its tokens could not be held against ours: {http.hidden(str(error))}"
    if there.strip() != (here := decode(trial.prompt)).strip():
        raise UserError(
            f"{http.shown} reads other words in our tokens ({_where(here, there)}): name the model that it serves with"
            " --model"
        )
    return ""


def _where(here: str, there: str) -> str:
    at = next((n for n, pair in enumerate(zip(here, there, strict=False)) if pair[0] != pair[1]), 0)
    return f"{there[at : at + 30]!r} for {here[at : at + 30]!r}"


def _counted(http: Http, came: Completion) -> str:
    ours = len(came.request.prompt)
    if came.prompt_tokens in (0, ours):  # 0: not told
        return ""
    return f"{http.shown} counts {came.prompt_tokens} tokens where we count {ours}: see that --model is what it serves"
