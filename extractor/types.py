"""What flows through the house: Document → Request → Completion → Extraction → Settlement."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import Field

if TYPE_CHECKING:
    import pyarrow as pa

Mode = Literal["no_think", "think", "auto"]
ThinkingMode = Literal["no_think", "think"]
RelationsMode = Literal["open", "closed"]
WireForm = Literal["plain", "tight", "arrays", "tight-arrays"]
Finish = Literal["stop", "length", "repetition", "error", "aborted"]  # aborted: dropped, as if it was never asked
ThinkingEnd = Literal["none", "closed", "budget", "truncated", "ended_inside", "repetition"]
Status = Literal["ok", "empty", "quarantined"]
TEXT_STORED = 100_000  # characters of a quarantined document's text that are stored
EXAMPLES_SHOWN = 6  # of many worked examples, those that every document is shown, at most
HOTTEST = 2.0  # the highest temperature that vLLM draws at
Ends = tuple[frozenset[str] | None, frozenset[str] | None]  # types of a relation's subject and object; None = any

ProblemKind = Literal[
    # settled by the reader, no model asked
    "bad_line",  # not JSON, not an object, or over the line limit
    "bad_encoding",  # not UTF-8, or a lone surrogate
    "no_text",  # text missing, null, blank or of the wrong type
    "missing_id",  # the id column is null or empty in this row
    "duplicate_id",  # an earlier row of this run has the same id
    "unreadable",  # a file, or the rest of it, cannot be read: only in outputs of earlier versions
    # settled by the request builder
    "bad_mode",  # the mode column holds no mode, or one that this model cannot do
    "too_long",  # prompt and answer do not fit the context
    # found by the judge
    "truncated",  # the answer hit its token limit
    "unparsable",  # the answer is no JSON
    "invalid",  # JSON, but against the schema
    "repetition",  # endless repetition, stopped early
    "engine",  # the engine refused or dropped this request
]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a document (or one attempt at it) gave no answer: its kind and one line for a person."""

    kind: ProblemKind
    detail: str


@dataclass(frozen=True, slots=True)
class SourceFault:
    """Rows that could not be had from a source, which is no fault of theirs: they are pending."""

    source: str  # as people know it
    first: int  # the first of these rows, from 1
    rows: int | None  # how many; None where only the source could tell
    detail: str  # one line, without the source's name

    def covers(self, row: int) -> bool:
        """Whether the row of this number is one of them."""
        return self.first <= row < self._end

    def in_common(self, other: "SourceFault") -> "SourceFault | None":
        """The rows that are missing in both, of two readings of the same source; None where there are no such."""
        later, end = max(self, other, key=lambda fault: fault.first), min(self._end, other._end)
        rows = None if end == inf else int(end) - later.first
        return replace(later, rows=rows) if later.first < end else None

    @property
    def _end(self) -> float:
        return inf if self.rows is None else self.first + self.rows


class KeptRow(NamedTuple):
    """One row of an Arrow batch that holds the columns named by --keep, and no others."""

    batch: "pa.RecordBatch"
    row: int


KeptValues = KeptRow | dict[str, Any]  # a row of Parquet, or JSON values by column


@dataclass(frozen=True, slots=True)
class Passage:
    """Which part of a document a text is; or what stands for that part, as its summaries do."""

    number: int  # from 1, in the order asked
    start: int  # [start, end) in code points of the document's text
    end: int
    before: str = ""  # what stands before it, shown with it

    @property
    def named(self) -> tuple[int, str]:
        """What of it names the work beside its text."""
        return self.number, self.before


@dataclass(frozen=True, slots=True)
class Document:
    """One row of the input. With a `problem`, it is settled as quarantined and no model sees it."""

    id: str
    text: str  # with a problem, the first TEXT_STORED characters of it, or of the row where that has none
    source: str  # file and row, e.g. "news.jsonl:12"
    kept: KeptValues = field(default_factory=dict)
    mode: str | None = None  # "think" or "no_think" from --mode-column
    problem: Problem | None = None
    unfit: tuple[str, ...] = ()  # kept columns whose value did not fit their type, and is null
    passage: Passage | None = None  # of the document of this id, where the text is not all of it


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn; temperature 0 is greedy. The bounds are those of vLLM's SamplingParams (0.32)."""

    temperature: Annotated[float, Field(ge=0, le=HOTTEST)]
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    top_k: Annotated[int, Field(ge=-1)] = 0
    min_p: Annotated[float, Field(ge=0, le=1)] = 0.0
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] = 0.0
    repetition_penalty: Annotated[float, Field(gt=0, lt=float("inf"))] = 1.0


Message = dict[str, str]  # {"role": "user", "content": "…"}


@dataclass(frozen=True, slots=True)
class Request:
    """One question to the engine: everything that decides the tokens that come back, and whose it is.

    A model thinks in a request of its own (`is_thought`), which ends where the thought ends; the answer is a second
    request whose prompt holds that thought, closed. So the grammar rules the answer and nothing but the answer.
    """

    document: Document
    arm: str  # the job that asks, by the digest of its identity
    fingerprint: str  # document text × job: names the work, whatever its position
    messages: tuple[Message, ...]  # what the prompt was rendered from
    prompt: list[int]  # token ids, chat template applied
    sampling: Sampling
    max_tokens: int
    mode: ThinkingMode = "no_think"
    schema: str | None = None  # the grammar, as JSON text; None = free text
    stop: tuple[str | int, ...] = ()  # texts or token ids that end the output, and are not part of it
    is_thought: bool = False
    begun: str = ""  # what the prompt holds behind the messages: the model's own turn so far, a closed thought first
    attempt: int = 1  # 0 = settled without asking a model
    logprobs: bool = False  # whether each token is to come back with its log-probability


