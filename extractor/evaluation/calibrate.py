"""Fits, on gold, what turns the raw confidence of a model into a share of right answers."""

import numpy as np
import numpy.typing as npt

from extractor.answers.calibration import Calibration, Platt, logit
from extractor.errors import UserError
from extractor.evaluation.gold import Gold
from extractor.evaluation.reliability import Graded, graded
from extractor.evaluation.runs import Numbers, Run
from extractor.evaluation.score import scored_ids

LEAST = 20  # rows of a table, right and wrong ones among them, below which nothing is fitted
STEPS = 50  # of Newton's; a few do


def calibrate(run: Run, gold: Gold) -> Calibration:
    """The calibration of the run's model on the documents that both have; UserError where there is nothing to fit."""
    if run.manifest.settings.get("calibration"):
        cure = f"judge its answers again without it: extract run --engine replay --from {run.path} --confidence"
        raise UserError(f"--calibrate: {run.path} was made with --calibration, its scores are not raw; {cure}")
    model = (run.manifest.identity or {}).get("model")
    fitted = {rows.table: _fitted(rows) for rows in graded(run, gold, scored_ids(run, gold)[0]) if _is_enough(rows)}
    if not isinstance(model, str) or not fitted:
        raise UserError(
            f"--calibrate: {run.path} has no table with {LEAST} rows that have a confidence and that gold knows to be"
            " right or wrong; run with --confidence, over more documents, and with gold that marks all of a table"
        )
    return Calibration(model, fitted)


def platt(scores: Numbers, right: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """a and b of right = 1 / (1 + exp(-(a · logit(score) + b))) of the greatest likelihood, a never below 0.

    The targets are Platt's (1999): a share less than one of so few rows is certain.
    """
    x, hits = np.array([logit(float(score)) for score in scores]), int(right.sum())
    target = np.where(right, (hits + 1) / (hits + 2), 1 / (len(right) - hits + 2))
    inputs, found = np.column_stack([x, np.ones(len(x))]), np.zeros(2)
    for _ in range(STEPS):
        said = 1 / (1 + np.exp(-np.clip(inputs @ found, -500, 500)))
        curve = inputs.T @ (inputs * np.maximum(said * (1 - said), 1e-3)[:, None])
        found = found + np.linalg.solve(curve + 1e-9 * np.eye(2), inputs.T @ (target - said))
    if found[0] < 0:  # what is surer is wronger: then it tells nothing
        return 0.0, logit(float(target.mean()))
    return float(found[0]), float(found[1])


def _is_enough(rows: Graded) -> bool:
    return len(rows.right) >= LEAST and 0 < rows.right.sum() < len(rows.right)


def _fitted(rows: Graded) -> Platt:
    return Platt(*platt(rows.confidence, rows.right), len(rows.right), int(rows.right.sum()))
