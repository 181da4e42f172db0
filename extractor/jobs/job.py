"""What a person may ask for: one job, the same words on the command line and in a job file."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_serializer, field_validator
from pydantic_core import ErrorDetails

from extractor.documents.row import without_secrets
from extractor.documents.shard import Shard
from extractor.engines.endpoint.kinds import Kind
from extractor.errors import UserError, did_you_mean
from extractor.store.shards import place_of
from extractor.types import EXAMPLES_SHOWN, Mode, RelationsMode, WireForm

DATA, MODEL, THINKING, OUTPUT, RUN = "Documents", "Model", "Thinking", "Output", "This run"
MOST = 10**9  # of anything: documents, tokens, seconds; what is more is a slip of the hand
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}  # seconds


def _word(
    default: Any, says: str, panel: str, ge: int | None = None, le: int | None = None, gt: int | None = None
) -> Any:
    return Field(default, description=says, json_schema_extra={"panel": panel}, ge=ge, le=le, gt=gt)


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
    examples: str | None = _word(
        None,
        "JSONL of worked examples (a review is one), or none; of many, those that cover the labels best (default: the"
        " schema's)",
        DATA,
    )
    examples_shown: int = _word(
        EXAMPLES_SHOWN,
        "of many examples, show every document so many that cover the labels best, at most",
        DATA,
        ge=0,
        le=50,
    )
    examples_per_document: int = _word(
        3, "of many examples, show each document also so many that are most like it", DATA, ge=0, le=50
    )
    relations: RelationsMode = _word(
        "open", "closed: asked for after all else, with the entities just found for their only ends", DATA
    )
    id_column: str = _word("id", "column with the document's id; without it, ids come from the text", DATA)
    text_column: str = _word("text", "column with the document's text", DATA)
    mode_column: str | None = _word(
        None, "column with think, no_think, /think or /no_think for each document", THINKING
    )
    passage_above: int = _word(
        4000,
        "tokens of text above which a document is read in passages; 0: only where it does not fit",
        DATA,
        ge=0,
        le=MOST,
    )
    passage_tokens: int = _word(2000, "tokens of text in one passage, at most", DATA, ge=64, le=MOST)
    passage_context: int = _word(0, "tokens before a passage that are shown with it", DATA, ge=0, le=MOST)
    keep: list[str] = _word([], "source column to carry into documents (repeat)", DATA)
    limit: int | None = _word(None, "stop after so many documents", DATA, ge=1, le=MOST)
    shard: str | None = _word(
        None, "I/N: only this share of the documents, by their ids; all N may run at once, into one --out", DATA
    )
    model: str = _word("Qwen/Qwen3-8B", "a name from `extract models`, a folder, a hub id, or id@revision", MODEL)
    hub: Literal["huggingface", "modelscope"] = _word("huggingface", "where hub ids are looked up", MODEL)
    trust_remote_code: bool = _word(False, "let code out of the model's own folder run", MODEL)
    engine: Literal["vllm", "ray", "endpoint", "replay"] = _word(
        "vllm",
        "what answers; ray: vLLM on a cluster; endpoint: servers at --url; replay judges the answers stored --from",
        MODEL,
    )
    url: list[str] = _word([], "with --engine endpoint: a server's address (repeat: they share the load)", MODEL)
    server: Kind | None = _word(None, "what the servers at --url are (default: they are asked)", MODEL)
    served_model: str | None = _word(
        None, "the model's name at the servers (default: the only one that they have)", MODEL
    )
    window: int | None = _word(
        None, "requests that one server is given at once, at most (default: by server)", MODEL, ge=1, le=MOST
    )
    key_env: str | None = _word(None, "variable of the environment that holds the servers' key", MODEL)
    key_file: Path | None = _word(None, "file that holds the servers' key", MODEL)
    from_: Path | None = Field(
        None,
        alias="from",
        description="with --engine replay: the output folder whose stored answers are judged again",
        json_schema_extra={"panel": MODEL},
    )
    engine_arg: dict[str, Any] = _word({}, "KEY=VALUE for vllm.LLM, verbatim (repeat)", MODEL)
    replicas: int = _word(
        1, "copies of the model, each on devices of its own, that share the load", MODEL, ge=1, le=1000
    )
    address: str | None = _word(
        None, "with --engine ray: host:port of the cluster, or auto (default: one of its own, on this machine)", MODEL
    )
    engine_timeout: float = _word(
        600.0, "seconds without a sign of life after which the engine counts as hung", MODEL, gt=0, le=MOST
    )
    context: int | None = _word(
        None, "tokens of prompt and answer; beyond the model's own, YaRN stretches it", MODEL, ge=256, le=MOST
    )
    sampling: dict[str, float] = _word(
        {}, "KEY=VALUE: temperature, top_p, top_k … (repeat) (default: by model and mode)", MODEL
    )
    seed: int = _word(0, "the engine's seed", MODEL, ge=0, le=2**32 - 1)
    max_answer_tokens: int = _word(1024, "tokens for one answer, thought not counted", MODEL, ge=1, le=MOST)
    wire: WireForm = _word(
        "plain",
        "how a model writes an answer: tight without spaces, arrays with lists in place of repeated objects; fewer"
        " tokens, the same record",
        MODEL,
    )
    attempts: int = _word(3, "answers asked for, at most, for one document", MODEL, ge=1, le=100)
    mode: Mode = _word(
        "no_think", "think before the answer, or not; auto thinks only where an answer is doubtful", THINKING
    )
    thinking: Literal["native", "prompted"] = _word(
        "native", "prompted: models without thinking of their own reason first", THINKING
    )
    thinking_budget: int | None = _word(None, "tokens after which a thought is closed", THINKING, ge=1, le=MOST)
    escalate: list[str] = _word(
        [],
        "signal for which auto thinks: failed, empty, ungrounded, repeats (the default), unsure, unsupported (repeat)",
        THINKING,
    )
    force_greedy: bool = _word(False, "allow thinking at temperature 0", THINKING)
    confidence: bool = _word(False, "say how sure the model was of each name, relation, summary and field", MODEL)
    calibration: Path | None = _word(
        None, "with --confidence: a file of extract evaluate --calibrate, by which scores become shares", MODEL
    )
    no_reasoning: bool = _word(False, "leave the thoughts out of the output", OUTPUT)
    part_documents: int = _word(1000, "documents in one part of the output", OUTPUT, ge=1, le=MOST)
    part_seconds: float = _word(120.0, "commit a part at least so often", OUTPUT, gt=0, le=MOST)
    supersede: bool = _word(False, "this job replaces another job's rows in the same output", OUTPUT)
    max_runtime: str | None = _word(None, "end cleanly after 90s, 30m, 2h, 1d: exit 5 if work is left", RUN)
    log_format: Literal["text", "json"] = _word("text", "json: one object a line on stderr", RUN)
    metrics: Path | None = _word(None, "write the run's numbers to this file, in Prometheus' text format", RUN)
    on_finish: str | None = _word(
        None, "shell command to run at the end; it finds EXTRACT_EXIT_CODE, EXTRACT_OUT … in its environment", RUN
    )

    @field_validator("*", mode="before")
    @classmethod
    def _is_of_its_kind(cls, value: Any, about: ValidationInfo) -> Any:
        kind = cls.model_fields[str(about.field_name)].annotation
        numbers = [*value.values()] if kind == dict[str, float] and isinstance(value, dict) else [value]
        if {int, float} & {kind, *get_args(kind)} and any(isinstance(one, bool) for one in numbers):
            raise ValueError("write a number")
        if kind is bool and not isinstance(value, bool):
            raise ValueError("write true or false")
        return value

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, urls: list[str]) -> list[str]:
        if any(not re.match(r"https?://[^/?#]", url) for url in urls):
            raise ValueError("write an address as http://host:port or https://host")
        return urls

    @field_serializer("url")
    def _without_secrets(self, urls: list[str]) -> list[str]:
        """What is stored and shown: the name and the password in an address, or its query, may be secrets."""
        return list(map(without_secrets, urls))

    @field_validator("out", "metrics", "from_", "calibration", "key_file", mode="before")
    @classmethod
    def _is_on_disk(cls, path: Any) -> Any:
        if isinstance(path, str | Path):
            on_disk(path)
        return path

    @property
    def share(self) -> Shard | None:
        """The share of the documents that it is for; None where it is for all."""
        return Shard.parse(self.shard) if self.shard else None

    @property
    def place(self) -> Path:
        """Where it writes: `out`, or the shard's own place in it."""
        return place_of(self.out, self.share) if self.share else self.out

    @field_validator("shard")
    @classmethod
    def _is_a_shard(cls, text: str | None) -> str | None:
        if text is not None:
            Shard.parse(text)
        return text

    @field_validator("max_runtime")
    @classmethod
    def _is_a_time(cls, text: str | None) -> str | None:
        if text is not None:
            seconds(text)
        return text


