"""Requests that wait for a place at one of several servers."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

from extractor.engines.endpoint.host import Host


class Line:
    """First come, first served; those that may end servers stand in a line of their own, one at a server at a time."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        self._hosts, self._freed = hosts, asyncio.Event()
        self._turns = {False: asyncio.Lock(), True: asyncio.Lock()}

    async def take(self, is_suspect: bool) -> Host:
        """A place at the server that has the most room, as soon as there is one; to be given back."""
        async with self._turns[is_suspect]:
            while not (host := self._free(is_suspect)):
                self._freed.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._freed.wait(), self._rest())
        host.places.held += 1
        host.places.suspects += is_suspect
        return host

    def give_back(self, host: Host, is_suspect: bool) -> None:
        """The place is free again."""
        host.places.held -= 1
        host.places.suspects -= is_suspect
        self._freed.set()

    def _free(self, is_suspect: bool) -> Host | None:
        now = time.monotonic()
        usable = [host for host in self._hosts if not (is_suspect and host.places.suspects)]
        best = max(usable, key=lambda host: host.places.room(now), default=None)
        return best if best and best.places.room(now) > 0 else None

    def _rest(self) -> float:
        """Seconds until a server that is left alone may be asked again."""
        now = time.monotonic()
        return min(
            (host.places.rests_until - now for host in self._hosts if host.places.rests_until > now), default=1.0
        )
