"""Rounds → ratios with their spread, a sentence, and what a reader should know of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from extractor.bench.measured import ARMS, Arm, Measured

ALIKE = 0.02  # arms whose tokens for a document differ by no more are compared by documents, else by tokens
PAIRS: tuple[tuple[Arm, Arm], ...] = (("run", "raw"), ("chat", "raw"), ("run", "chat"))


@dataclass(frozen=True, slots=True)
class Ratio:
    """One arm against another in the same round: the median over the rounds, the least and the most."""

    of: Arm
    to: Arm
    by: str  # documents or output tokens a second
    median: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rounds say together; `by` is the rate that the sentence goes by."""

    ratios: list[Ratio]
    by: str
    sentence: str
    notes: list[str]


RATES: dict[str, Callable[[Measured], float]] = {
    "documents": lambda one: one.documents_per_second,
    "output tokens": lambda one: one.output_tokens_per_second,
}


def verdict(rounds: Sequence[Measured], seats: int, block: int) -> Verdict:
    """What these say of an engine with so many seats; `rounds` holds each arm once a round."""
    ratios = [_ratio(rounds, pair, by) for pair in PAIRS for by in RATES]
    by = "documents" if _differ(rounds, lambda one: one.output_tokens) <= ALIKE else "output tokens"
    return Verdict(ratios, by, _sentence(rounds, ratios, by, block), list(_notes(rounds, by, seats)))


def middle(rounds: Sequence[Measured], arm: Arm, figure: Callable[[Measured], float]) -> float:
    """The median of a figure of this arm."""
    return float(median(figure(one) for one in rounds if one.arm == arm))


def _ratio(rounds: Sequence[Measured], pair: tuple[Arm, Arm], by: str) -> Ratio:
    rate = RATES[by]
    ours, theirs = ({one.round: rate(one) for one in rounds if one.arm == arm} for arm in pair)
    found = [ours[number] / max(theirs[number], 1e-9) for number in ours]
    return Ratio(*pair, by, float(median(found)), min(found), max(found))


def _sentence(rounds: Sequence[Measured], ratios: Sequence[Ratio], by: str, block: int) -> str:
    found = {(one.of, one.to): one for one in ratios if one.by == by}
    ours, chat = found["run", "raw"], found["chat", "raw"]
    count = len({one.round for one in rounds})
    spread = f" ({ours.least:.0%} to {ours.most:.0%} in {count} rounds)" if count > 1 else ""
    tail, idle = (middle(rounds, "run", figure) for figure in (lambda one: one.tail_cost, lambda one: one.idle))
    most = "what this machine can do" if ours.median <= 1 else "what raw vLLM does here in batches"
    return (
        f"extract run does {ours.median:.0%} of {most}{spread}; the tail costs {tail:.0%}, and"
        f" {idle:.0%} of the time the engine had room and nothing to do. LLM.chat in blocks of {block} does"
        f" {chat.median:.0%}."
    )


def _differ(rounds: Sequence[Measured], figure: Callable[[Measured], float]) -> float:
    """By what share of the least the arms differ in this figure."""
    each = [middle(rounds, arm, figure) for arm in ARMS]
    return (max(each) - min(each)) / max(min(each), 1e-9)


def _notes(rounds: Sequence[Measured], by: str, seats: int) -> list[str]:
    documents, notes = rounds[0].documents, []
    if by != "documents":
        said = ", ".join(f"{arm} {middle(rounds, arm, lambda one: one.output_tokens):,.0f}" for arm in ARMS)
        notes.append(f"the arms wrote different numbers of tokens ({said}), so the sentence goes by tokens a second")
    if _differ(rounds, lambda one: one.prompt_tokens / one.requests) > ALIKE:
        said = ", ".join(f"{arm} {middle(rounds, arm, lambda one: one.prompt_tokens):,.0f}" for arm in ARMS)
        notes.append(f"the arms read different numbers of tokens ({said})")
    if documents < 2 * seats:
        notes.append(
            f"the engine has {seats:,} seats, and {documents:,} documents hardly fill them: the tail is most of it;"
            f" --documents {4 * seats} says more"
        )
    return notes
