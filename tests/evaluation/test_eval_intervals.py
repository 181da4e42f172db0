"""Intervals and p-values: against known truths, and against slow loops."""

import numpy as np
import pytest

from extractor.evaluation import intervals
from extractor.evaluation.runs import Numbers


def counts(rng: np.random.Generator, documents: int, chance: float) -> Numbers:
    """counts[document, (hits, spurious, missed)] where each of a few gold entities is found by chance."""
    gold = rng.integers(1, 8, documents)
    hits = rng.binomial(gold, chance)
    return np.stack([hits, rng.binomial(gold, 0.2), gold - hits], axis=1).astype(np.float64)


def test_an_interval_of_95_percent_covers_the_truth_about_as_often() -> None:
    rng = np.random.default_rng(1)
    truth = 2 * 0.7 / (0.7 + 0.2 + 1)
    covered = 0
    for trial in range(200):
        weights = intervals.resampled(60, 300, trial)
        ((estimate,),) = intervals.bootstrap(counts(rng, 60, 0.7)[:, None], [intervals.f1], weights)
        assert estimate.low is not None and estimate.high is not None
        covered += estimate.low <= truth <= estimate.high
    assert 0.89 <= covered / 200 <= 0.99


def test_the_bootstrap_is_what_a_loop_would_do() -> None:
    values = counts(np.random.default_rng(2), 20, 0.5)
    weights = intervals.resampled(20, 100, seed=3)
    assert (weights.sum(axis=1) == 20).all()
    loop = []
    for row in weights:
        drawn = np.concatenate([np.repeat(values[i : i + 1], int(n), axis=0) for i, n in enumerate(row)])
        hits, spurious, missed = drawn.sum(axis=0)
        loop.append(2 * hits / (2 * hits + spurious + missed))
    ((estimate,),) = intervals.bootstrap(values[:, None], [intervals.f1], weights)
    assert (estimate.low, estimate.high) == pytest.approx(tuple(np.percentile(loop, [2.5, 97.5])))


def test_identical_arms_differ_by_nothing_with_p_1() -> None:
    values = counts(np.random.default_rng(4), 50, 0.6)[:, None]
    (difference,) = intervals.bootstrap_difference(values, values, intervals.f1, intervals.resampled(50, 200, 0))
    assert (difference.value, difference.low, difference.high) == (0, 0, 0)
    assert intervals.permutation_p(values, values, intervals.f1, intervals.coin_flips(50, 200, 0)) == [1.0]


def test_the_permutation_test_is_what_a_loop_would_do() -> None:
    rng = np.random.default_rng(5)
    one, two = counts(rng, 30, 0.55), counts(rng, 30, 0.65)
    flips = intervals.coin_flips(30, 400, seed=6)
    observed = abs(intervals.f1(two.sum(axis=0)) - intervals.f1(one.sum(axis=0)))
    as_far = 0
    for flip in flips.astype(bool)[:, :, None]:
        a, b = np.where(flip, two, one).sum(axis=0), np.where(flip, one, two).sum(axis=0)
        as_far += bool(abs(intervals.f1(b) - intervals.f1(a)) >= observed - 1e-9)
    assert intervals.permutation_p(one[:, None], two[:, None], intervals.f1, flips) == [(1 + as_far) / 401]


def test_p_is_rarely_small_where_nothing_differs_and_small_where_much_does() -> None:
    rng = np.random.default_rng(7)
    flips = intervals.coin_flips(40, 300, 0)

    def p(chance: float) -> float:
        one, two = counts(rng, 40, 0.6)[:, None], counts(rng, 40, chance)[:, None]
        return intervals.permutation_p(one, two, intervals.f1, flips)[0]

    assert np.mean([p(0.6) < 0.05 for _ in range(200)]) < 0.1
    assert np.mean([p(0.85) < 0.05 for _ in range(20)]) > 0.9


def test_seeds_make_draws_reproducible() -> None:
    assert (intervals.resampled(9, 50, 1) == intervals.resampled(9, 50, 1)).all()
    assert (intervals.resampled(9, 50, 1) != intervals.resampled(9, 50, 2)).any()


def test_holm_and_wilson_give_the_published_values() -> None:
    assert intervals.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    nothing, half = intervals.share(0, 20), intervals.share(10, 20)
    assert (nothing.value, nothing.low, nothing.high) == pytest.approx((0, 0, 0.16113), abs=1e-4)
    assert (half.value, half.low, half.high) == pytest.approx((0.5, 0.29930, 0.70070), abs=1e-4)
    assert intervals.share(0, 0).value is None


def test_nothing_found_and_nothing_to_find_is_no_number() -> None:
    sums = np.array([[0, 0, 0], [0, 0, 3], [0, 2, 0], [2, 1, 1]], dtype=float)
    assert np.isnan(intervals.f1(sums)[0])
    assert intervals.precision(sums)[1:].tolist() == pytest.approx([0, 0, 2 / 3])
    assert intervals.recall(sums)[1:].tolist() == pytest.approx([0, 0, 2 / 3])
    assert intervals.macro(intervals.f1)(sums) == pytest.approx((0 + 0) / 1)  # one type has gold, the last never counts


def test_one_document_has_no_interval_and_a_perfect_score_no_certainty() -> None:
    perfect = np.tile([2.0, 0.0, 0.0], (40, 1, 1))
    ((estimate,),) = intervals.bootstrap(perfect, [intervals.f1], intervals.resampled(40, 100, 0))
    assert estimate == intervals.share(40, 40) and estimate.low is not None and 0.9 < estimate.low < 0.95
    alone = np.where(np.arange(40)[:, None, None] == 3, perfect, 0.0)
    ((estimate,),) = intervals.bootstrap(alone, [intervals.f1], intervals.resampled(40, 100, 0))
    assert (estimate.value, estimate.low, estimate.high) == (1, None, None)
