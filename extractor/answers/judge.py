"""From what the model wrote to a validated record with its tables, or to a problem. Grammar is not proof."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jsonschema.exceptions import best_match

from extractor.answers.confidence import Confidence
from extractor.answers.read import read
from extractor.system.limit import TooSlow, time_limit
from extractor.tables import Ground, rows_from
from extractor.tasks.neutral import may_hold_joiner
from extractor.tasks.validation import Validation
from extractor.tasks.wire import PLAIN, AnswerWire, Unread
from extractor.types import Completion, Extraction, Problem, TableField, ThinkingEnd

VALIDATION_SECONDS = 5.0  # of our own processor time: a schema can make one answer take for ever
MAX_NESTING = 100  # levels of lists and objects; readers of the record have limits too
_DEEP = f"nested deeper than {MAX_NESTING} levels"
_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n\s*```\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges answers against one schema; `restore` undoes what was done to control strings in the document."""

    validator: Validation
    fields: Sequence[TableField]
    restore: Callable[[str], str]
    budget: int | None  # thinking tokens asked for
    seconds: float = VALIDATION_SECONDS
    confidence: Confidence | None = None  # for answers that come with log-probabilities
    wire: AnswerWire = PLAIN  # how answers are written

    def judge(
        self, completion: Completion, thought: Completion | None = None, ground: Ground | None = None
    ) -> Extraction:
        """The extraction of a completed answer, given after `thought`: exactly one of a record or a problem.

        Names are looked for in the document's text, or in this `ground`.

        A thought that no answer came after is judged as an empty answer after that thought.
        """
        if completion.request.is_thought:
            completion, thought = _unanswered(completion), completion
        end = thinking_end(thought, self.budget)
        parsed = _unfinished(completion) or _parse(completion.text)
        if isinstance(parsed, Problem):
            return Extraction(completion, thought, end, problem=parsed)
        record, twice = parsed
        if may_hold_joiner(completion.text):
            record, twice = _map_strings(record, self.restore), [self.restore(said) for said in twice]
        try:
            record, known = self.wire.decoded(record, completion.value_logprobs)
        except Unread as error:
            return Extraction(completion, thought, end, problem=Problem("invalid", str(error)))
        if problem := self._fault(record):
            return Extraction(completion, thought, end, problem=problem)
        rows, dropped = rows_from(record, self.fields, ground or Ground(completion.request.document.text))
        found = Extraction(completion, thought, end, record, rows, [*twice, *dropped])
        return self.confidence.of(found, known) if self.confidence else found

    def _fault(self, record: Any) -> Problem | None:
        if self.validator.is_plainly_valid(record):  # in less time than it takes to set a limit
            return None
        try:
            with time_limit(self.seconds):
                error = best_match(self.validator.iter_errors(record))
        except TooSlow:
            return Problem("invalid", f"the schema takes over {self.seconds:g} s to check this answer")
        except (RecursionError, ArithmeticError) as fault:
            return Problem("invalid", f"the schema cannot be checked against this answer: {fault}")
        if error is None:
            return None
        return Problem("invalid", f"at {'/'.join(map(str, error.absolute_path)) or 'the root'}: {error.message[:300]}")


def _unanswered(thought: Completion) -> Completion:
    """What was answered after a thought that could not be answered from: nothing, which costs nothing more."""
    request = replace(thought.request, is_thought=False, stop=())
    return replace(thought, request=request, text="", tokens=[], output_tokens=0, seconds=None)


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
    if completion.finish == "repetition" and isinstance(_parse(completion.text), Problem):  # no loop was cut out of it
        return Problem("repetition", "the same tokens again and again")
    if completion.finish == "length":
        return Problem("truncated", f"no end within {completion.output_tokens} tokens; raise --max-answer-tokens")
    return None


def _parse(text: str) -> tuple[Any, list[str]] | Problem:
    fenced = _FENCE.match(text)
    try:
        value, left_out = read(fenced[1] if fenced else text)
        (json.dumps(value, ensure_ascii=False) if "\\u" in text else text).encode()
    except UnicodeEncodeError:
        return Problem("unparsable", "a lone surrogate: the text cannot be stored as UTF-8")
    except RecursionError:
        return Problem("unparsable", _DEEP)
    except ValueError as error:
        return Problem("unparsable", str(error))
    may_be_deep = text.count("[") + text.count("{") > MAX_NESTING
    return Problem("unparsable", _DEEP) if may_be_deep and _deeper(value, MAX_NESTING) else (value, left_out)


def _deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    children = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper(child, levels - 1) for child in children)


def _map_strings(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): _map_strings(child, change) for key, child in value.items()}
    return [_map_strings(child, change) for child in value] if isinstance(value, list) else value
