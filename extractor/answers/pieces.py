"""An answer in pieces, property after property: asked for so, or broken off in a loop and gone on."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from extractor.answers.attempt import Attempt
from extractor.answers.salvage import each_once, salvage
from extractor.answers.signals import repeats
from extractor.answers.values import joined
from extractor.tasks.requests import RequestBuilder
from extractor.types import Completion


def go_on(builder: RequestBuilder, attempt: Attempt, completion: Completion) -> Attempt | Completion:
    """After a piece, or after an answer that ran into a loop: the attempt with its next property, or the whole answer.

    A loop is cut out: what was said before it stands, and the model goes on behind it. The whole answer then still
    says that it ended in `repetition`. A completion that is neither, or of which nothing stands, comes back as it is.
    """
    names = builder.pieces()
    new = _pieces(attempt, completion, names)
    if not new:
        return completion
    pieces = (*attempt.pieces, *new)
    if len(pieces) == len(names):
        return _merged(pieces)
    name, tame = names[len(pieces)], builder.neutraliser
    said = "".join(f"{tame.neutralise(tame.restore(piece.text))}\n" for piece in new)
    asked = builder.continued(completion.request, said)
    room = min(asked.max_tokens, builder.context - len(asked.prompt))
    if room < 1:
        return completion
    asked = replace(asked, max_tokens=room, schema=builder.piece(name))
    return replace(attempt, asked=asked, property=name, pieces=pieces)


def _pieces(attempt: Attempt, completion: Completion, names: Sequence[str]) -> list[Completion]:
    """What this completion gives for one property or several, its tokens and seconds with the first of them."""
    if attempt.property and completion.finish == "stop":
        return [completion] if _object(completion.text) is not None else []
    found = salvage(completion.text) if completion.finish in ("repetition", "length") else {}
    if not found or not (completion.finish == "repetition" or repeats(found)):
        return []
    saved = each_once(found)
    if attempt.property:
        return [replace(completion, text=_text(saved), finish="repetition", value_logprobs=None)]
    first, *others = (
        replace(completion, text=_text({name: value}), finish="repetition", value_logprobs=None)
        for name, value in saved.items()
    )
    pieces = [first, *(replace(other, output_tokens=0, seconds=0.0) for other in others)]
    return pieces if list(saved) == list(names[: len(saved)]) else []


def _merged(pieces: Sequence[Completion]) -> Completion:
    """The pieces as one answer, with the tokens and seconds of all."""
    record = {key: value for piece in pieces for key, value in (_object(piece.text) or {}).items()}
    looped = any(piece.finish == "repetition" for piece in pieces)
    return replace(
        pieces[-1],
        text=_text(record),
        finish="repetition" if looped else pieces[-1].finish,
        output_tokens=sum(piece.output_tokens for piece in pieces),
        seconds=sum(piece.seconds or 0.0 for piece in pieces),
        value_logprobs=joined(pieces),
    )


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
