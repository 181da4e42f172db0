"""One plain sentence that says what a comparison can and cannot tell.

Better or worse is said only when the 95 % interval excludes zero and the permutation test, corrected for how many
questions were asked (Holm), gives p < 0.05. "Within" is said only when the whole interval lies inside the margin and
there are enough documents for a bootstrap interval to be trusted. All else is "cannot tell".
"""

import math
from collections.abc import Sequence

from extractor.evaluation import intervals
from extractor.evaluation.differences import is_headline
from extractor.evaluation.intervals import Estimate
from extractor.evaluation.results import Agreement, Arm, Difference
from extractor.evaluation.scored_tables import STRICT

MARGIN = 0.02  # a difference up to here may be called "within"
QUARANTINED = 0.05  # a share that deserves a word
NOUNS = {metric: table.one for metric, table in STRICT.items()} | {"rougeL": "summary ROUGE-L"}
MEASURES = {"f1": " F1", "recall": " recall", "mean": ""}


def verdict(
    arms: Sequence[Arm], differences: Sequence[Difference], agreements: Sequence[Agreement], scored: int
) -> str:
    """The sentence; every arm is set against the first."""
    base = arms[0]
    clauses = []
    for arm, agreed in zip(arms[1:], agreements, strict=True):
        mine = [d for d in differences if d.arm == arm.label]
        headline = [d for d in mine if is_headline(d)]
        said = _quality(headline, scored) if headline else _agreed(agreed)
        clauses += [said, *_splits(mine, headline), *_tokens(base, arm)]
    clauses += [_quarantined(arm) for arm in arms if (arm.rates["quarantined"].value or 0) >= QUARANTINED]
    text = "; ".join(clauses) + "."
    return text[0].upper() + text[1:] if text.startswith(("on ", "without ")) else text


def is_settled(difference: Difference) -> bool:
    """May one arm be called better?"""
    return _excludes_zero(difference.estimate) and difference.adjusted_p < 0.05


def is_within(difference: Difference) -> bool:
    """May the arms be called as good as each other, up to the margin?"""
    return (
        not is_settled(difference)
        and difference.documents >= intervals.ENOUGH
        and _reach(difference.estimate) <= MARGIN
    )


def _quality(headline: Sequence[Difference], scored: int) -> str:
    arm, base = headline[0].arm, headline[0].base
    documents = f"{scored} document{'s' * (scored != 1)}"
    groups = (
        ("is better than {base} by {points}", [d for d in headline if is_settled(d) and _value(d) > 0]),
        ("is worse than {base} by {points}", [d for d in headline if is_settled(d) and _value(d) < 0]),
        ("is within {points} of {base}", [d for d in headline if is_within(d)]),
        (
            "cannot be told from {base} in the rest: {points}",
            [d for d in headline if not is_settled(d) and not is_within(d)],
        ),
    )
    said = [words.format(base=base, points=" and ".join(map(_clause, found))) for words, found in groups if found]
    if len(groups[-1][1]) < len(headline):
        return f"on {documents} {arm} {', '.join(said)}"
    differs = " and ".join(map(_clause, headline))
    return f"{documents} cannot tell {arm} and {base} apart: the difference ({arm} − {base}) is {differs}"


def _clause(difference: Difference) -> str:
    """The number that matters for its group, its noun, and how sure it is."""
    estimate, noun = difference.estimate, f"{_noun(difference)} points"
    interval = f"95 % interval {_points(estimate.low)} to {_points(estimate.high)}"
    if is_settled(difference):
        return f"{100 * abs(_value(difference)):.1f} {noun} ({interval})"
    if is_within(difference):
        return f"{math.ceil(1000 * _reach(estimate)) / 10:.1f} {noun} ({_points(estimate.value)}, {interval})"
    doubt = f", p = {difference.adjusted_p:.2g}" if _excludes_zero(estimate) else ""
    return f"{_points(estimate.value)} {noun} ({interval}{doubt})"


def _splits(differences: Sequence[Difference], headline: Sequence[Difference]) -> list[str]:
    """Wins in one half or one language that the whole does not already say."""
    known = {(d.metric, _value(d) > 0) for d in headline if is_settled(d)}
    split = [d for d in differences if d.name and is_settled(d)]
    return [
        f"{d.arm if _value(d) > 0 else d.base} wins in {_noun(d)} on "
        f"{d.name + ' documents' if d.scope == 'length' else 'documents in ' + d.name} "
        f"(by {100 * abs(_value(d)):.1f} points, p = {d.adjusted_p:.2g})"
        for d in split
        if (d.metric, _value(d) > 0) not in known
    ]


def _tokens(base: Arm, arm: Arm) -> list[str]:
    written = {a.label: a.resources.tokens["written"].total for a in (arm, base)}
    (less, few), (more, many) = sorted(written.items(), key=lambda pair: pair[1] or 0)
    return [f"{less} wrote {100 * few / many:.0f} % of the tokens of {more}"] if few and many else []


def _agreed(agreed: Agreement) -> str:
    shares = [f"{_percent(e.value)} in {kind}{_spread(e)}" for kind, e in agreed.by_kind.items() if e.value is not None]
    said = ", ".join(shares) if shares else "in finding nothing"
    return f"without gold nobody can say which is better: {agreed.arm} and {agreed.base} agree {said}"


def _spread(estimate: Estimate) -> str:
    return "" if estimate.low is None else f" ({_percent(estimate.low)} to {_percent(estimate.high)})"


def _quarantined(arm: Arm) -> str:
    return f"{_percent(arm.rates['quarantined'].value)} of the documents of {arm.label} were quarantined"


def _value(difference: Difference) -> float:
    return difference.estimate.value or 0.0


def _excludes_zero(estimate: Estimate) -> bool:
    return estimate.low is not None and estimate.high is not None and (estimate.low > 0 or estimate.high < 0)


def _noun(difference: Difference) -> str:
    return NOUNS[difference.metric] + MEASURES[difference.measure]


def _reach(estimate: Estimate) -> float:
    return max(abs(x) if x is not None else 1.0 for x in (estimate.low, estimate.high))


def _points(value: float | None) -> str:
    return f"{100 * (value or 0):+.1f}".replace("-", "−").replace("+0.0", "0.0").replace("−0.0", "0.0")


def _percent(value: float | None) -> str:
    return f"{100 * (value or 0):.0f} %"
