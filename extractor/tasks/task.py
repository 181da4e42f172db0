"""What is asked of the model, and what of it names the work."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from extractor.fingerprint import digest
from extractor.tasks.examples import Example
from extractor.tasks.pool import Nearest
from extractor.tasks.prompt import Prompt
from extractor.tasks.schema import Schema
from extractor.types import Mode, RelationsMode, Sampling, ThinkingMode


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of the model, and how: everything but the documents."""

    schema: Schema
    prompt: Prompt
    examples: tuple[Example, ...]  # shown to every document
    mode: Mode
    prompted: bool  # a model without thinking of its own is told to think
    budget: int | None  # thinking tokens
    sampling: Mapping[ThinkingMode, Sampling]
    max_answer_tokens: int
    seed: int
    nearest: Nearest | None = None  # a pool of further examples, of which each document is shown its own
    per_document: int = 0  # of them
    shown_most: int | None = None  # examples that every document may be shown; None as by default
    escalate: tuple[str, ...] = ()  # sorted: the signals for which mode auto asks again with thought, else none
    passages: tuple[int, int, int] | None = None  # tokens: cut above, of one, shown before it; None as by default
    note: str = ""  # what the opening says beside the prompt's own words
    calibration: str = ""  # by which the signal `unsure` is given; elsewhere it changes no answer, and is not named
    relations: RelationsMode = "open"  # closed: asked for after all else, with the entities found for their only ends
    confidence: bool = False  # answers come with log-probabilities; they stay the same, and so does their name

    @property
    def pool(self) -> list[Example]:
        """Every example that a document may be shown."""
        return [*self.examples, *(self.nearest.pool if self.nearest else ())]


def identity(task: Task, model: str) -> dict[str, Any]:
    """What names the work beside the document; a change of any field makes every document new work."""
    more: dict[str, Any] = {"escalate": list(task.escalate)} if task.mode == "auto" else {}  # others keep their name
    if task.passages:
        more["passages"] = list(task.passages)
    if task.shown_most is not None:
        more["examples_shown"] = task.shown_most
    if task.schema.form != "plain":
        more["wire"] = task.schema.form
    if task.relations != "open":
        more["relations"] = task.relations
    if task.calibration:
        more["calibration"] = task.calibration
    return more | {
        "schema": digest(task.schema.body),
        "prompt": digest(task.prompt.text),
        "examples": digest([*task.pool, task.per_document] if task.nearest else task.pool),
        "model": model,
        "mode": task.mode,
        "prompted": task.prompted,
        "thinking_budget": task.budget,
        "sampling": {mode: asdict(sampling) for mode, sampling in sorted(task.sampling.items())},
        "max_answer_tokens": task.max_answer_tokens,
        "seed": task.seed,
    }
