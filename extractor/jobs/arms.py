"""The arms of a comparison: one job in several modes, each an output folder of its own."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from extractor.errors import UserError
from extractor.jobs.file import GivenJob
from extractor.jobs.job import make_job, or_one_of

ARMS = ("think", "no_think", "auto", "budget=N")


def arms_of(named: str, inputs: Sequence[str], folder: Path, flags: Mapping[str, Any]) -> list[GivenJob]:
    """A job for each arm in "think,no_think,budget=512", all over `inputs` with these flags, in FOLDER/ARM.

    UserError for an arm that there is not, for one alone, and for two that are the same.
    """
    arms = [word.strip() for word in named.split(",")]
    if len(arms) < 2:
        raise UserError(f"--run {named}: a comparison wants two or more arms, as in --run think,no_think")
    if "-" in inputs:
        raise UserError("--run reads INPUT once for each arm, and standard input only goes once; put it into a file")
    if flags.get("shard"):
        raise UserError(
            "--shard is for extract run; a comparison is of whole outputs: run the shards, then compare these"
        )
    asked = [_asked({**flags, **arm_settings(arm), "inputs": list(inputs), "out": folder / arm}) for arm in arms]
    _differ(arms, asked)
    return asked


def _asked(given: Mapping[str, Any]) -> GivenJob:
    return GivenJob(make_job(given), dict.fromkeys(given, "flag"))


def _differ(arms: Sequence[str], asked: Sequence[GivenJob]) -> None:
    first = dict[tuple[str, int | None], str]()
    for arm, one in zip(arms, asked, strict=True):
        what = (one.job.mode, one.job.thinking_budget)
        if what in first:
            raise UserError(f"--run: {first[what]} and {arm} ask the same; leave one out")
        first[what] = arm


def arm_settings(arm: str) -> dict[str, Any]:
    """The fields of a job that an arm sets. UserError for an arm that there is not."""
    if budget := re.fullmatch(r"budget=([1-9]\d*)", arm):
        return {"mode": "think", "thinking_budget": int(budget[1])}
    if arm not in ARMS[:3]:
        raise UserError(f"--run {arm}: no such arm{or_one_of(arm, ARMS)}")
    return {"mode": arm}
