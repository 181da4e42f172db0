"""What a person sees while a run is under way, on stderr."""

import sys
import time
from types import TracebackType

from tqdm import tqdm

from extractor.types import Settlement


class Bar:
    """A bar with documents/s, tokens/s, quarantined so far and time left; silent with `quiet`."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: tqdm | None = None
        self._tokens, self._quarantined, self._since = 0, 0, time.monotonic()

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()

    def begin(self, total: int | None) -> None:
        """The input is counted: `total` documents, None where it can not be."""
        self._bar = tqdm(
            total=total, unit="doc", disable=self._quiet, dynamic_ncols=True, smoothing=0.05, file=sys.stderr
        )

    def loading(self, model: str) -> None:
        """The model is about to be loaded."""
        self._describe(f"loading {model}")

    def loaded(self) -> None:
        """The model is there; rates count from now."""
        self._describe("")
        self._since = time.monotonic()
        if self._bar is not None:
            self._bar.unpause()

    def skipped(self) -> None:
        """One document was settled by an earlier run."""
        if self._bar is not None:
            self._bar.update()

    def settled(self, settlement: Settlement) -> None:
        """One document is done."""
        asked = [c for step in settlement.attempts for c in (step.completion, step.completion.request.thought)]
        self._tokens += sum(completion.output_tokens for completion in asked if completion)
        self._quarantined += settlement.kept.problem is not None
        if self._bar is not None:
            rate = self._tokens / max(time.monotonic() - self._since, 1e-9)
            self._bar.set_postfix_str(f"{rate:,.0f} tok/s, {self._quarantined} quarantined", refresh=False)
            self._bar.update()

    def _describe(self, text: str) -> None:
        if self._bar is not None:
            self._bar.set_description_str(text)
