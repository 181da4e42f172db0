"""What was judged blind, told beside what gold says of the same runs and never mixed with it."""

from collections.abc import Sequence
from pathlib import Path

from extractor.errors import UserError
from extractor.evaluation.runs import Run
from extractor.judging.rows import EXPLAINED, named_tables
from extractor.judging.session import ToJudge, of_runs
from extractor.judging.standing import Standing
from extractor.report.render import BesideGold


def judged_in(file: str, runs: Sequence[Run]) -> Standing:
    """What a file of judgements says of these runs; UserError where there is none, or it is about others."""
    if not Path(file).is_file():
        raise UserError(f"--judgements {file}: no such file; extract judge makes one")
    return of_runs(runs, ToJudge([run.path for run in runs], file)).standing()


def beside_gold(told: Standing) -> BesideGold:
    """The same for the page of a comparison."""
    said = named_tables(told)
    notes = [f"Judged blind: {line}." for line in (*(EXPLAINED if said else ()), *told.notes)]
    return BesideGold([f"Judged blind: {told.verdict}"], notes, said)
