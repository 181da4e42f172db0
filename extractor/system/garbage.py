"""Python's search for objects that hold each other: seldom, while many are made that do not."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = 50_000  # objects more than at the last search; Python's own choice is 700


@contextmanager
def seldom_searched() -> Iterator[None]:
    """Within, Python looks through new objects at every SELDOM of them.

    What a settled document leaves goes when nobody holds it any more; the rows of a part stay until its commit, and
    would be looked through again and again, which takes a fifth of our time.
    """
    before = gc.get_threshold()
    gc.set_threshold(max(SELDOM, before[0]) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
