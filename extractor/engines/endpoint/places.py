"""How many requests a server is given at once, and when it is left alone: no clock and no network of its own."""

import random

LONGEST = 60.0  # seconds that a server is left alone, at most
DOWN = 2  # failures in a row from which on a server counts as down: one may be a connection that was cut


class Places:
    """The places of one server. Moments are seconds of a monotonic clock.

    A full server gets half as many requests, and by each answer a little more again. One that is down is left alone,
    ever longer, and then asked one request, until it answers that.
    """

    def __init__(self, window: int) -> None:
        self.window, self.limit = window, float(window)
        self.held = self.suspects = self.failures = 0
        self.rests_until = 0.0
        self._changed, self._full = 0.0, 0

    @property
    def is_down(self) -> bool:
        """Whether it failed again and again."""
        return self.failures >= DOWN

    def widen(self, window: int) -> None:
        """It is found to take so many."""
        self.window, self.limit = window, float(window)

    def room(self, now: float) -> int:
        """Requests it may be given now; less than none where it holds more than it should."""
        return 0 if now < self.rests_until else (1 if self.is_down else int(self.limit)) - self.held

    def answered(self) -> None:
        """An answer came."""
        self.failures = self._full = 0
        self.limit = min(self.window, self.limit + 1 / self.limit)

    def full(self, sent: float, now: float, pause: float | None) -> None:
        """It has no room, it says to a request that was sent then; `pause` is what it asks for."""
        if sent < self._changed:  # of the same batch as one that has told it already
            self.rests_until = max(self.rests_until, now + min(pause or 0.0, LONGEST))
            return
        self.limit = max(1.0, self.limit / 2)
        self._rest(now, self._full if pause is None else None, pause)
        self._full += 1

    def failed(self, sent: float, now: float) -> None:
        """No answer came to a request that was sent then."""
        if sent < self._changed:
            return
        self.failures += 1
        self._rest(now, self.failures - DOWN if self.is_down else None)

    def down(self, now: float) -> None:
        """It is not there, for all that is known."""
        self.failures = max(self.failures, DOWN - 1)
        self.failed(now, now)

    def _rest(self, now: float, doublings: int | None, pause: float | None = None) -> None:
        if doublings is not None:
            pause = 0.5 * 2 ** min(doublings, 10) * random.uniform(0.75, 1.25)
        self.rests_until, self._changed = max(self.rests_until, now + min(pause or 0.0, LONGEST)), now
