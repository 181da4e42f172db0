"""Score one run against gold."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from extractor.errors import UserError
from extractor.evaluation import intervals
from extractor.evaluation.gold import Gold
from extractor.evaluation.intervals import Estimate, Measure, Weights
from extractor.evaluation.reliability import graded, reliability
from extractor.evaluation.results import Average, DocumentScore, Evaluation, Score
from extractor.evaluation.runs import Numbers, Run
from extractor.evaluation.score import Mean, Scored, score, scored_ids
from extractor.evaluation.scored_tables import FURTHER, STRICT
from extractor.evaluation.tally import MetricCounts
from extractor.tables import ENTITIES, RELATIONS


def evaluate(run: Run, gold: Gold, *, seed: int = 0, resamples: int = 1000) -> Evaluation:
    """Every metric of `run` on the documents that both have, with bootstrap intervals.

    A quarantined document, and a pending one (see `scored_ids`), counts as one in which nothing was found.
    """
    ids, notes = scored_ids(run, gold)
    if not ids:
        raise UserError(
            f"{run.path} and {gold.source} share no doc_id; check --id-column of the run and doc_id of the gold"
        )
    weights = intervals.resampled(len(ids), resamples, seed)
    return summarise(run, gold, score(run, gold, ids), weights, seed=seed, notes=notes)


def summarise(
    run: Run, gold: Gold, scored: Scored, weights: Weights, *, seed: int, notes: Sequence[str] = ()
) -> Evaluation:
    """The evaluation of what was scored; `weights` are those of `seed`."""
    status = [s or "pending" for s in run.values("status", scored.ids)]
    partial = [kind for kind, annotation in gold.annotation.items() if annotation == "partial"]
    return Evaluation(
        label=run.label,
        path=run.path,
        gold=gold.source,
        documents=len(scored.ids),
        scores=tuple(s for tally in scored.tallies for s in _scores(tally, scored.languages, weights)),
        averages=tuple(a for mean in scored.means for a in _averages(mean, scored.languages, weights)),
        rates=rates(status),
        problems=problems(run, scored.ids),
        gold_without_document=tuple(sorted(set(gold.documents) - set(run.rows))),
        documents_without_gold=tuple(sorted(set(run.rows) - set(gold.documents))),
        by_document=tuple(_document_scores(scored, status)),
        notes=(
            *notes,
            *(f"gold marks only some {kind}: recall alone can be told" for kind in partial),
            *few(scored.ids),
        ),
        seed=seed,
        resamples=len(weights),
        reliability=tuple(reliability(rows, weights) for rows in graded(run, gold, scored.ids)),
    )


def few(ids: Sequence[str]) -> list[str]:
    """A warning where there are too few documents for the intervals."""
    n = len(ids)
    return [f"with {n} documents the true 95 % intervals are wider than these"] if n < intervals.ENOUGH else []


def rates(status: Sequence[str]) -> dict[str, Estimate]:
    """Shares of documents with a valid answer, an empty one (valid too), quarantined and pending."""
    count, n = Counter(status), len(status)
    shares = {kind: intervals.share(count[kind], n) for kind in ("empty", "quarantined", "pending")}
    return {"valid": intervals.share(count["ok"] + count["empty"], n), **shares}


def problems(run: Run, ids: Sequence[str]) -> dict[str, int]:
    """How often each kind of problem befell the documents, most frequent first."""
    return dict(Counter(sorted(p for p in run.values("problem", ids) if p)).most_common())


def language_masks(languages: Sequence[str]) -> dict[str, Numbers]:
    """For each known language a 0/1 column over documents."""
    return {s: np.array([float(one == s) for one in languages]) for s in sorted(set(languages) - {""})}


def _scores(tally: MetricCounts, languages: Sequence[str], weights: Weights) -> list[Score]:
    def scope(kind: str, names: Sequence[str], values: Numbers, over: Callable[[Measure], Measure]) -> list[Score]:
        measures = [over(measure) for measure in (intervals.precision, intervals.recall, intervals.f1)]
        estimates = intervals.bootstrap(values, measures, weights)
        counts = values if values.ndim == 3 else values.sum(axis=2)
        rows = zip(names, estimates, np.moveaxis(counts, 1, 0), strict=True)
        return [_score(tally, (kind, name), found, rows_of) for name, found, rows_of in rows if rows_of.any()]

    micro, masks = tally.counts.sum(axis=1), language_masks(languages)
    return [
        *scope("micro", [""], micro[:, None], lambda m: m),
        *(scope("macro", [""], tally.counts[:, None], intervals.macro) if tally.types else ()),
        *(scope("type", [*tally.types, "(other)"], tally.counts, lambda m: m) if tally.types else ()),
        *(
            s
            for n, mask in masks.items()
            for s in scope("language", [n], (micro * mask[:, None])[:, None], lambda m: m)
        ),
    ]


def _score(tally: MetricCounts, scope: tuple[str, str], found: tuple[Estimate, ...], counts: Numbers) -> Score:
    hits, spurious, missed = (int(n) for n in counts.sum(axis=0))
    whole = tally.annotation == "exhaustive"
    return Score(
        metric=tally.metric,
        scope=scope[0],
        name=scope[1],
        precision=found[0] if whole else None,
        recall=found[1],
        f1=found[2] if whole else None,
        hits=hits,
        spurious=spurious if whole else None,
        missed=missed,
        documents=int(counts.any(axis=1).sum()),
    )


def _averages(mean: Mean, languages: Sequence[str], weights: Weights) -> list[Average]:
    masks = {("all" if mean.scope == "all" else mean.scope, mean.name): np.ones(len(languages))}
    if mean.scope == "all":
        masks |= {("language", spoken): mask for spoken, mask in language_masks(languages).items()}
    averages = []
    for (scope, name), mask in masks.items():
        values = mean.values * mask[:, None]
        estimate = intervals.bootstrap(values[:, None], [intervals.mean], weights)[0][0]
        averages.append(Average(mean.metric, scope, name, estimate, int(values[:, 1].sum())))
    return [average for average in averages if average.n]


def _document_scores(scored: Scored, status: Sequence[str]) -> list[DocumentScore]:
    counts = {t.metric: [_whole(row) for row in t.counts.sum(axis=1)] for t in scored.tallies}
    strict = {STRICT[metric].name: rows for metric, rows in counts.items() if metric in STRICT}
    rouge = next((mean.values for mean in scored.means if mean.metric == "rougeL"), None)
    return [
        DocumentScore(
            doc_id=doc_id,
            status=state,
            entities=strict[ENTITIES.name][row] if ENTITIES.name in strict else None,
            relations=strict[RELATIONS.name][row] if RELATIONS.name in strict else None,
            rouge_l=float(rouge[row][0]) if rouge is not None and rouge[row][1] else None,
            further={table.name: strict[table.name][row] for table in FURTHER if table.name in strict},
        )
        for row, (doc_id, state) in enumerate(zip(scored.ids, status, strict=True))
    ]


def _whole(counts: Numbers) -> tuple[int, int, int]:
    hits, spurious, missed = counts.astype(int).tolist()
    return hits, spurious, missed
