"""Match a run against gold and keep, document by document, what every number is made of."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from extractor.errors import UserError
from extractor.evaluation.fields import FieldHit, attribute_hits, record_hits
from extractor.evaluation.gold import Gold
from extractor.evaluation.runs import Numbers, Run
from extractor.evaluation.scored_tables import FURTHER
from extractor.evaluation.summaries import references, rouge
from extractor.evaluation.tally import Matched, MetricCounts, match_document, tallies
from extractor.tables import ENTITIES


@dataclass(frozen=True, slots=True)
class Mean:
    """values[document, (sum, weight)] of one average."""

    metric: str
    scope: str  # "all" or "field"
    name: str
    values: Numbers


@dataclass(frozen=True, slots=True)
class Scored:
    """One run's documents, matched, in the order of `ids`; comparisons pair two of these row by row."""

    ids: tuple[str, ...]
    languages: tuple[str, ...]  # "" where unknown
    tallies: tuple[MetricCounts, ...]
    means: tuple[Mean, ...]


def score(run: Run, gold: Gold, ids: Sequence[str]) -> Scored:
    """Match the gold documents `ids`, one by one."""
    kept = run.values("lang", ids)
    languages = tuple(gold.documents[i].lang or lang or "" for i, lang in zip(ids, kept, strict=True))
    matched = [match_document(run, gold, doc_id) for doc_id in ids]
    means = (*_rouge(run, gold, ids), *_records(run, gold, ids), *_attributes(matched))
    return Scored(tuple(ids), languages, tuple(tallies(gold, matched)), means)


def scored_ids(run: Run, gold: Gold) -> tuple[list[str], list[str]]:
    """The gold documents to score, sorted, and notes on those that are not.

    A gold document that the run never settled is pending, and scored as nothing found, if the manifest owns up to at
    least as many pending documents; else it was never asked for and is left out.
    """
    known, notes = unseen([run], gold, gold.documents)
    absent = set(known) - set(run.rows)
    if absent and len(absent) <= run.pending:
        return sorted(known), [*notes, f"{len(absent)} pending gold documents are scored as nothing found"]
    notes += [f"{len(absent)} gold documents are not in the run and not scored"] if absent else []
    return sorted(set(known) & set(run.rows)), notes


def unseen(runs: Sequence[Run], gold: Gold, ids: Iterable[str]) -> tuple[list[str], list[str]]:
    """Those of the gold documents `ids` that no run was shown as worked examples, and a note on the others.

    UserError where none is left.
    """
    shown = [run.shown for run in runs]
    documents = {i: gold.documents[i] for i in ids}
    known = [i for i, d in documents.items() if not any(i in names or d.text in texts for names, texts in shown)]
    if documents and not known:
        raise UserError(
            f"{gold.source}: all of its documents were shown to the run as examples, so that they say nothing of it;"
            " review others, or measure what examples gain with extract learn"
        )
    left = len(documents) - len(known)
    return known, [f"{left} gold documents that were shown as examples are not scored"] if left else []


def _rouge(run: Run, gold: Gold, ids: Sequence[str]) -> list[Mean]:
    documents = [gold.documents[i] for i in ids]
    if not any(map(references, documents)):
        return []
    by_kind = rouge(documents, [run.summaries.get(i) for i in ids])
    return [Mean(kind, "all", "", _pairs(values)) for kind, values in by_kind.items()]


def _pairs(values: Sequence[float | None]) -> Numbers:
    return np.array([(0.0, 0.0) if value is None else (value, 1.0) for value in values]).reshape(-1, 2)


def _records(run: Run, gold: Gold, ids: Sequence[str]) -> list[Mean]:
    wanted = [gold.documents[i].record or {} for i in ids]
    return _field_means("record", [record_hits(r, g) for r, g in zip(run.values("record", ids), wanted, strict=True)])


def _attributes(matched: Sequence[Matched]) -> list[Mean]:
    named = [("attribute", ENTITIES), *((table.one, table) for table in FURTHER)]
    return [mean for name, table in named for mean in _field_means(name, [attribute_hits(m, table) for m in matched])]


def _field_means(kind: str, hits: Sequence[Sequence[FieldHit]]) -> list[Mean]:
    fields = sorted({hit.field for row in hits for hit in row})
    rules: tuple[tuple[str, Callable[[FieldHit], bool]], ...] = (
        ("exact", lambda h: h.exact),
        ("value", lambda h: h.value),
    )
    means = []
    for rule, right in rules:
        if fields:
            means.append(Mean(f"{kind}_{rule}", "all", "", _share(hits, right, fields)))
        means += [Mean(f"{kind}_{rule}", "field", field, _share(hits, right, [field])) for field in fields]
    return means


def _share(hits: Sequence[Sequence[FieldHit]], right: Callable[[FieldHit], bool], fields: Iterable[str]) -> Numbers:
    wanted = set(fields)
    of_interest = [[right(hit) for hit in row if hit.field in wanted] for row in hits]
    return np.array([(sum(row), len(row)) for row in of_interest], dtype=np.float64).reshape(-1, 2)
