"""What judgements of a few disputed things say of all of them: unbiased, and with intervals that hold as they say."""

from itertools import islice
from typing import Any

import numpy as np
import pytest
from coverage import simulated, world

from extractor.judging.betting import Bets, bounds, ruled_out
from extractor.judging.corrected import corrected
from extractor.judging.draws import complete, draws
from extractor.judging.estimates import found_in, lot_of, series
from extractor.judging.judged import Mark, agreements, marks_of
from extractor.judging.pool import FoundItem, Pair, made_pool

RIGHT, WRONG = Mark(1.0, 1.0), Mark(0.0, 1.0)


def told(*asked: Any) -> Any:
    """What `corrected` says."""
    found: Any = corrected(*asked)
    return found


def everything(lot, made) -> Any:
    """What holds if all is judged."""
    found: Any = found_in(lot, made.person, [])
    return found


def item(doc_id, name, *arms, table="entities"):
    return FoundItem(doc_id, table, (name,), frozenset(arms))


def test_points_are_how_much_oftener_the_arm_is_right_over_all_that_either_found():
    pool = made_pool([item("d", "both", 0, 1), item("d", "a", 0), item("d", "b", 1), item("d", "c", 1)], 2)
    lot = lot_of(pool, Pair(0, 1), "entities")
    # the base is wrong about a and misses b, which is right; the arm is wrong about c: + 1 + 1 − 1 of 4
    found: Any = found_in(lot, {0: WRONG, 1: RIGHT, 2: WRONG}, [])
    assert (found.points.value, found.points.low, found.points.high) == pytest.approx((0.25, 0.25, 0.25))
    assert (found.precision_base.value, found.precision_arm.value, found.recall_arm.value) == (0.0, 0.5, 1.0)


def test_what_is_possible_bounds_what_is_told_before_all_is_judged():
    pool = made_pool([item("d", name, 0) for name in "abcd"] + [item("d", "both", 0, 1)], 2)
    found: Any = found_in(lot_of(pool, Pair(0, 1), "entities"), {0: RIGHT, 1: RIGHT, 2: RIGHT}, [(0, 1), (2,)])
    assert found.points.low == pytest.approx(-0.8)
    assert found.points.high == pytest.approx(-0.4)  # the last one is wrong
    assert found.precision_base.low == 0.75


def test_three_runs_are_each_set_against_the_first():
    pool = made_pool([item("d", "x", 1, 2), item("d", "y", 0, 2), item("d", "z", 0, 1, 2), item("e", "w", 2)], 3)
    assert [one.key for one in pool.items] == [("x",), ("y",), ("w",)]
    assert dict(lot_of(pool, Pair(0, 1), "entities").signs) == {0: 1, 1: -1}
    assert dict(lot_of(pool, Pair(0, 2), "entities").signs) == {0: 1, 2: 1}
    assert [pool.either[Pair(0, arm), "entities"] for arm in (1, 2)] == [3, 4]


def test_the_order_depends_on_the_content_and_the_seed_alone():
    things = [item(f"d{n % 7}", str(n), n % 2) for n in range(30)]
    swapped = [FoundItem(i.doc_id, i.table, i.key, frozenset(1 - arm for arm in i.arms)) for i in reversed(things)]
    orders = [
        list(islice(draws(made_pool(some, 2), seed), 50)) for some, seed in ((things, 0), (swapped, 0), (things, 1))
    ]
    assert orders[0] == orders[1] != orders[2]


def test_each_disputed_thing_is_as_likely_as_any_other():
    pool = made_pool([*(item("many", str(n), 0) for n in range(9)), item("one", "x", 1)], 2)
    shown = np.zeros(10)
    for draw in islice(draws(pool), 20_000):
        shown[list(draw)] += 1 / len(draw)
    assert shown / 20_000 == pytest.approx(np.full(10, 0.1), abs=0.01)


def test_draws_count_up_to_the_first_that_is_not_judged():
    assert complete(iter([(0, 1), (2,), (0,), (3, 4), (2,)]), {0, 1, 2, 3}) == [(0, 1), (2,), (0,)]


def test_estimates_are_unbiased_though_disagreements_come_first():
    made = world(5, documents=60)
    lot = lot_of(made.pool, made.pool.pairs[0], "relations")
    truth = everything(lot, made).points.value
    means = []
    for seed in range(300):
        drawn = list(islice(draws(made.pool, seed), 25))
        top, bottom = series({n: ((1 + s * made.person[n].worth) / 2, 1.0) for n, s in lot.signs.items()}, drawn)
        means.append(lot.share * (2 * top.sum() / bottom.sum() - 1))
    assert np.mean(means) == pytest.approx(truth, abs=3 * np.std(means) / 300**0.5)


