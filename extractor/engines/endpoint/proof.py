"""What a server is held to before it is trusted: a schema that one answer satisfies, and our tokens against its own."""

import json
import secrets
from dataclasses import dataclass, replace

from extractor.engines.endpoint.chat import ChatWire
from extractor.engines.endpoint.http import Http, Refused
from extractor.engines.endpoint.kinds import Kind, Server
from extractor.engines.endpoint.llama import Decode
from extractor.engines.endpoint.wire import Wire
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

    `trial` is any request without a thought. UserError where the tokens differ, or where it refuses whatever is asked;
    Full and Lost as ever.
    """
    notes = [await _compared(http, server, trial, decode)] if wire.name == "ids" else []
    word = secrets.token_hex(4)
    way = await _answered(http, wire, _asking_for(trial, word))
    notes += [way.why] if isinstance(wire, ChatWire) and way.wire != wire else []
    notes += [_counted(http, way.came)] if wire.name == "text" else []
    held = way.constrained and _is(way.came.text, word)
    if not held:
        why = f"to a word on trial it answered {way.came.text[:60]!r}" if way.constrained else f"it says {way.why}"
        notes.append(
            f"{http.shown} does not hold answers to a schema: {http.hidden(why)}; none is sent, answers are validated"
            " and asked for again all the same"
        )
    return Proved(way.wire, held, tuple(filter(None, notes)))


@dataclass(frozen=True, slots=True)
class _Way:
    """How an answer was had at last, and why not otherwise."""

    wire: Wire
    constrained: bool
    came: Completion
    why: str


async def _answered(http: Http, wire: Wire, asked: Request) -> _Way:
    """With the schema, where that is refused without fields that are not everybody's, then without the schema."""
    wires = [wire, *([replace(wire, lean=True)] if isinstance(wire, ChatWire) else [])]
    why = ""
    for constrained in (True, False):
        for one in wires:
            sent = one.ask(asked, constrained)
            try:
                return _Way(one, constrained, one.read(asked, await http.post(sent.path, sent.body)), why)
            except Refused as error:
                why = why or str(error)
    raise UserError(f"{why}; it refuses the plainest request too: see its own log, and --server")


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
