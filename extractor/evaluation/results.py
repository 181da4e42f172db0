"""What evaluate and compare give back: frozen data, ready for dataclasses.asdict. Shares and F1 run from 0 to 1."""

from dataclasses import dataclass, field

from extractor.evaluation.intervals import Estimate


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 of one metric in one scope; with partial annotation, recall alone."""

    metric: str  # entity_strict, relation_strict and so on: see scored_tables.metrics_of
    scope: str  # "micro", "macro", "type" or "language"
    name: str  # the type ("(other)": types that gold does not know) or language; "" for micro and macro
    precision: Estimate | None
    recall: Estimate
    f1: Estimate | None
    hits: int
    spurious: int | None  # None: partial annotation cannot tell
    missed: int
    documents: int  # that have something of this scope


@dataclass(frozen=True, slots=True)
class Average:
    """A mean over documents (ROUGE) or over values (fields, attributes); `n` of them."""

    metric: str  # rouge1, rouge2, rougeL; _exact and _value of record, attribute (of entities), and further tables
    scope: str  # "all", "language" or "field"
    name: str  # the language or field, "" for all
    estimate: Estimate
    n: int


@dataclass(frozen=True, slots=True)
class DocumentScore:
    """Strict (hits, found beyond gold, missed) in one document, and its ROUGE-L; None where gold has none."""

    doc_id: str
    status: str  # ok, empty, quarantined or pending
    entities: tuple[int, int, int] | None
    relations: tuple[int, int, int] | None
    rouge_l: float | None
    further: dict[str, tuple[int, int, int]] = field(default_factory=dict)  # by table, of those that gold marks


@dataclass(frozen=True, slots=True)
class Bin:
    """The rows whose confidence lies in [low, high): how many, their mean confidence, and the share that is right."""

    low: float
    high: float
    items: int
    confidence: float
    right: Estimate


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far the confidence of a table's rows can be relied on, by the strict rules.

    `auroc`: the chance that a right row has a higher one than a wrong row (0.5: it tells nothing). `ece`, the expected
    calibration error: how far confidence and share of right rows are apart on average over ten bins.
    """

    table: str
    items: int
    right: int
    mean: float  # confidence
    auroc: Estimate
    ece: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All there is to say about one run against gold; intervals are 95 %, by document."""

    label: str
    path: str
    gold: str
    documents: int  # scored
    scores: tuple[Score, ...]
    averages: tuple[Average, ...]
    rates: dict[str, Estimate]  # valid (ok or empty), empty, quarantined, pending: shares of the scored documents
    problems: dict[str, int]
    gold_without_document: tuple[str, ...]
    documents_without_gold: tuple[str, ...]
    by_document: tuple[DocumentScore, ...]
    notes: tuple[str, ...]
    seed: int
    resamples: int
    reliability: tuple[Reliability, ...] = ()  # of the tables whose rows have a confidence, where gold marks them all


@dataclass(frozen=True, slots=True)
class Spread:
    """How a number is spread over documents: sum, median and 95th percentile; None where it was not recorded."""

    total: float | None
    median: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Resources:
    """What an arm spent on the joined documents. `wall_seconds` is the run's wall clock, scaled to them."""

    tokens: dict[str, Spread]  # prompt, cached, thinking, answer, written (thinking + answer)
    seconds: dict[str, Spread]  # queue, first_token, thinking, answer, all
    thinking_end: dict[str, int]
    truncated: Estimate  # share of documents whose thought or answer hit its limit
    wall_seconds: float | None
    documents_per_second: float | None
    tokens_per_second: float | None  # written
    cost_per_1000_documents: float | None  # in the currency of gpu_hour_price
    cost_per_correct_item: float | None
    tokens_per_correct_item: float | None  # written; correct: strict hits in all tables


@dataclass(frozen=True, slots=True)
class Arm:
    """One run of a comparison, on the joined documents."""

    label: str
    path: str
    mode: str | None
    rates: dict[str, Estimate]
    problems: dict[str, int]
    resources: Resources
    evaluation: Evaluation | None


@dataclass(frozen=True, slots=True)
class Difference:
    """arm − base in one metric, paired by document. `adjusted_p` is Holm's, over the headline or over the splits."""

    arm: str
    base: str
    metric: str
    measure: str  # "f1", "recall" (partial annotation) or "mean" (ROUGE)
    scope: str  # "micro", "macro", "all" (ROUGE), "length" or "language"
    name: str  # "short", "long" or the language; "" for all documents
    estimate: Estimate
    p: float
    adjusted_p: float
    documents: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two arms say the same: |both| / |either| pooled over documents; None where neither says anything."""

    arm: str
    base: str
    entities: Estimate  # by (name, type)
    relations: Estimate  # by (subject, predicate, object)
    summaries: Estimate  # mean similarity
    further: dict[str, Estimate] = field(default_factory=dict)  # by table, of those that either has rows of

    @property
    def by_kind(self) -> dict[str, Estimate]:
        """All of them, by what they are about."""
        return {"entities": self.entities, "relations": self.relations, **self.further, "summaries": self.summaries}


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One document and how far the arms agree on it: the mean over arms and kinds, 0 to 1."""

    doc_id: str
    agreement: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """All there is to say about runs side by side; the first arm is the base of every difference."""

    verdict: str
    arms: tuple[Arm, ...]
    documents: int  # settled in every arm
    scored: int  # of these, in gold too
    not_joined: dict[str, int]  # by arm: documents that another arm lacks
    differences: tuple[Difference, ...]
    agreements: tuple[Agreement, ...]
    disagreements: tuple[Disagreement, ...]  # least agreement first
    gpu_hour_price: float | None
    notes: tuple[str, ...]
    seed: int
    resamples: int
