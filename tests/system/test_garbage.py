"""How often Python looks for objects that hold each other."""

import gc

import pytest

from extractor.system.garbage import SELDOM, seldom_searched


@pytest.mark.parametrize("before, within", [(700, SELDOM), (SELDOM + 1, SELDOM + 1), (0, 0)])
def test_it_is_seldom_for_a_while(before: int, within: int) -> None:
    kept = gc.get_threshold()
    try:
        gc.set_threshold(before, 10, 10)
        with pytest.raises(ValueError), seldom_searched():
            assert gc.get_threshold()[0] == within
            raise ValueError
        assert gc.get_threshold() == (before, 10, 10)
    finally:
        gc.set_threshold(*kept)
