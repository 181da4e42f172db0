"""What a run spent: tokens, seconds, how thinking ended, cost."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from extractor.evaluation.intervals import share
from extractor.evaluation.results import Evaluation, Resources, Spread
from extractor.evaluation.runs import SECONDS, TOKENS, Numbers, Run
from extractor.evaluation.scored_tables import STRICT

CUT_OFF = ("truncated",)  # problems
IN_ENGINE = ("first_token_seconds", "thinking_seconds", "answer_seconds")


def resources(
    run: Run, ids: Sequence[str], each: float | None, evaluation: Evaluation | None, price: float | None
) -> Resources:
    """What `run` spent on `ids`, at `each` seconds for one document; `price` is for an hour of the machine."""
    tokens = {column.removesuffix("_tokens"): run.numbers(column, ids) for column in TOKENS}
    tokens["written"] = written_tokens(run, ids)
    seconds = {column.removesuffix("_seconds"): run.numbers(column, ids) for column in SECONDS}
    seconds["all"] = _added([run.numbers(column, ids) for column in SECONDS])
    cost = each * price / 3600 if each and price is not None else None
    written = float(np.nanmean(tokens["written"])) if not np.isnan(tokens["written"]).all() else None
    ends = Counter(sorted(end for end in run.values("thinking_end", ids) if end))
    return Resources(
        tokens={name: _spread(values) for name, values in tokens.items()},
        seconds={name: _spread(values) for name, values in seconds.items()},
        thinking_end=dict(ends.most_common()),
        truncated=share(_truncated(run, ids), len(ids)),
        wall_seconds=each * len(ids) if each else None,
        documents_per_second=1 / each if each else None,
        tokens_per_second=written / each if each and written is not None else None,
        cost_per_1000_documents=cost * 1000 if cost is not None else None,
        cost_per_correct_item=_per_hit(cost, evaluation),
        tokens_per_correct_item=_per_hit(written, evaluation),
    )


def seconds_per_document(run: Run) -> float | None:
    """Wall clock that a run's last session took for a document it settled, without loading the model.

    Arms that shared one engine (`interleaved` in the manifest) recorded the wall clock of the whole: theirs of it is
    their share of the time that requests stayed in the engine, for places in the batch are what they shared.
    """
    work = run.last_work
    settled = sum(work.settled.values())
    seconds = work.seconds - work.load_seconds
    return seconds * work.engine_share / settled if settled and seconds > 0 else None


def written_tokens(run: Run, ids: Sequence[str]) -> Numbers:
    """Output tokens of each document over all attempts, or of the last where only that is known; NaN if neither is."""
    last = _added([run.numbers(column, ids) for column in ("thinking_tokens", "answer_tokens")])
    every = run.numbers("total_tokens", ids)
    return np.where(np.isnan(every), last, every)


def _added(columns: Sequence[Numbers]) -> Numbers:
    stack = np.array(columns)
    return np.where(np.isnan(stack).all(axis=0), np.nan, np.nansum(stack, axis=0))


def _spread(values: Numbers) -> Spread:
    known = values[~np.isnan(values)]
    if not len(known):
        return Spread(None, None, None)
    return Spread(float(known.sum()), float(np.median(known)), float(np.percentile(known, 95)))


def _truncated(run: Run, ids: Sequence[str]) -> int:
    pairs = zip(run.values("problem", ids), run.values("thinking_end", ids), strict=True)
    return sum(problem in CUT_OFF or end == "truncated" for problem, end in pairs)


def _per_hit(spent: float | None, evaluation: Evaluation | None) -> float | None:
    """`spent` for each document, over strict hits for each document."""
    if spent is None or evaluation is None:
        return None
    strict = [s for s in evaluation.scores if s.scope == "micro" and s.metric in STRICT]
    hits = sum(s.hits for s in strict)
    return spent * evaluation.documents / hits if hits else None
