"""An answer in pieces, property after property: asked for so, broken off in a loop and gone on, or closed relations."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from extractor.answers.attempt import Attempt
from extractor.answers.read import read
from extractor.answers.salvage import each_once, salvage
from extractor.answers.signals import repeats
from extractor.answers.values import joined, spans
from extractor.tasks.requests import RequestBuilder
from extractor.types import Completion, ValueLogprobs


def go_on(builder: RequestBuilder, attempt: Attempt, completion: Completion) -> Attempt | Completion:
    """After a piece, an answer that closed relations follow, or one that ran into a loop: the attempt with its next
    property, or the whole answer.

    A loop is cut out: what was said before it stands, and the model goes on behind it. The whole answer then still
    says that it ended in `repetition`. A completion that is none of these, or of which nothing stands, comes back as it
    is. Closed relations that could join nothing are not asked for.
    """
    names = builder.pieces
    new = _pieces(builder, attempt, completion)
    if not new:
        return completion
    pieces, schema = [*attempt.pieces, *new], None
    while len(pieces) < len(names) and not schema:
        name = names[len(pieces)]
        schema = builder.piece_after(name, _record(map(builder.as_shown, (piece.text for piece in pieces))))
        pieces += [] if schema else [_unsaid(completion, builder.wire.text({name: []}))]
    if not schema:
        return _merged(pieces, builder)
    asked = builder.continued(completion.request, said(builder, new))
    room = min(asked.max_tokens, builder.room_after(asked))
    if room < 1:
        return completion
    asked = replace(asked, max_tokens=room, schema=schema)
    return replace(attempt, asked=asked, property=name, pieces=tuple(pieces))


def said(builder: RequestBuilder, pieces: Sequence[Completion]) -> str:
    """These pieces as the model's own turn has them: a line each."""
    return "".join(f"{builder.as_shown(piece.text)}\n" for piece in pieces if piece.text != NOTHING)


NOTHING = "{}"  # the text of a piece for a property that an earlier piece gave, or that the answer left out


def _pieces(builder: RequestBuilder, attempt: Attempt, completion: Completion) -> list[Completion]:
    """What this completion gives for one property or several, its tokens and seconds with the first of them."""
    names, closed = builder.pieces, builder.closing.names
    if completion.finish == "stop" and (attempt.property or closed):
        found = _object(completion.text)
        if found is None:
            return []
        return [completion] if attempt.property else _all_but(builder, found, completion)
    found = salvage(completion.text) if completion.finish in ("repetition", "length") else {}
    if not found or not (completion.finish == "repetition" or repeats(builder.meant(found))):
        return []
    saved = each_once(found)
    if attempt.property:
        return [replace(completion, text=builder.wire.text(saved), finish="repetition", value_logprobs=None)]
    first, *others = (
        replace(completion, text=builder.wire.text({name: value}), finish="repetition", value_logprobs=None)
        for name, value in saved.items()
    )
    pieces = [first, *(replace(other, output_tokens=0, seconds=0.0) for other in others)]
    return pieces if list(saved) == list(names[: len(saved)]) else []


def _all_but(builder: RequestBuilder, found: dict[str, Any], completion: Completion) -> list[Completion]:
    """A piece with all that was said but closed relations, which only an answer without grammar has, and empty ones."""
    names, text = builder.closing.names, builder.wire.text
    kept = {key: value for key, value in found.items() if key not in names}
    first = completion if len(kept) == len(found) else replace(completion, text=text(kept), value_logprobs=None)
    return [first, *[_unsaid(completion, NOTHING)] * (len(builder.pieces) - len(names) - 1)]


def _unsaid(completion: Completion, text: str) -> Completion:
    return replace(completion, text=text, output_tokens=0, seconds=0.0, value_logprobs=None)


def _merged(pieces: Sequence[Completion], builder: RequestBuilder) -> Completion:
    """The pieces as one answer in the schema's order, with the tokens and seconds of all."""
    looped = any(piece.finish == "repetition" for piece in pieces)
    record, logprobs = _in_order(_record(piece.text for piece in pieces), joined(pieces), builder.order)
    return replace(
        pieces[-1],
        text=builder.wire.text(record),
        finish="repetition" if looped else pieces[-1].finish,
        output_tokens=sum(piece.output_tokens for piece in pieces),
        seconds=sum(piece.seconds or 0.0 for piece in pieces),
        value_logprobs=logprobs,
    )


def _in_order(
    record: dict[str, Any], logprobs: ValueLogprobs | None, names: Sequence[str]
) -> tuple[dict[str, Any], ValueLogprobs | None]:
    """The record with its keys in this order, others behind them, and the log-probabilities of its values likewise."""
    keys = [*(name for name in names if name in record), *(key for key in record if key not in names)]
    if logprobs is None:
        return {key: record[key] for key in keys}, None
    counts = {key: len(spans(_text({key: value}))) for key, value in record.items()}
    left = iter(logprobs)
    of = {key: list(islice(left, count)) for key, count in counts.items()}
    whole = sum(counts.values()) == len(logprobs)
    return {key: record[key] for key in keys}, [one for key in keys for one in of[key]] if whole else None


def _record(texts: Iterable[str]) -> dict[str, Any]:
    return {key: value for text in texts for key, value in (_object(text) or {}).items()}


def _object(text: str) -> dict[str, Any] | None:
    try:
        value, _ = read(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
