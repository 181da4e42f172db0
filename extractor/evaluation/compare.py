"""Set runs side by side on the documents that all of them settled."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from extractor.errors import UserError
from extractor.evaluation import intervals
from extractor.evaluation.agreement import agreement, disagreements, shared_parts
from extractor.evaluation.differences import Draws, adjusted, differences
from extractor.evaluation.evaluate import problems, rates, summarise
from extractor.evaluation.gold import Gold
from extractor.evaluation.resources import resources, seconds_per_document
from extractor.evaluation.results import Arm, Comparison, Difference, Evaluation
from extractor.evaluation.runs import Numbers, Run, with_unique_labels
from extractor.evaluation.score import Scored, score, unseen
from extractor.evaluation.verdict import verdict


def compare(
    runs: Sequence[Run], gold: Gold | None, *, gpu_hour_price: float | None = None, seed: int = 0, resamples: int = 1000
) -> Comparison:
    """Every arm against the first: quality if there is gold, agreement, tokens, seconds, cost and a verdict."""
    runs, ids = with_unique_labels(runs), _joined(runs)
    scored_ids = [doc_id for doc_id in ids if gold and doc_id in gold.documents]
    if gold and not scored_ids:
        raise UserError(f"{gold.source} has none of the {len(ids)} documents that all runs share; check its doc_id")
    known, notes = len(scored_ids), list[str]()
    if gold:
        scored_ids, notes = unseen(runs, gold, scored_ids)
    scored = [score(run, gold, scored_ids) for run in runs] if gold else []
    weights = intervals.resampled(len(ids), resamples, seed)
    draws = _draws(len(scored_ids), resamples, seed)
    evaluations = (
        [summarise(r, gold, s, draws.weights, seed=seed) for r, s in zip(runs, scored, strict=True)] if gold else []
    )
    arms = _arms(runs, ids, evaluations, gpu_hour_price)
    parts = [shared_parts(runs[0], run, ids) for run in runs[1:]]
    agreed = tuple(agreement(runs[0], run, part, weights) for run, part in zip(runs[1:], parts, strict=True))
    found = _differences(runs, scored, _lengths(runs[0], gold, scored_ids), draws) if gold else []
    missing = {run.label: len(run.rows) - len(ids) for run in runs}
    return Comparison(
        verdict=verdict(arms, found, agreed, len(scored_ids)),
        arms=tuple(arms),
        documents=len(ids),
        scored=len(scored_ids),
        not_joined=missing,
        differences=tuple(found),
        agreements=agreed,
        disagreements=tuple(disagreements(ids, parts)),
        gpu_hour_price=gpu_hour_price,
        notes=(*_notes(gold, len(ids), known, missing), *notes),
        seed=seed,
        resamples=resamples,
    )


def _joined(runs: Sequence[Run]) -> list[str]:
    if len(runs) < 2:
        raise UserError("a comparison wants two or more output folders; give another, or use `extract evaluate`")
    places = [Path(run.path).resolve() for run in runs]
    if twice := next((run.path for run, place in zip(runs, places, strict=True) if places.count(place) > 1), None):
        raise UserError(f"{twice} is there twice; a comparison is of different runs")
    ids = sorted(set(runs[0].rows).intersection(*(run.rows for run in runs[1:])))
    if not ids:
        names = ", ".join(run.path for run in runs)
        raise UserError(f"{names} share no doc_id; compare runs over the same documents with the same --id-column")
    return ids


def _draws(documents: int, resamples: int, seed: int) -> Draws:
    if not documents:
        return Draws(np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32))
    weights = intervals.resampled(documents, resamples, seed)
    return Draws(weights, intervals.coin_flips(documents, resamples, seed))


def _arms(runs: Sequence[Run], ids: Sequence[str], evaluations: Sequence[Evaluation], price: float | None) -> list[Arm]:
    of_run: Sequence[Evaluation | None] = evaluations or [None] * len(runs)
    arms = []
    for run, evaluation in zip(runs, of_run, strict=True):
        spent = resources(run, ids, seconds_per_document(run), evaluation, price)
        shares = rates([s or "pending" for s in run.values("status", ids)])
        arms.append(Arm(run.label, run.path, run.mode, shares, problems(run, ids), spent, evaluation))
    return arms


def _differences(runs: Sequence[Run], scored: Sequence[Scored], lengths: Numbers, draws: Draws) -> list[Difference]:
    pairs = zip(runs[1:], scored[1:], strict=True)
    return adjusted(
        [d for run, s in pairs for d in differences(scored[0], s, (runs[0].label, run.label), lengths, draws)]
    )


def _lengths(run: Run, gold: Gold | None, ids: Sequence[str]) -> Numbers:
    """How long each document is: code points of the gold text, or else prompt tokens."""
    texts = [gold.documents[i].text if gold else None for i in ids]
    prompts = run.numbers("prompt_tokens", ids)
    return prompts if None in texts else np.array([len(text or "") for text in texts], dtype=np.float64)


def _notes(gold: Gold | None, joined: int, known: int, missing: dict[str, int]) -> list[str]:
    notes = [f"{n} documents of {label} are not in every run and left out" for label, n in missing.items() if n]
    if gold and known < joined:
        notes.append(f"{joined - known} of {joined} joined documents have no gold and are not scored")
    return notes
