"""What is tried when, and what of the scores is more than chance."""

import numpy as np
import pytest

from extractor.learn.scores import Outcomes, Scores, mean_f1
from extractor.learn.settings import Grounds, Setting

FIRST = Setting(0, 0, "open", "no_think")


def names(grounds: Grounds, best: Setting) -> list[list[str]]:
    return [[one.name for one in step(best)] for step in grounds.steps()]


def test_each_step_changes_one_thing() -> None:
    grounds = Grounds(("no_think", "think"), True, 20)
    tried = names(grounds, Setting(3, 2, "open", "no_think"))
    assert tried[0] == ["shared-0,own-2,open,no_think", "shared-3,own-2,open,no_think", "shared-6,own-2,open,no_think"]
    assert tried[1] == ["shared-3,own-0,open,no_think", "shared-3,own-2,open,no_think", "shared-3,own-4,open,no_think"]
    assert tried[2][1] == "shared-3,own-2,closed,no_think" and tried[3][1] == "shared-3,own-2,open,think"
    assert (grounds.first, grounds.most) == (FIRST, 7)


@pytest.mark.parametrize(("examples", "own"), [(6, 1), (7, 3)])
def test_none_of_its_own_is_left_where_all_are_shared(examples: int, own: int) -> None:
    grounds = Grounds(("think",), False, examples)
    assert len(names(grounds, Setting(6, 0, "open", "think"))[1]) == own
    assert len(names(grounds, FIRST)[2]) == len(names(grounds, FIRST)[3]) == 1


def found(*right: int) -> Outcomes:
    """One table, in which each document has one thing, found or else missed with something wrong instead."""
    counts = np.array([[[one, 1 - one, 1 - one]] for one in right], dtype=np.float64)
    return Outcomes(("entities",), counts, 10.0, 5.0, 0)


def test_the_simplest_that_is_not_shown_to_be_worse_is_recommended() -> None:
    scores = Scores(12)
    clear, slight = Setting(3, 0, "open", "no_think"), Setting(3, 2, "closed", "think")
    scores.add(slight, found(*[1] * 12))
    scores.add(clear, found(*[1] * 11, 0))
    scores.add(FIRST, found(*[1] * 2, *[0] * 10))
    assert (scores.best, scores.recommended, scores.simplest) == (slight, clear, FIRST)
    assert scores.is_better(slight, FIRST) and not scores.is_better(slight, clear)
    gained, p = scores.gained(clear, FIRST)
    assert gained.value == pytest.approx(0.75) and p < 0.01
    last = scores.tried()[-1]
    assert last.gained is None and last.overall.value == pytest.approx(2 / 12)


def test_of_equals_the_simplest_is_best() -> None:
    scores = Scores(4)
    scores.add(Setting(6, 0, "open", "no_think"), found(1, 1, 0, 0))
    scores.add(FIRST, found(0, 0, 1, 1))
    assert scores.best == scores.recommended == FIRST


def test_a_table_with_nothing_in_it_does_not_count() -> None:
    assert mean_f1(np.array([[1.0, 0, 0], [0, 0, 0]])) == 1
    assert mean_f1(np.array([[1.0, 0, 0], [0, 1, 1]])) == 0.5
    assert np.isnan(mean_f1(np.zeros((2, 3))))