ValueLogprobs = list[list[float] | None]  # of each name and value of an answer, in its order: one number a token


@dataclass(frozen=True, slots=True)
class Completion:
    """What came back for one request. Seconds are wall-clock, tokens are the engine's own count."""

    request: Request
    text: str
    tokens: list[int] = field(default_factory=list)
    finish: Finish = "stop"
    stopped_by: str | int | None = None  # which of the request's `stop`; None = the model's own end
    prompt_tokens: int = 0
    cached_tokens: int = 0  # prompt tokens that the prefix cache spared
    output_tokens: int = 0
    logprobs: Sequence[float] = ()  # of each of `tokens`, where the request asks for them, until they are read
    value_logprobs: ValueLogprobs | None = None  # what was read of them: see answers/values.py
    queue_seconds: float | None = None
    first_token_seconds: float | None = None  # from scheduling to the first token
    seconds: float | None = None  # from the first token to the last
    preemptions: int = 0  # how often it lost its place in a full KV cache and was read anew
    error: str = ""  # why `finish` is "error"
    thought: "Completion | None" = None  # from an engine that thinks and answers in one breath
    more: bool | None = None  # from a replay: whether it holds a further answer; None where anything can be asked


StoredAnswer = Callable[[Request], Completion]  # what an earlier run was answered, as an answer to this one's request


@dataclass(frozen=True, slots=True)
class Extraction:
    """One judged answer: a record with its tables, or a `problem`."""

    completion: Completion
    thought: Completion | None = None  # that the answer followed
    thinking_end: ThinkingEnd = "none"
    record: Any = None  # the validated answer
    rows: Mapping[str, Sequence[Any]] = field(default_factory=dict)  # of each table that it feeds, by the table's name
    dropped: list[str] = field(
        default_factory=list
    )  # relations that its schema rules out, second values of a key, and why
    confidence: dict[str, float] = field(default_factory=dict)  # of the record's single values that feed no table
    problem: Problem | None = None

    @property
    def status(self) -> Status:
        """ok, empty (valid, found nothing) or quarantined."""
        if self.problem:
            return "quarantined"
        return "ok" if any(self.rows.values()) or _has_content(self.record) else "empty"


def _has_content(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_content, value.values()))
    if isinstance(value, list):
        return any(map(_has_content, value))
    return value not in (None, "")


@dataclass(frozen=True, slots=True)
class Settlement:
    """A document that is done: the extraction kept, all attempts at it in order, and why it was asked again."""

    kept: Extraction
    attempts: tuple[Extraction, ...] = ()
    completions: tuple[Completion, ...] = ()  # all that came back for it, thoughts and pieces included, in order
    escalated: tuple[str, ...] = ()  # the signals for which --mode auto asked again with thought
    cut_into: int | None = None  # passages; None where it was asked whole
    passages: tuple["Settlement", ...] = ()  # each of them, and after them what sums up their summaries
    merged: Mapping[str, Any] = field(default_factory=dict)  # where they disagree: path → the values, and who said so

    @property
    def failed(self) -> list["Settlement"]:
        """The passages that gave nothing, of a document of which others gave something."""
        return [] if self.kept.problem else [passage for passage in self.passages if passage.kept.problem]

    @property
    def document(self) -> Document:
        """The document settled."""
        return self.kept.completion.request.document

    @property
    def output_tokens(self) -> int:
        """Tokens that the model wrote in all attempts, thoughts included."""
        return sum(completion.output_tokens for completion in self._all)

    @property
    def engine_seconds(self) -> float:
        """Seconds that all of it was being answered, thoughts included, from scheduling to the last token."""
        return sum((c.first_token_seconds or 0.0) + (c.seconds or 0.0) for c in self._all)

    @property
    def preemptions(self) -> int:
        """How often one of its requests lost its place in a full KV cache."""
        return sum(completion.preemptions for completion in self._all)

    @property
    def _all(self) -> list[Completion]:
        return [one for completion in self.completions for one in (completion.thought, completion) if one]


@dataclass(frozen=True, slots=True)
class TableField:
    """One place of the schema that feeds a table.

    `path` leads from the record's root to the place ("[]" = every item of an array, "[0]" its first, "{}" = every value
    of a map); `shape` leads on from there to the items, where "{name}" is a map whose keys are the names. `label` is
    the type or predicate of items that carry none; `roles` names an item's keys ({"name": "名称"}) and is empty where
    items are plain text; `ends` are the entity types that each predicate joins, as the schema says.
    """

    table: str  # the word that x-extract knows it by
    path: tuple[str, ...]
    label: str
    roles: dict[str, str] = field(default_factory=dict)
    ends: dict[str, Ends] = field(default_factory=dict)
    shape: tuple[str, ...] = ("[]",)
    bare: str = "name"  # the role of an item that is no object; "value" = none, it is an attribute
    inner: dict[str, dict[str, str]] = field(default_factory=dict)  # roles whose values are objects: the keys in them
    when: tuple[tuple[str, tuple[Any, ...]], ...] = ()  # keys, with their values if told, of the items that are meant
    around: dict[str, tuple[int, str]] = field(default_factory=dict)  # roles that an object around plays: steps, key
    aside: tuple[str, ...] = ()  # keys of an item that are no attributes of it; "*" = none is
