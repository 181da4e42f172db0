"""A model as judge: the same things in the same order, as blind as a person, and never in a person's place."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from extractor.engines.base import Engine
from extractor.engines.loop import serve
from extractor.errors import UserError
from extractor.fingerprint import digest
from extractor.judging.ask import Claim, claim_of, pieces_of
from extractor.judging.desk import in_order
from extractor.judging.file import Voice
from extractor.judging.judged import SAID, Said
from extractor.judging.session import JudgedRuns
from extractor.tables import ENTITIES, RELATIONS
from extractor.types import Completion, Document, Message, Request, Sampling

WHOLE = 6000  # characters of a text that are shown as they are; of a longer one, what is around the claim
ANSWER = 64  # tokens
ATTEMPTS = 2
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"verdict": {"enum": list(SAID)}},
        "required": ["verdict"],
        "additionalProperties": False,
    }
)
SYSTEM = (
    "You judge whether a claim about a text is right. It is right if the text says it or plainly means it, wrong if the"
    " text does not, and unknown if that cannot be told. What you know from elsewhere does not count."
    ' Answer with JSON alone: {"verdict": "right"}, {"verdict": "wrong"} or {"verdict": "unknown"}.'
)


@dataclass(frozen=True, slots=True)
class Asking:
    """What came of asking a model: how many things it judged, and why others were not answered."""

    judged: int
    failed: tuple[str, ...]


def trial() -> Request:
    """A request of the kind that it will be asked, to try a server with."""
    claim = Claim(ENTITIES.name, "person", (("", "Ada"),), (((0, 3),),))
    return _request("trial", claim, "Ada laughed.", 1)


def judged_by(
    engine: Engine, model: str, judged: JudgedRuns, texts: Mapping[str, str], limit: int | None,
    told: Callable[[int, int], None],
) -> Asking:  # fmt: skip
    """Asks for all things, or the first so many, that this model has not judged; `told` gets (how many, of how many).

    Each judgement is on the disk when it is counted. UserError where no text is at hand.
    """
    voice, held = Voice(model, f"model {model}"), judged.held
    order = dict(islice(in_order(held.pool, held.about.seed), limit))
    asked = [n for n in order if n not in held.said[voice] and held.pool.items[n].doc_id in texts]
    without = sum(held.pool.items[n].doc_id not in texts for n in order)
    if without == len(order):
        raise UserError("no text of the runs is at hand: their inputs have moved; bring them back to judge")
    failed = [f"{without} things were not asked: their texts are not at hand"] if without else []
    done = 0
    for request, completion in _answers(engine, (_of(judged, n, texts) for n in asked)):
        number = int(request.document.id)
        if completion.finish == "error":
            failed.append(completion.error)
            continue
        held.add(number, said_in(completion.text) or "unknown", voice, order[number])
        told(done := done + 1, len(asked))
    return Asking(done, tuple(failed))


def _answers(engine: Engine, requests: Iterator[Request]) -> Iterator[tuple[Request, Completion]]:
    """Each request with its answer; one that is no verdict is asked for once more."""
    again: list[Request] = []
    for came in serve(engine, lambda: again.pop() if again else next(requests, None)):
        for completion in came:
            request = completion.request
            if completion.finish != "error" and not said_in(completion.text) and request.attempt < ATTEMPTS:
                again.append(replace(request, attempt=request.attempt + 1))
            else:
                yield request, completion


def said_in(text: str) -> Said | None:
    """The verdict of an answer; None where it holds none."""
    try:
        verdict = json.loads(text[text.index("{") : text.rindex("}") + 1])["verdict"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return verdict if verdict in SAID else None


def _of(judged: JudgedRuns, number: int, texts: Mapping[str, str]) -> Request:
    item = judged.held.pool.items[number]
    text = texts[item.doc_id]
    return _request(str(number), claim_of(item, judged.runs, text), text, 1)


def _request(name: str, claim: Claim, text: str, attempt: int) -> Request:
    shown = text if len(text) <= WHOLE else " … ".join(piece["text"] for piece in pieces_of(claim, text))
    messages: tuple[Message, ...] = (
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": f"{claimed(claim)}\n\nText:\n{shown}"},
    )
    document = Document(name, "", "")
    return Request(
        document, "judge", digest([list(m.values()) for m in messages]), messages, [], Sampling(0.0), ANSWER,
        schema=SCHEMA, attempt=attempt,
    )  # fmt: skip


def claimed(claim: Claim) -> str:
    """The claim in a line, as a person would read it on the page."""
    words = [json.dumps(word, ensure_ascii=False) for _, word in claim.parts]
    if claim.table == ENTITIES.name:
        return f"Claim: {words[0]} is named in the text" + (
            f", and it is of the type {claim.kind}." if claim.kind else "."
        )
    if claim.table == RELATIONS.name:
        return f"Claim (subject → predicate → object): {words[0]} → {claim.kind} → {words[1]}"
    said = ", ".join(f"{name}: {word}" for (name, _), word in zip(claim.parts, words, strict=True))
    return f"Claim: this happened: {claim.kind} ({said})"