def make_job(given: Mapping[str, Any], where: str = "", typed: Collection[str] = ()) -> Job:
    """The job that these words ask for; UserError with the nearest right word for one that does not exist.

    `where` is the file that they come from, but for those `typed` as flags.
    """
    try:
        return Job.model_validate(dict(given))
    except ValidationError as error:
        raise UserError(_says(error.errors()[0], where, typed)) from None


def seconds(text: str) -> float:
    """ "90s", "30m", "2h", "1d" or several of them ("1h30m") in seconds; ValueError for anything else."""
    found = re.findall(r"(\d+(?:\.\d+)?)([smhd])", text)
    total = sum(float(number) * UNITS[unit] for number, unit in found)
    if not total or "".join(number + unit for number, unit in found) != text:
        raise ValueError("write it as a number with its unit: 90s, 30m, 2h, 1d or 1h30m")
    return total


def on_disk(path: str | Path) -> None:
    """ValueError with the cure for what is no place on a disk of this machine."""
    if not str(path):
        raise ValueError("it is empty; name a place")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:/", str(path)):
        raise ValueError("it is an address, and we write to disks; name a place here, and copy what lies there then")


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


def or_one_of(word: str, known: Sequence[str]) -> str:
    """What to add to a complaint about a word that is not known: the nearest one that is, else all of them."""
    return did_you_mean(word, known) or f" (one of {', '.join(known)})"


def _says(fault: ErrorDetails, where: str, typed: Collection[str]) -> str:
    field = str(fault["loc"][0])
    name = f"{where}{field}" if where and field not in typed else flag_of(field)
    if fault["type"] == "extra_forbidden":
        return f"{where}'{field}' is no setting" + or_one_of(field, [name.strip("_") for name in Job.model_fields])
    if fault["type"] == "missing":
        return f"{name} is missing"
    given = without_secrets(str(fault["input"]))[:200]
    return f"{name} {given}: {fault['msg'].removeprefix('Value error, ')}"
