"""The report's plots. What they show by gold and what was spent is in the page's tables too."""

from collections.abc import Sequence

from extractor.evaluation.results import Agreement, Difference
from extractor.report import plots_found, plots_scores, plots_spent, plots_sure
from extractor.report.plot import Plot, PlotInput


def plots(
    arms: Sequence[PlotInput],
    ids: Sequence[str],
    differences: Sequence[Difference] = (),
    agreements: Sequence[Agreement] = (),
) -> list[Plot]:
    """All plots that these arms have data for."""
    made = (
        plots_scores.differences(differences),
        plots_scores.quality(arms, len(ids)),
        None if differences else plots_scores.agreement(agreements),
        *(plots_scores.by_type(arms, metric, noun) for metric, noun in plots_scores.KINDS),
        plots_sure.reliability(arms),
        *plots_found.found(arms, ids),
        plots_spent.tokens(arms, ids),
        plots_spent.seconds(arms, ids),
        plots_spent.ends(arms),
    )
    return [plot for plot in made if plot]