def test_a_bound_is_where_what_is_ruled_out_ends():
    top = np.random.default_rng(0).choice([0, 0.5, 1], 60, p=[0.2, 0.3, 0.5])
    bets = [Bets(top, np.ones(60))]
    low, high = bounds(bets)
    assert 0.4 < low < top.mean() < high < 0.9
    assert ruled_out(bets, low - 1e-6) == (True, False)
    assert ruled_out(bets, high + 1e-6) == (False, True)
    assert ruled_out(bets, (low + high) / 2) == (False, False)


@pytest.mark.slow
def test_intervals_hold_for_those_who_look_after_each_draw():
    outcomes = [simulated(seed, (60,)) for seed in range(40)]
    outside = {name: sum(one.missed[name] for one in outcomes) for name in outcomes[0].missed}
    ordinary = {name: count for name, count in outside.items() if "ordinary" in name}
    assert max(count for name, count in outside.items() if name not in ordinary) <= 5  # 5 % of them would be 2
    assert sum(ordinary.values()) > 10


def test_a_model_that_agrees_makes_the_interval_narrower_and_one_that_errs_leaves_it_true():
    made = world(3)
    lot = lot_of(made.pool, made.pool.pairs[0], "relations")
    drawn = list(islice(draws(made.pool), 120))
    seen = {n: made.person[n] for draw in drawn for n in draw}
    own: Any = found_in(lot, seen, drawn).points
    whole = [tuple(lot.signs)]
    truth = everything(lot, made).points.value
    same = told(lot, seen, made.person, drawn, whole).points
    liar = {n: Mark(1 - mark.right, 1.0) for n, mark in made.person.items()}
    wrong = told(lot, seen, liar, drawn, whole)
    assert same.high - same.low < 0.85 * (own.high - own.low)
    assert same.low < truth < same.high
    assert wrong.opinion.value == pytest.approx(-truth)
    assert wrong.points.low < truth < wrong.points.high
    assert wrong.points.value == pytest.approx(own.value)  # it is not believed at all
    assert same.value == pytest.approx(truth)  # it is believed in all


def test_a_model_that_judged_a_sample_alone_pays_for_it():
    made = world(3)
    lot = lot_of(made.pool, made.pool.pairs[0], "relations")
    order = list(islice(draws(made.pool), 400))
    seen, said = ({n: m[n] for draw in order[:k] for n in draw} for m, k in ((made.person, 60), (made.model, 400)))
    found = told(lot, seen, said, order[:60], order)
    truth = everything(lot, made).points.value
    assert not found.whole and found.points.low < truth < found.points.high


def test_a_sampled_model_that_is_always_wrong_leaves_the_interval_true():
    pool = made_pool([item(f"d{n}", "x", 1) for n in range(400)], 2)
    lot, order = lot_of(pool, Pair(0, 1), "entities"), list(islice(draws(pool), 300))
    seen, said = {n: RIGHT for (n,) in order[:60]}, {n: WRONG for (n,) in order}
    found = told(lot, seen, said, order[:60], order)
    assert not found.whole and found.opinion.value == -1
    assert found.points.low < 1 <= found.points.high


def test_without_a_person_there_is_an_opinion_and_nothing_more():
    made = world(3)
    lot = lot_of(made.pool, made.pool.pairs[0], "relations")
    found = told(lot, {}, made.model, [], [])
    assert found.points is None and found.opinion.value is not None


def test_several_judges_of_a_thing_count_as_their_mean():
    marks = marks_of({1: {"anna": "right", "ben": "wrong"}, 2: {"anna": "unknown"}, 3: {"ben": "right"}, 4: {}})
    assert marks == {1: Mark(0.5, 1.0), 2: Mark(0.0, 0.0), 3: RIGHT}
    assert [marks[n].worth for n in (1, 2, 3)] == [0, 0, 1]


def test_kappa_is_agreement_beyond_chance():
    said = [("right", "right")] * 20 + [("right", "wrong")] * 5 + [("wrong", "right")] * 10 + [("wrong", "wrong")] * 15
    words: dict[int, Any] = {n: {"anna": one, "ben": two} for n, (one, two) in enumerate(said)} | {
        99: {"anna": "right"}
    }
    (found,) = agreements(words)
    assert (found.items, found.same) == (50, 0.7)
    assert found.kappa == pytest.approx(0.4)  # the textbook's example
    assert agreements({1: {"a": "right", "b": "right"}})[0].kappa is None
