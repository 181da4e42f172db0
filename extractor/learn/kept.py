"""One engine for several rounds of runs: loaded once, lent to each, closed at the end."""

from extractor.engines.around import Lent
from extractor.engines.base import Engine
from extractor.jobs.prepare import Prepared
from extractor.pipeline.engines import EnginePool, MakeEngine


class KeptEngine:
    """Makes engines for runs; what one of them has closed is still there for the next that loads the same."""

    def __init__(self, make: MakeEngine) -> None:
        self._pool = EnginePool(make)

    def __call__(self, prepared: Prepared) -> Engine:
        """The engine that this job loads, on loan."""
        return Lent(self._pool.get(prepared))

    def close(self) -> None:
        """Ends it."""
        self._pool.close()
