"""What a judge is shown of a thing: what is claimed, and the text around it; nothing says which run found it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from extractor.evaluation.runs import Run
from extractor.evaluation.scored_tables import FURTHER, key_columns
from extractor.judging.pool import FoundItem, keys_in
from extractor.tables import ENTITIES, RELATIONS

Span = tuple[int, int]  # [start, end) in code points
AROUND = 240  # characters shown on either side
APART = 1200  # characters between the ends of a relation that are still shown in one piece
MOST = 50  # mentions of a name that are marked


@dataclass(frozen=True, slots=True)
class Claim:
    """What is to be judged: parts as (what it is, words), where each stands in the text, and the kind of it."""

    table: str
    kind: str
    parts: tuple[tuple[str, str], ...]
    spans: tuple[tuple[Span, ...], ...]  # of each part


def claim_of(item: FoundItem, runs: Sequence[Run], text: str) -> Claim:
    """As the first run that has it says it."""
    run = runs[min(item.arms)]
    place = list(keys_in(run, item.doc_id)).index((item.table, item.key))
    entities, relations = run.entities.get(item.doc_id, []), run.relations.get(item.doc_id, [])
    if item.table == ENTITIES.name:
        entity = entities[place]
        there = _inside(entity.mentions, text) or _standing(entity.name, text)
        return Claim(item.table, entity.type or "", (("", entity.name),), (there,))
    if item.table == RELATIONS.name:
        relation = relations[place - len(entities)]
        mentions = {entity.entity_id: entity.mentions for entity in entities}
        ends = ((relation.subject, relation.subject_id), (relation.object, relation.object_id))
        spans = tuple(_inside(mentions.get(i or "", ()), text) or _standing(name, text) for name, i in ends)
        named = tuple(zip(("subject", "object"), (name or "–" for name, _ in ends), strict=True))
        return Claim(item.table, relation.predicate or "", named, spans)
    return _row_claim(item, run, place - len(entities) - len(relations), text)


def _row_claim(item: FoundItem, run: Run, place: int, text: str) -> Claim:
    for table in FURTHER:
        rows = run.further_rows(table, item.doc_id)
        if table.name == item.table:
            row = rows[place]
            parts = tuple((name, word) for name in key_columns(table) for word in _words(row.get(name)))
            return Claim(
                item.table, str(row.get(table.kind or "") or ""), parts, tuple(_standing(w, text) for _, w in parts)
            )
        place -= len(rows)
    raise AssertionError("the pool names no other tables")


def pieces_of(claim: Claim, text: str) -> list[dict[str, Any]]:
    """The text around it: {start, text, marks: [[start, end, number of the part, whether it is meant first], …]}.

    Offsets are code points within the piece; `start` is where it begins in the whole text.
    """
    first = nearest(claim.spans)
    if not first:
        return [_piece(claim, text, 0, min(len(text), 2 * AROUND + 200), first)]
    low, high = min(start for start, _ in first), max(end for _, end in first)
    if high - low <= APART:
        return [_piece(claim, text, *_rounded(text, low - AROUND, high + AROUND), first)]
    around = [_rounded(text, start - AROUND, end + AROUND) for start, end in sorted(first)]
    return [_piece(claim, text, start, end, first) for start, end in _joined(around)]


def whole(claim: Claim, text: str) -> dict[str, Any]:
    """All of the text as one piece."""
    return _piece(claim, text, 0, len(text), nearest(claim.spans))


def nearest(spans: Sequence[Sequence[Span]]) -> list[Span]:
    """One place of each part that stands in the text: of two parts those that are nearest to each other."""
    there = [some[:MOST] for some in spans if some]
    if len(there) == 2:
        pairs = [(one, two) for one in there[0] for two in there[1]]
        one, two = min(pairs, key=_apart)
        return [one, two]
    return [some[0] for some in there]


def _apart(pair: tuple[Span, Span]) -> int:
    return abs(pair[0][0] - pair[1][0])


def _piece(claim: Claim, text: str, start: int, end: int, first: Sequence[Span]) -> dict[str, Any]:
    marks = [
        [a - start, b - start, part, (a, b) in first]
        for part, spans in enumerate(claim.spans)
        for a, b in spans[:MOST]
        if start <= a < b <= end
    ]
    return {"start": start, "end": end, "of": len(text), "text": text[start:end], "marks": marks}


def _rounded(text: str, start: int, end: int) -> Span:
    """From the beginning of a word to the end of one, or of a sentence where one begins or ends nearby."""
    start, end = max(0, start), min(len(text), end)
    if start and (found := re.search(r"(?<=[.!?。！？\n])\s*|(?<=\s)", text[start : start + 80])):
        start += found.end()
    if end < len(text) and (found := re.search(r"[.!?。！？\n]|\s", text[end : end + 80])):
        end += found.start() + (not found[0].isspace())
    return start, end


def _joined(around: Sequence[Span]) -> list[Span]:
    made: list[Span] = []
    for start, end in around:
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((start, end))
    return made


def _inside(spans: Sequence[Span], text: str) -> tuple[Span, ...]:
    return tuple((start, end) for start, end in spans if 0 <= start < end <= len(text))


def _standing(name: str | None, text: str) -> tuple[Span, ...]:
    words = [re.escape(word) for word in (name or "").split()]
    found = re.finditer(r"\s+".join(words), text) if words else ()
    return tuple(match.span() for _, match in zip(range(MOST), found, strict=False))


def _words(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)] if value else []
