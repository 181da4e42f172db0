"""Runs that are judged, with the file of their judgements: what every use of them begins with."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import UserError, did_you_mean
from extractor.evaluation.runs import Run, load_run, with_unique_labels
from extractor.evaluation.scored_tables import SCORED
from extractor.judging.file import NAME, Judgements, agreed, compared
from extractor.judging.pool import pool_of
from extractor.judging.standing import MARGIN, Standing, standing
from extractor.judging.words import sentence


@dataclass(frozen=True, slots=True)
class ToJudge:
    """What a person asked for: two or more output folders, and where not as usual, file, tables, seed and margin."""

    runs: Sequence[str]
    file: str | None = None
    tables: Sequence[str] = ()
    seed: int | None = None
    margin: float = MARGIN


@dataclass(frozen=True, slots=True)
class JudgedRuns:
    """Loaded runs and the judgements of them."""

    runs: Sequence[Run]
    held: Judgements
    margin: float

    def standing(self) -> Standing:
        """How it stands now, by all who have written to the file meanwhile."""
        held = Judgements.of(self.held.file, self.held.about, self.held.pool)
        return standing(held, [run.label for run in self.runs], self.margin, sentence)


def loaded(asked: ToJudge) -> JudgedRuns:
    """The runs and what is judged of them; UserError where they are too few, the same, or not those of the file."""
    if len(asked.runs) < 2:
        raise UserError("judging wants two or more output folders; give another")
    _check_tables(asked.tables)
    return of_runs(with_unique_labels([load_run(run) for run in asked.runs]), asked)


def of_runs(runs: Sequence[Run], asked: ToJudge) -> JudgedRuns:
    """The same of runs that are loaded already."""
    places = [Path(run.path).resolve() for run in runs]
    if twice := next((run.path for run, place in zip(runs, places, strict=True) if places.count(place) > 1), None):
        raise UserError(f"{twice} is there twice; what is judged is how different runs differ")
    file = Path(asked.file or Path(runs[0].path) / NAME)
    given = [*(["--table"] if asked.tables else []), *(["--seed"] if asked.seed is not None else [])]
    about = agreed(file, compared(runs, sorted(asked.tables), asked.seed or 0), given)
    pool = pool_of(runs)
    if about.tables:
        pool = pool.of_tables(about.tables)
    return JudgedRuns(runs, Judgements.of(file, about, pool), asked.margin)


def _check_tables(tables: Sequence[str]) -> None:
    known = [table.name for table in SCORED]
    for table in tables:
        if table not in known:
            raise UserError(f"--table {table}: one of {', '.join(known)}{did_you_mean(table, known)}")
