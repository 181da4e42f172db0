"""Which modes a model can do, and what to do instead."""

from extractor.errors import UserError
from extractor.tasks.chat import ThinkingKind
from extractor.types import Mode, Sampling, ThinkingMode


def check_mode(model: str, kind: ThinkingKind, mode: Mode, prompted: bool) -> None:
    """Nothing, where the model can do this mode; UserError with the cure where it can not."""
    if kind == "always" and mode != "think":
        raise UserError(f"--mode {mode}: {model} always thinks; use --mode think, or a model that need not")
    if kind == "never" and mode != "no_think" and not prompted:
        raise UserError(
            f"--mode {mode}: {model} has no thinking of its own; add --thinking prompted to have it reason in a first"
            " request, or use --mode no_think"
        )
    if kind != "never" and prompted:
        raise UserError(f"--thinking prompted: {model} thinks by itself; leave the flag out")


def check_sampling(sampling: dict[ThinkingMode, Sampling], kind: ThinkingKind, forced: bool) -> None:
    """UserError for greedy native thinking, which Qwen warns of (endless repetition), unless it is forced."""
    if "think" in sampling and sampling["think"].temperature == 0 and kind != "never" and not forced:
        raise UserError(
            "--sampling temperature=0 with thinking ends in endless repetition (Qwen's own warning); leave it out,"
            " or add --force-greedy"
        )
