"""Which modes a model can do, and what to do instead."""

from extractor.errors import UserError
from extractor.tasks.chat import Chat
from extractor.tasks.template import ThinkingKind
from extractor.types import Mode, Sampling, ThinkingMode

HARD, SOFT = ("think", "no_think"), ("/think", "/no_think")


def check_mode(model: str, chat: Chat, mode: Mode, prompted: bool) -> None:
    """Nothing, where the model can do this mode; UserError with the cure where it can not."""
    kind = chat.kind
    if kind == "always" and mode != "think":
        raise UserError(f"--mode {mode}: {model} always thinks; use --mode think, or a model that need not")
    if kind == "never" and mode != "no_think" and not prompted:
        raise UserError(
            f"--mode {mode}: {model} {chat.why_never}; add --thinking prompted to have it reason in a first"
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


def fault_of_mode(mode: str | None, kind: ThinkingKind, prompted: bool) -> str | None:
    """Why a document cannot be asked in the mode that its row names (None = the job's own), or None."""
    if mode is None:
        return None
    if mode not in (*HARD, *SOFT):
        return f"--mode-column: {mode[:40]!r} is no mode (one of {', '.join((*HARD, *SOFT))}, or null)"
    if mode in SOFT and kind != "hybrid":
        return f"--mode-column: {mode} needs a model with both modes; write {mode[1:]}, or null"
    if mode == "no_think" and kind == "always":
        return "--mode-column: no_think: this model always thinks; write think, or null"
    if mode == "think" and kind == "never" and not prompted:
        return "--mode-column: think: this model has no thinking of its own; add --thinking prompted"
    return None
