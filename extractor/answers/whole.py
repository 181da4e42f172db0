"""What a document that was asked in passages settles to."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from extractor.answers.confidence import surest
from extractor.answers.judge import Judge
from extractor.answers.merge import Part, merged, unsaid
from extractor.tables import ENTITIES, RELATIONS
from extractor.tables.fold import Span
from extractor.tables.grounding import Ground
from extractor.tasks.passage import merged_schema
from extractor.tasks.prompt import answer_text
from extractor.tasks.schema import Schema
from extractor.types import Completion, Extraction, Finish, Problem, Request, Settlement, TableField, ThinkingEnd


class Whole:
    """Makes one settlement of those of a document's passages, by the schema of the whole."""

    def __init__(self, schema: Schema, fields: Sequence[TableField]) -> None:
        self._schema, self._fields = schema, fields
        self._judge = Judge(merged_schema(schema).validator(), fields, lambda said: said, None)

    def settlement(self, request: Request, steps: Sequence[Settlement], passages: int, short: Any) -> Settlement:
        """What the document of this request settles to.

        The first of the `steps` are its passages, so many; the others are the summaries of what they say, of which
        `short` is the last, a record, None where there is none.
        """
        answered = [passage for passage in steps[:passages] if not passage.kept.problem]
        request = _request(request, steps)
        if answered:
            whole = merged(list(map(_part, answered)), self._schema, self._fields, short)
            ground = Ground(request.document.text, _said_in(answered))
            completion = _completion(request, answer_text(whole.record), steps)
            kept = self._judge.judge(completion, _thought(request, steps), ground)
            if kept.problem and (lacking := unsaid(whole.record, self._schema)):
                kept = replace(kept, problem=Problem("invalid", f"no passage says {', '.join(lacking)}"))
            kept = surest(kept, [passage.kept for passage in answered])
            kept = replace(kept, thinking_end=_end(steps), dropped=[*whole.dropped, *kept.dropped])
        else:
            kept = Extraction(_completion(request, "", steps), _thought(request, steps), _end(steps))
            kept = replace(kept, problem=_problem(steps[:passages]))
        return Settlement(
            kept,
            tuple(extraction for step in steps for extraction in step.attempts),
            tuple(completion for step in steps for completion in step.completions),
            tuple(dict.fromkeys(why for step in steps for why in step.escalated)),
            passages,
            tuple(steps),
            whole.conflicts if answered else {},
        )


def _part(passage: Settlement) -> Part:
    document = passage.document
    assert document.passage
    return Part(passage.kept.record, document.passage.number, len(document.text), document.text)


def _said_in(passages: Sequence[Settlement]) -> dict[str, list[Span]]:
    """By the names that they gave, where these passages stand."""
    found: dict[str, list[Span]] = defaultdict(list)
    for passage in passages:
        place, rows = passage.document.passage, passage.kept.rows
        names = [row.name for row in rows.get(ENTITIES.name, ())]
        names += [end for row in rows.get(RELATIONS.name, ()) for end in (row.subject, row.object) if end]
        for name in dict.fromkeys(names):
            if place:
                found[name].append((place.start, place.end))
    return found


def _problem(passages: Sequence[Settlement]) -> Problem:
    """What was wrong with most of them."""
    found = [passage.kept.problem for passage in passages if passage.kept.problem]
    kind = Counter(problem.kind for problem in found).most_common(1)[0][0]
    detail = next(problem.detail for problem in found if problem.kind == kind)
    return Problem(kind, f"none of {len(found)} passages gave an answer, one of them: {detail}")


def _request(request: Request, steps: Sequence[Settlement]) -> Request:
    asked = [step.kept.completion.request for step in steps]
    attempt = max(extraction.completion.request.attempt for step in steps for extraction in (*step.attempts, step.kept))
    return replace(request, attempt=attempt, mode="think" if any(one.mode == "think" for one in asked) else "no_think")


def _completion(request: Request, text: str, steps: Sequence[Settlement]) -> Completion:
    """The answers kept as one."""
    kept = [step.kept for step in steps]
    looped = any(one.completion.finish == "repetition" for one in kept)
    return _sum(request, text, [one.completion for one in kept], "repetition" if looped and text else "stop")


def _thought(request: Request, steps: Sequence[Settlement]) -> Completion | None:
    thoughts = [step.kept.thought for step in steps if step.kept.thought]
    text = "\n\n".join(thought.text.strip() for thought in thoughts)
    return _sum(request, text, thoughts, "stop") if thoughts else None


def _sum(request: Request, text: str, completions: Sequence[Completion], finish: Finish) -> Completion:
    return Completion(
        request,
        text,
        finish=finish,
        prompt_tokens=sum(one.prompt_tokens for one in completions),
        cached_tokens=sum(one.cached_tokens for one in completions),
        output_tokens=sum(one.output_tokens for one in completions),
        seconds=sum(one.seconds or 0.0 for one in completions),
    )


def _end(steps: Sequence[Settlement]) -> ThinkingEnd:
    """How most of their thoughts ended."""
    return Counter(step.kept.thinking_end for step in steps).most_common(1)[0][0]
