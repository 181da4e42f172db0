"""The fields of a job as keyword arguments, for a type checker; what each means stands at `Job`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

from extractor.engines.endpoint.kinds import Kind
from extractor.types import Mode, RelationsMode, WireForm


class TaskFields(TypedDict, total=False):
    """How one text is answered."""

    prompt: str | None
    examples: str | None
    examples_shown: int
    examples_per_document: int
    relations: RelationsMode
    wire: WireForm
    hub: Literal["huggingface", "modelscope"]
    engine: Literal["vllm", "ray", "endpoint", "replay"]
    url: Sequence[str]
    server: Kind | None
    served_model: str | None
    window: int | None
    key_env: str | None
    key_file: str | Path | None
    engine_arg: dict[str, Any]
    replicas: int
    address: str | None
    engine_timeout: float
    context: int | None
    passage_above: int
    passage_tokens: int
    passage_context: int
    sampling: dict[str, float]
    seed: int
    max_answer_tokens: int
    attempts: int
    mode: Mode
    thinking: Literal["native", "prompted"]
    thinking_budget: int | None
    escalate: Sequence[str]
    force_greedy: bool
    trust_remote_code: bool
    confidence: bool
    calibration: str | Path | None


class JobFields(TaskFields, total=False):
    """All that a job may say beside its inputs, its schema and its output; how it logs is the command line's alone."""

    model: str
    from_: str | Path | None
    id_column: str
    text_column: str
    mode_column: str | None
    keep: Sequence[str]
    limit: int | None
    shard: str | None
    no_reasoning: bool
    part_documents: int
    part_seconds: float
    supersede: bool
    max_runtime: str | None
    metrics: str | Path | None
    on_finish: str | None
