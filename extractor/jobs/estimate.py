"""What a run would cost, before anything is spent: from a sample, the real tokenizer, and the last run."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow.compute as pc

from extractor.documents import count, read
from extractor.jobs.engines import cutter_of
from extractor.jobs.prepare import Prepared
from extractor.store.manifest import Manifest
from extractor.store.parts import Parts, reading
from extractor.types import Document, Problem

SAMPLE, FILES = 1000, 50  # documents tokenised, from the beginnings of so many files at most
THOUGHT = 1000  # tokens of a thought of which nothing is known


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """Tokens and hours to come. None where it cannot be known; the sources say what a number rests on."""

    documents: int | None  # still to do
    sampled: int
    prompt_tokens: int | None
    answer_tokens: int | None  # thoughts included
    answer_source: str
    tokens_per_second: float | None
    rate_source: str
    cut: int = 0  # of those sampled, documents that are read in passages
    passages: int = 0  # of them
    further: tuple[str, ...] = ()  # what is asked for in a request of its own, after all else

    @property
    def hours(self) -> float | None:
        """How long the answers take."""
        if self.answer_tokens is None or not self.tokens_per_second:
            return None
        return self.answer_tokens / self.tokens_per_second / 3600


def estimate(prepared: Prepared, rate: float | None = None) -> CostEstimate:
    """The cost of what is not settled yet; `rate` is output tokens a second, the last run's where it is None.

    A further request's prompt is the first one with its answer, most of it in the prefix cache.
    """
    left, asked_of = _left(prepared), list(_prompt_lengths(prepared))
    cut = [lengths for lengths in asked_of if len(lengths) > 1]
    asked = sum(map(len, asked_of)) / max(len(asked_of), 1)  # requests a document
    each, answer_source = _answer_tokens(prepared)
    prompts = sum(map(sum, asked_of)) / max(len(asked_of), 1)  # tokens a document
    further = prepared.builder.closing.names
    rate, rate_source = (rate, "at the rate given") if rate else _rate(prepared)
    return CostEstimate(
        documents=left,
        sampled=len(asked_of),
        prompt_tokens=_times(left, prompts + len(further) * (prompts + each * asked)),
        answer_tokens=_times(left, each * asked),
        answer_source=f"{each:,.0f} a document, {answer_source}",
        tokens_per_second=rate,
        rate_source=rate_source,
        cut=len(cut),
        passages=sum(map(len, cut)),
        further=further,
    )


def _times(documents: int | None, each: float) -> int | None:
    return None if documents is None else round(documents * each)


def _left(prepared: Prepared) -> int | None:
    total, limit, held = count(prepared.sources), prepared.job.limit, Manifest.load(prepared.job.out)
    if total is None:
        return None
    total = total if limit is None else min(total, limit)
    settled = reading(prepared.job.out, Parts.count) if held.identity == prepared.builder.identity else 0
    share = prepared.job.share
    return max(total - settled, 0) // (share.of if share else 1)


def _prompt_lengths(prepared: Prepared) -> Iterator[list[int]]:
    """For each document of the sample the tokens of what is asked first: one prompt, one a passage, or none."""
    cutter = cutter_of(prepared)
    for document in _sample(prepared):
        yield [len(first.prompt) for first in cutter.firsts(document) if not isinstance(first, Problem)]


def _sample(prepared: Prepared) -> Iterator[Document]:
    sources = prepared.sources[:: -(-len(prepared.sources) // FILES)]
    for source in sources:
        yield from islice(read([source], prepared.columns), -(-SAMPLE // len(sources)))


def _answer_tokens(prepared: Prepared) -> tuple[float, str]:
    if (mean := _mean_of_output(prepared.job.out)) is not None:
        return mean, f"as in {prepared.job.out}"
    thought = (prepared.job.thinking_budget or THOUGHT) if prepared.job.mode == "think" else 0
    said = f" and a guess of {thought} for the thought" if thought else ""
    if examples := prepared.builder.task.examples:
        wire = prepared.builder.wire
        tokens = [len(prepared.chat.encode(wire.text(wire.encode(example["answer"])))) for example in examples]
        return sum(tokens) / len(tokens) + thought, f"as in the worked examples{said}"
    return prepared.job.max_answer_tokens / 4 + thought, f"a guess: a quarter of --max-answer-tokens{said}"


def _mean_of_output(out: Path) -> float | None:
    """Output tokens of a document, all attempts and thoughts included, among those that a model was asked about."""
    tokens, documents = reading(out, _tokens_and_documents)
    return tokens / documents if documents else None


def _tokens_and_documents(parts: Parts) -> tuple[int, int]:
    tokens = documents = 0
    for _, rows in parts.read("documents", ["total_tokens", "attempts"]):
        asked = rows.filter(pc.greater(rows["attempts"], 0))
        tokens, documents = tokens + (pc.sum(asked["total_tokens"]).as_py() or 0), documents + len(asked)
    return tokens, documents


def _rate(prepared: Prepared) -> tuple[float | None, str]:
    last = reading(prepared.job.out, lambda parts: Manifest.read(parts.folder, parts.manifest)).last_run
    tokens, took = last.output_tokens, last.seconds
    if not tokens or not took:
        return None, "no run to go by: add --tokens-per-second N"
    return tokens / took, f"at the last run's {tokens / took:,.0f} tokens/s, loading included"
