"""The first lines of a report: a sentence, and a few numbers in large letters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from extractor.evaluation.intervals import Estimate
from extractor.evaluation.results import Evaluation, Resources, Score
from extractor.evaluation.scored_tables import STRICT

KINDS = tuple((metric, table.one.capitalize()) for metric, table in STRICT.items())


@dataclass(frozen=True, slots=True)
class Tile:
    """A number in large letters for each arm: (value, interval or detail)."""

    name: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ArmSummary:
    """What tiles are made of, for one arm."""

    documents: int
    rates: Mapping[str, Estimate]
    resources: Resources
    evaluation: Evaluation | None


def run_headline(told: ArmSummary, problems: Mapping[str, int]) -> str:
    """What came of the documents, and how right it is where gold can tell."""
    said = f"{_percent(told.rates['valid'])} of {told.documents:,} documents have a valid answer"
    if told.rates["empty"].value:
        said += f" ({_percent(told.rates['empty'])} found nothing)"
    if problems:
        said += f", {_percent(told.rates['quarantined'])} are quarantined, most often “{next(iter(problems))}”"
    scores = [f"{noun.lower()} {_measure(s)} {_spelled(s)}" for noun, s in _strict(told.evaluation)]
    return f"{said}. Against gold: {' and '.join(scores)}." if scores else f"{said}."


def tiles(arms: Sequence[ArmSummary]) -> list[Tile]:
    """Scores, validity, tokens, speed and cost, as far as they are known of any arm."""
    spent = [arm.resources for arm in arms]
    written = [r.tokens["written"] for r in spent]
    made = [
        *_scores(arms),
        Tile(
            "Valid answers",
            tuple((_percent(arm.rates["valid"]), _interval(arm.rates["valid"], 100, " %")) for arm in arms),
        ),
        Tile(
            "Tokens written for a document",
            tuple((_number(s.median), f"95 % under {_number(s.p95)}") for s in written),
        ),
        Tile("Documents a second", tuple((_number(r.documents_per_second), "") for r in spent)),
        Tile("Cost of 1,000 documents", tuple((_number(r.cost_per_1000_documents), "") for r in spent)),
        Tile("Cost of a correct item", tuple((_number(r.cost_per_correct_item), "") for r in spent)),
        Tile("Tokens for a correct item", tuple((_number(r.tokens_per_correct_item), "") for r in spent)),
    ]
    return [tile for tile in made if any(value != "–" for value, _ in tile.values)]


def _scores(arms: Sequence[ArmSummary]) -> list[Tile]:
    found = [dict(_strict(arm.evaluation)) for arm in arms]
    nouns = [noun for _, noun in KINDS if all(noun in scores for scores in found)]
    return [
        Tile(f"{noun} {_measure(found[0][noun])}", tuple(_pair(s[noun].f1 or s[noun].recall) for s in found))
        for noun in nouns
    ]


def _strict(evaluation: Evaluation | None) -> list[tuple[str, Score]]:
    scores = evaluation.scores if evaluation else ()
    overall = {s.metric: s for s in scores if s.scope == "micro"}
    return [(noun, overall[metric]) for metric, noun in KINDS if metric in overall]


def _measure(score: Score) -> str:
    return "F1" if score.f1 else "recall"


def _spelled(score: Score) -> str:
    value, interval = _pair(score.f1 or score.recall)
    return f"{value} ({interval})" if interval else value


def _pair(estimate: Estimate) -> tuple[str, str]:
    return "–" if estimate.value is None else f"{estimate.value:.3f}", _interval(estimate, 1, "")


def _interval(estimate: Estimate, scale: float, unit: str) -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    low, high = (f"{scale * bound:.{0 if scale > 1 else 3}f}" for bound in (estimate.low, estimate.high))
    return f"{low} to {high}{unit}"


def _percent(estimate: Estimate) -> str:
    return "–" if estimate.value is None else f"{100 * estimate.value:.0f} %"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
