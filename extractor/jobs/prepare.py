"""From a job to everything that is known before a model is loaded: what runs, and what would be refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import TypeAdapter, ValidationError

from extractor.answers.calibration import Calibration, load_calibration
from extractor.answers.signals import SIGNALS, USUAL
from extractor.documents import Columns, Source, check_columns, kept_schema, located
from extractor.engines.device import has_accelerator
from extractor.errors import UserError
from extractor.fingerprint import digest
from extractor.jobs.job import Job
from extractor.jobs.targets import check_names
from extractor.models.families import yarn_overrides
from extractor.models.files import config_of, context_of, tokenizer_of
from extractor.models.given import check_given, identity_with
from extractor.models.resolve import Model, resolve
from extractor.models.sampling import Recommended, sampling_of
from extractor.store.settled import Redo
from extractor.store.tables import SCHEMAS
from extractor.tables import BY_WORD
from extractor.tasks.chat import Chat
from extractor.tasks.closing import check_closing
from extractor.tasks.cutting import Cut, Cutter, Sizes
from extractor.tasks.examples import Example, load_examples
from extractor.tasks.mapping import table_fields
from extractor.tasks.order import in_order, predicate_last
from extractor.tasks.pool import Nearest, covering
from extractor.tasks.prompt import Prompt, check_prompt, load_prompt
from extractor.tasks.requests import RequestBuilder
from extractor.tasks.schema import Schema, load_schema
from extractor.tasks.task import Task
from extractor.tasks.thinking import check_mode, check_sampling
from extractor.types import EXAMPLES_SHOWN, Sampling, TableField, ThinkingMode

CPU_CONTEXT, GPU_CONTEXT = 8192, 32768  # tokens, where the model can do as much


@dataclass(frozen=True, slots=True)
class Prepared:
    """A job with all that it names found and checked."""

    job: Job
    sources: list[Source]
    left_out: list[str]  # what lies among them and is not read, and why
    columns: Columns
    existing: list[str]  # columns of the input
    schema: Schema
    fields: list[TableField]
    examples_path: Path | None
    examples: int  # in that file
    model: Model
    chat: Chat
    sampling_source: str  # who says how tokens are drawn, where the job does not
    context: int
    overrides: dict[str, Any]  # vLLM arguments for a context beyond the model's own
    builder: RequestBuilder
    calibration: Calibration | None = None
    again: Redo | None = None  # picks the settled documents that are done again, and no others

    @property
    def kept(self) -> pa.Schema:
        """Types of the kept columns."""
        return self.columns.types

    @property
    def shown(self) -> str:
        """In words, which examples documents are shown."""
        task = self.builder.task
        own = f", and each document {task.per_document} of its own" if task.nearest else ""
        return (
            f"{self.examples_path} ({len(task.examples)} of {self.examples} shown{own})"
            if self.examples_path
            else "none"
        )

    @property
    def notes(self) -> list[str]:
        """What a person should know when it begins."""
        chosen = len(self.builder.task.examples) < self.examples
        return [*self.left_out, *([f"examples: {self.shown}"] if chosen else [])]

    def cutter(self, plan: Mapping[str, Sequence[Cut]] | None = None) -> Cutter:
        """What cuts its long documents, or does so by this plan."""
        job, lists = self.job, any(BY_WORD[field.table].holds == "items" for field in self.fields)
        return Cutter(self.builder, lists, Sizes(job.passage_above, job.passage_tokens, job.passage_context), plan)


Load = Callable[[Job], tuple[Model, Chat]]


def load_model(job: Job) -> tuple[Model, Chat]:
    """The model that a job names, and its tokenizer."""
    model = resolve(job.model, job.hub, job.trust_remote_code)
    return model, Chat(tokenizer_of(model))


def prepare(job: Job, given: frozenset[str] = frozenset(), load: Load = load_model) -> Prepared:
    """The job, found and checked; `given` are the fields that a person set. UserError for the first fault."""
    schema = load_schema(job.schema_)
    table = table_fields(schema)
    schema = replace(predicate_last(schema, table), form=job.wire)
    check_closing(schema, job.relations)
    prompt = load_prompt(job.prompt, schema)
    check_prompt(prompt, schema)  # its faults come before the model's
    examples_path, pool = load_examples(job.examples, schema)
    pool = tuple({**one, "answer": in_order(one["answer"], one["text"], schema, table)} for one in pool)
    _check_kept(job.keep)
    sources, left_out = located(job.inputs)
    check_names(sources)
    columns = Columns(job.id_column, job.text_column, tuple(job.keep), job.mode_column)
    columns, existing = check_columns(sources, columns, "id_column" in given)
    check_given(job.engine_arg)
    columns = replace(columns, types=kept_schema(sources, columns))
    model, chat = load(job)
    check_mode(job.model, chat, job.mode, job.thinking == "prompted")
    recommended = sampling_of(model)
    sampling = _sampling(job, recommended)
    check_sampling(sampling, chat.kind, job.force_greedy)
    context, overrides = _context(job, model)
    name = identity_with(model, job.engine_arg)
    calibration = _calibration(job, name)
    task = _named_by(calibration, _task(job, schema, prompt, pool, sampling))
    builder = RequestBuilder(task, chat, context, name)
    return Prepared(
        job=job,
        sources=sources,
        left_out=left_out,
        columns=columns,
        existing=existing,
        schema=schema,
        fields=table,
        examples_path=examples_path,
        examples=len(pool),
        model=model,
        chat=chat,
        sampling_source=recommended.source,
        context=context,
        overrides=overrides,
        builder=builder,
        calibration=calibration,
    )


def _check_kept(keep: Sequence[str]) -> None:
    if ours := [name for name in keep if name in SCHEMAS["documents"].names]:
        raise UserError(f"--keep {ours[0]}: the output has a column of that name; rename yours in the input")


def _task(
    job: Job, schema: Schema, prompt: Prompt, pool: Sequence[Example], sampling: Mapping[ThinkingMode, Sampling]
) -> Task:
    shown = covering(pool, schema, job.examples_shown)
    rest = [example for example in pool if example not in shown]
    return Task(
        schema=schema,
        prompt=prompt,
        examples=shown,
        nearest=Nearest(rest) if rest and job.examples_per_document else None,
        per_document=job.examples_per_document,
        shown_most=None if job.examples_shown == EXAMPLES_SHOWN else job.examples_shown,
        escalate=_escalation(job),
        passages=_passages(job),
        relations=job.relations,
        confidence=job.confidence,
        mode=job.mode,
        prompted=job.thinking == "prompted",
        budget=job.thinking_budget,
        sampling=sampling,
        max_answer_tokens=job.max_answer_tokens,
        seed=job.seed,
    )


def _passages(job: Job) -> tuple[int, int, int] | None:
    names = ("passage_above", "passage_tokens", "passage_context")
    above, tokens, context = (getattr(job, name) for name in names)
    usual = all(getattr(job, name) == Job.model_fields[name].default for name in names)
    return None if usual else (above, tokens, context)


def _escalation(job: Job) -> tuple[str, ...]:
    if unknown := sorted(set(job.escalate) - set(SIGNALS)):
        raise UserError(f"--escalate {unknown[0]}: no such signal (one of {', '.join(SIGNALS)})")
    if "unsure" in job.escalate and not job.confidence:
        raise UserError("--escalate unsure needs --confidence: add it")
    return tuple(sorted(set(job.escalate or USUAL))) if job.mode == "auto" else ()


def _calibration(job: Job, model: str) -> Calibration | None:
    if job.calibration is None:
        return None
    if not job.confidence:
        raise UserError(f"--calibration {job.calibration} needs --confidence: add it")
    found = load_calibration(job.calibration)
    if found.model != model:
        cure = "make one for this model with extract evaluate --calibrate, or leave it out"
        raise UserError(f"--calibration {job.calibration} is for {found.model}, and this is {model}; {cure}")
    return found


def _named_by(calibration: Calibration | None, task: Task) -> Task:
    """The task, which is another one by each calibration where that decides who is asked again."""
    if calibration is None or "unsure" not in task.escalate:
        return task
    return replace(task, calibration=digest(asdict(calibration)))


def _sampling(job: Job, recommended: Recommended) -> dict[ThinkingMode, Sampling]:
    known = {field.name for field in fields(Sampling)}
    if unknown := sorted(set(job.sampling) - known):
        raise UserError(f"--sampling {unknown[0]}: not known (one of {', '.join(sorted(known))})")
    both: tuple[ThinkingMode, ...] = ("no_think", "think")
    modes = both if job.mode == "auto" or job.mode_column else (job.mode,)
    return {mode: _with(recommended.of(mode), job.sampling) for mode in modes}


def _with(sampling: Sampling, given: dict[str, float]) -> Sampling:
    try:
        return TypeAdapter(Sampling).validate_python(asdict(sampling) | given)
    except ValidationError as error:
        fault = error.errors()[0]
        raise UserError(f"--sampling {fault['loc'][0]}={fault['input']:g}: {fault['msg']}") from None


def _context(job: Job, model: Model) -> tuple[int, dict[str, Any]]:
    own = context_of(model) or CPU_CONTEXT
    if job.context is None:
        return own if own <= CPU_CONTEXT else min(own, GPU_CONTEXT if has_accelerator() else CPU_CONTEXT), {}
    return job.context, yarn_overrides(model.family, job.context, config_of(model))
