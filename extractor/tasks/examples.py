"""Few-shot examples: checked against the schema before anything runs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema.exceptions import best_match

from extractor import shipped
from extractor.errors import UserError
from extractor.tasks.schema import Schema

Example = dict[str, Any]


def load_examples(given: str | None, schema: Schema) -> tuple[Path | None, tuple[Example, ...]]:
    """The file and its examples ({"text", "answer"}, valid for the schema); the schema's own worked example if none
    is given; no examples for the word "none"."""
    path = Path(given) if given else _beside(schema)
    if path is None or given == "none":
        return None, ()
    return path, tuple(_read(path, schema))


def _beside(schema: Schema) -> Path | None:
    own = schema.path.with_suffix(".examples.jsonl") if schema.path else None
    return own if own and own.is_file() else None


def _read(path: Path, schema: Schema) -> Iterator[Example]:
    validator = schema.validator()
    for number, line in enumerate(shipped.read_text(path, "--examples").splitlines(), 1):
        if line.strip():
            example = _parse(f"--examples {path}:{number}", line)
            if error := best_match(validator.iter_errors(example["answer"])):
                at = "/".join(map(str, error.absolute_path)) or "the root"
                raise UserError(f"--examples {path}:{number}: answer, at {at}: {error.message[:200]}")
            yield example


def _parse(where: str, line: str) -> Example:
    try:
        example = json.loads(line)
    except ValueError as error:
        raise UserError(f"{where}: not JSON: {error}") from None
    if not isinstance(example, dict) or not isinstance(example.get("text"), str) or "answer" not in example:
        raise UserError(f'{where}: an example is {{"text": "…", "answer": {{…}}}}')
    return example
