"""In words, what the settings that were tried come to."""

from collections.abc import Sequence

from extractor.evaluation.intervals import Estimate
from extractor.learn.scores import Scores, Tried
from extractor.learn.settings import Setting


def verdict(scores: Scores, tried: Sequence[Tried]) -> str:
    """Which setting to take, and why: what it gains is more than chance, or nothing else is shown to be better."""
    by_setting = {one.setting: one for one in tried}
    chosen, simplest, best = scores.recommended, scores.simplest, scores.best
    said = f"{in_words(chosen)}: F1 {share(by_setting[chosen].overall)}"
    if chosen != simplest:
        gained, _ = scores.gained(chosen, simplest)
        return f"{said}, {points(gained)} against {in_words(simplest)}"
    if len(tried) > 1 and best != chosen:
        gained, p = scores.gained(best, chosen)
        most = f"{in_words(best)} has {points(gained)}, which may be chance (p {p:.2f})"
        return f"too little to tell, so the simplest: {said}; {most}; more reviewed documents tell more"
    return f"{said}; nothing that was tried is better"


def in_words(setting: Setting) -> str:
    """A setting as a person would say it."""
    shared = f"{setting.shared} shared examples" if setting.shared else "no shared examples"
    own = f", {setting.own} of a document's own" if setting.own else ""
    closed = ", relations closed" if setting.relations == "closed" else ""
    return f"{shared}{own}{closed}, {setting.arm}"


def share(estimate: Estimate) -> str:
    """0.43 (0.31 to 0.54)."""
    value, low, high = ("–" if one is None else f"{one:.2f}" for one in (estimate.value, estimate.low, estimate.high))
    return f"{value} ({low} to {high})"


def points(estimate: Estimate) -> str:
    """+35 points (20 to 48)."""
    value, low, high = (estimate.value, estimate.low, estimate.high)
    spread = "" if low is None or high is None else f" ({100 * low:+.0f} to {100 * high:+.0f})"
    return f"{100 * (value or 0):+.0f} points{spread}"
