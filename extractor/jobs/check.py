"""What a job would do, found out without a model: for `extract check` and `extract show`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from extractor.documents import Reading, count, read
from extractor.errors import UserError
from extractor.jobs.engines import cutter_of
from extractor.jobs.job import flag_of
from extractor.jobs.prepare import Prepared
from extractor.tasks.cutting import Cutter
from extractor.tasks.grammar import dropped, free_of_grammar
from extractor.tasks.hints import described, left_in_record, near_misses
from extractor.tasks.keywords import few
from extractor.tasks.mapping import too_deep
from extractor.types import Document, Problem, Request

FURTHER = "two requests a document: {names} in a further one, with the entities just found for their only ends"
SAMPLE = 1000  # documents that are read and tokenised to say what a job holds


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found; token counts and problems are those of the first `sampled` documents."""

    settings: list[tuple[str, Any, str]]  # flag, value, where the value came from
    columns: list[str]
    tables: list[str]
    notes: list[str]
    documents: int | None
    sampled: int
    prompt_tokens: int
    longest: int
    cut: int  # documents that are read in passages
    passages: int  # of them
    refused: dict[str, int]  # problem → documents
    examples_of_refused: list[str]


def check(prepared: Prepared, origins: Mapping[str, str]) -> Checked:
    """The job, explained, and its first documents tried; `origins` says where a person set a field."""
    reading = read(prepared.sources, prepared.columns, prepared.job.limit)
    trial = _Trial(cutter_of(prepared), reading)
    return Checked(
        settings=list(_settings(prepared, origins)),
        columns=prepared.existing,
        tables=_tables(prepared),
        notes=[*_notes(prepared), *(f"{fault.source} {fault.detail}" for fault in reading.faults)],
        documents=count(prepared.sources),
        sampled=trial.documents,
        prompt_tokens=sum(trial.lengths),
        longest=max(trial.lengths, default=0),
        cut=trial.cut,
        passages=trial.passages,
        refused=dict(trial.refused),
        examples_of_refused=trial.said[:10],
    )


def show(prepared: Prepared, doc_id: str) -> dict[str, Any]:
    """The exact first request for one document; UserError where there is no such document."""
    for document in read(prepared.sources, prepared.columns, prepared.job.limit):
        if document.id == doc_id:
            break
    else:
        raise UserError(f"--doc-id {doc_id}: no document of the input has this id")
    cutter = cutter_of(prepared)
    request = next(cutter.firsts(document))
    if isinstance(request, Problem):
        raise UserError(f"--doc-id {doc_id}: settled without a model as {request.kind}: {request.detail}")
    passage, closing = request.document.passage, prepared.builder.closing
    return {
        "doc_id": document.id,
        **({"passage": [passage.start, passage.end]} if passage else {}),
        "source": document.source,
        "fingerprint": request.fingerprint,
        "mode": request.mode,
        "messages": list(request.messages),
        "prompt": prepared.chat.decode(request.prompt),
        "prompt_tokens": len(request.prompt),
        "schema": (cutter.builder if passage else prepared.builder).grammar,
        "sampling": asdict(request.sampling),
        **({"further": FURTHER.format(names=", ".join(closing.names))} if closing.names else {}),
        "max_tokens": request.max_tokens,
        "stop": list(request.stop),
    }


class _Trial:
    """The first documents, each as it would be asked about first."""

    def __init__(self, cutter: Cutter, reading: Reading) -> None:
        self.documents = self.cut = self.passages = 0
        self.lengths: list[int] = []
        self.refused: Counter[str] = Counter()
        self.said: list[str] = []
        for document in islice(reading, SAMPLE):
            self._try(document, list(cutter.firsts(document)))

    def _try(self, document: Document, firsts: Sequence[Request | Problem]) -> None:
        self.documents += 1
        if len(firsts) > 1:
            self.cut, self.passages = self.cut + 1, self.passages + len(firsts)
        for first in firsts:
            if isinstance(first, Problem):
                self.refused[first.kind] += 1
                self.said.append(f"{document.source}: {first.kind}: {first.detail}")
            else:
                self.lengths.append(len(first.prompt))


def _settings(prepared: Prepared, origins: Mapping[str, str]) -> Any:
    found = {
        "prompt": str(prepared.builder.task.prompt.path),
        "examples": prepared.shown,
        "context": prepared.context,
        "id_column": prepared.columns.id or "none: ids come from the text",
        "sampling": {mode: asdict(sampling) for mode, sampling in prepared.builder.task.sampling.items()},
    }
    for name, given in prepared.job.model_dump().items():
        value = found.get(name, given)
        origin = origins.get(name, "found" if name in found else "default")
        yield flag_of(name), value, _origin_of_sampling(prepared, origin) if name == "sampling" else origin


def _origin_of_sampling(prepared: Prepared, origin: str) -> str:
    source = prepared.sampling_source
    return source if origin == "found" else f"{origin}, over: {source}"


def _tables(prepared: Prepared) -> list[str]:
    left = left_in_record(prepared.schema, prepared.fields) if prepared.fields else []
    fed = [described(field) for field in prepared.fields] or ["record only"]
    return fed + ([f"record only ← {', '.join(left)}"] if left else [])


def _notes(prepared: Prepared) -> list[str]:
    notes = [*prepared.left_out, *prepared.schema.notes, *near_misses(prepared.schema, prepared.fields)]
    notes += too_deep(prepared.schema)
    for word, places in dropped(prepared.schema).items():
        notes.append(f"checked after decoding only, no grammar holds it: {word} at {few(places)}")
    notes += _as_lists(prepared)
    closing = prepared.builder.closing
    notes += [FURTHER.format(names=", ".join(closing.names))] if closing.names else []
    notes += [f"not closed: {line}" for line in closing.open]
    if fault := free_of_grammar(prepared.schema):
        notes.append(f"decoded as free JSON and checked afterwards, since the grammar refuses: {fault.splitlines()[0]}")
    return notes


def _as_lists(prepared: Prepared) -> list[str]:
    """What is written otherwise than the schema has it."""
    if "arrays" not in prepared.job.wire:
        return []
    orders = dict.fromkeys(f"[{', '.join(one.keys)}]" for one in prepared.builder.wire.lists.values())
    return [f"written as lists: {few(list(orders))}" if orders else "--wire: no object of the schema can be a list"]
