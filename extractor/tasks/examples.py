"""Few-shot examples: checked against the schema before anything runs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema.exceptions import best_match

from extractor.errors import UserError
from extractor.system.limit import TooSlow, time_limit
from extractor.tasks import shipped
from extractor.tasks.reviewed import rows_of
from extractor.tasks.schema import Schema
from extractor.tasks.validation import Validation

CHECKING_SECONDS = 5.0  # of processor time, for each example

Example = dict[str, Any]


def load_examples(given: str | None, schema: Schema) -> tuple[Path | None, tuple[Example, ...]]:
    """The file and its examples ({"text", "answer"}, valid for the schema); the schema's own worked example if none
    is given; no examples for the word "none". A review (reviewed.py) is such a file too."""
    path = Path(given) if given else _beside(schema)
    if path is None or given == "none":
        return None, ()
    return path, tuple(_read(path, schema))


def _beside(schema: Schema) -> Path | None:
    own = schema.path.with_suffix(".examples.jsonl") if schema.path else None
    return own if own and own.is_file() else None


def _read(path: Path, schema: Schema) -> Iterator[Example]:
    validator = schema.validator()
    for where, said in rows_of(shipped.read_text(path, "--examples"), f"--examples {path}", _parsed):
        example = _example(where, said)
        if example is None:
            continue
        if fault := _fault(validator, example["answer"]):
            raise UserError(f"{where}: answer{fault}")
        yield example


def _fault(validator: Validation, answer: Any) -> str | None:
    try:
        with time_limit(CHECKING_SECONDS):
            error = best_match(validator.iter_errors(answer))
    except TooSlow:
        return f": the schema takes over {CHECKING_SECONDS:.0f} s to check it; simplify the schema"
    except RecursionError:
        return ": the schema leads round in circles on it; mend its $ref"
    if error is None:
        return None
    return f", at {'/'.join(map(str, error.absolute_path)) or 'the root'}: {error.message[:200]}"


def _parsed(where: str, line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where}: not JSON: {error}") from None


def _example(where: str, said: Any) -> Example | None:
    """The example that a line is, with the id of a reviewed document; None where a review could make no answer."""
    if not isinstance(said, dict) or not isinstance(said.get("text"), str) or "answer" not in said:
        raise UserError(f'{where}: an example is {{"text": "…", "answer": {{…}}}}')
    if "review" not in said:
        return said
    return None if said["answer"] is None else {key: said[key] for key in ("doc_id", "text", "answer")}
