"""What a person may ask for: one job, the same words on the command line and in a job file."""

import difflib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from extractor.errors import UserError
from extractor.types import Mode

DATA, MODEL, THINKING, OUTPUT = "Documents", "Model", "Thinking", "Output"


def _word(default: Any, says: str, panel: str, **limits: Any) -> Any:
    return Field(default, description=says, json_schema_extra={"panel": panel}, **limits)


class Job(BaseModel):
    """One extraction job. Each field is a flag of `extract run` and a key of a job file."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, protected_namespaces=())

    inputs: list[str] = _word([], "files, folders, globs or URLs of Parquet or JSONL; - is JSONL on stdin", DATA)
    schema_: str = Field(
        alias="schema",
        description="what to extract: a JSON Schema file, the name of a shipped one, or a pydantic module:Class",
        json_schema_extra={"panel": DATA},
    )
    out: Path = Field(description="the output folder", json_schema_extra={"panel": OUTPUT})
    prompt: str | None = _word(None, "prompt file (default: the schema's own, else prompts/default.md)", DATA)
    examples: str | None = _word(None, "JSONL of worked examples, or none (default: the schema's own)", DATA)
    id_column: str = _word("id", "column with the document's id; without it, ids come from the text", DATA)
    text_column: str = _word("text", "column with the document's text", DATA)
    mode_column: str | None = _word(
        None, "column with think, no_think, /think or /no_think for each document", THINKING
    )
    keep: list[str] = _word([], "source column to carry into documents (repeat)", DATA)
    limit: int | None = _word(None, "stop after so many documents", DATA, ge=1)
    model: str = _word("Qwen/Qwen3-8B", "a name from `extract models`, a folder, or a hub id", MODEL)
    hub: Literal["huggingface", "modelscope"] = _word("huggingface", "where hub ids are looked up", MODEL)
    engine: Literal["vllm"] = _word("vllm", "what answers", MODEL)
    engine_arg: dict[str, Any] = _word({}, "KEY=VALUE for vllm.LLM, verbatim (repeat)", MODEL)
    context: int | None = _word(
        None, "tokens of prompt and answer; beyond the model's own, YaRN stretches it", MODEL, ge=256
    )
    sampling: dict[str, float] = _word(
        {}, "KEY=VALUE: temperature, top_p, top_k … (repeat) (default: by model and mode)", MODEL
    )
    seed: int = _word(0, "the engine's seed", MODEL)
    max_answer_tokens: int = _word(1024, "tokens for one answer, thought not counted", MODEL, ge=1)
    attempts: int = _word(3, "answers asked for, at most, for one document", MODEL, ge=1, le=100)
    mode: Mode = _word(
        "no_think", "think before the answer, or not; auto thinks only where an answer is doubtful", THINKING
    )
    thinking: Literal["native", "prompted"] = _word(
        "native", "prompted: models without thinking of their own reason first", THINKING
    )
    thinking_budget: int | None = _word(None, "tokens after which a thought is closed", THINKING, ge=1)
    escalate: list[str] = _word(
        [], "signal for which auto thinks: failed, empty, ungrounded, repeats (repeat) (default: all)", THINKING
    )
    force_greedy: bool = _word(False, "allow thinking at temperature 0", THINKING)
    no_reasoning: bool = _word(False, "leave the thoughts out of the output", OUTPUT)
    part_documents: int = _word(1000, "documents in one part of the output", OUTPUT, ge=1)
    part_seconds: float = _word(120.0, "commit a part at least so often", OUTPUT, gt=0)
    supersede: bool = _word(False, "this job replaces another job's rows in the same output", OUTPUT)


def make_job(given: Mapping[str, Any], where: str = "") -> Job:
    """The job that these words ask for; UserError with the nearest right word for one that does not exist."""
    try:
        return Job.model_validate(dict(given))
    except ValidationError as error:
        raise UserError(where + _first_fault(error)) from None


def pairs(given: Sequence[str], flag: str) -> dict[str, Any]:
    """KEY=VALUE words as a dictionary; a value is read as JSON where it is JSON, else as text."""
    found = {}
    for word in given:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise UserError(f"{flag} {word}: write it as KEY=VALUE")
        found[key] = _value(value)
    return found


def flag_of(field: str) -> str:
    """The flag of a job's field."""
    return "INPUT" if field == "inputs" else "--" + field.strip("_").replace("_", "-")


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _first_fault(error: ValidationError) -> str:
    fault = error.errors()[0]
    field = str(fault["loc"][0])
    if fault["type"] == "extra_forbidden":
        known = [name.strip("_") for name in Job.model_fields]
        near = difflib.get_close_matches(field.replace("-", "_"), known, 1)
        return f"'{field}' is no setting" + (
            f"; did you mean '{near[0]}'?" if near else f" (one of {', '.join(known)})"
        )
    if fault["type"] == "missing":
        return f"{flag_of(field)} is missing"
    return f"{flag_of(field)} {fault['input']}: {fault['msg'].removeprefix('Value error, ')}"
