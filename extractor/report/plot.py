"""What plots are made of, and what they are."""

from dataclasses import dataclass

from extractor.evaluation.results import Evaluation, Resources
from extractor.evaluation.runs import Run


@dataclass(frozen=True, slots=True)
class PlotInput:
    """One arm as the plots see it."""

    run: Run
    resources: Resources
    evaluation: Evaluation | None


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture, what it shows, and how to read it."""

    title: str
    caption: str
    svg: str
