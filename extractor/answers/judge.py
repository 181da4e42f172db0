"""From what the model wrote to a validated record with its tables, or to a problem. Grammar is not proof."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema.exceptions import best_match
from jsonschema.protocols import Validator

from extractor.limit import TooSlow, time_limit
from extractor.answers.tables import entities_of, relations_of, summary_of
from extractor.types import Completion, Extraction, Problem, TableField, ThinkingEnd

VALIDATION_SECONDS = 5.0  # of our own processor time: a schema can make one answer take for ever
_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n\s*```\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges answers against one schema; `restore` undoes what was done to control strings in the document."""

    validator: Validator
    fields: Sequence[TableField]
    restore: Callable[[str], str]
    budget: int | None  # thinking tokens asked for

    def judge(self, completion: Completion) -> Extraction:
        """The extraction of a completed answer: exactly one of a record or a problem."""
        end = thinking_end(completion.request.thought, self.budget)
        parsed = _unfinished(completion) or _parse(completion.text)
        if isinstance(parsed, Problem):
            return Extraction(completion, end, problem=parsed)
        record = _map_strings(parsed[0], self.restore)
        if problem := self._fault(record):
            return Extraction(completion, end, problem=problem)
        text = completion.request.document.text
        entities = entities_of(record, self.fields, text)
        relations = relations_of(record, self.fields, text, entities)
        return Extraction(completion, end, record, entities, relations, summary_of(record, self.fields))

    def _fault(self, record: Any) -> Problem | None:
        try:
            with time_limit(VALIDATION_SECONDS):
                error = best_match(self.validator.iter_errors(record))
        except TooSlow:
            return Problem("invalid", f"the schema takes over {VALIDATION_SECONDS:.0f} s to check this answer")
        except (RecursionError, re.error) as error:
            return Problem("invalid", f"the schema cannot be checked against this answer: {error}")
        if error is None:
            return None
        return Problem("invalid", f"at {'/'.join(map(str, error.absolute_path)) or 'the root'}: {error.message[:300]}")


def thinking_end(thought: Completion | None, budget: int | None) -> ThinkingEnd:
    """How a thought ended: none where there was none, budget where the asked-for budget stopped it."""
    if thought is None:
        return "none"
    if thought.finish == "repetition":
        return "repetition"
    if thought.finish == "length":
        return "budget" if thought.request.max_tokens == budget else "truncated"
    return "closed" if thought.stopped_by is not None else "ended_inside"


def _unfinished(completion: Completion) -> Problem | None:
    if completion.finish == "error":
        return Problem("engine", completion.error)
    if completion.finish == "repetition":
        return Problem("repetition", f"the same tokens again and again after {completion.output_tokens} tokens")
    if completion.finish == "length":
        return Problem("truncated", f"no end within {completion.output_tokens} tokens; raise --max-answer-tokens")
    return None


def _parse(text: str) -> tuple[Any] | Problem:
    fenced = _FENCE.match(text)
    try:
        value = json.loads(fenced[1] if fenced else text, parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return Problem("unparsable", "a lone surrogate: the text cannot be stored as UTF-8")
    except RecursionError:
        return Problem("unparsable", "nested too deeply")
    except ValueError as error:
        return Problem("unparsable", str(error))
    return (value,)


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON value")


def _map_strings(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _map_strings(child, change) for key, child in value.items()}
    return [_map_strings(child, change) for child in value] if isinstance(value, list) else value
