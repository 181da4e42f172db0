"""Reviewed documents in folds: what each is asked about, and what of the others it may be shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import UserError
from extractor.escape import in_json
from extractor.evaluation.gold import Gold, load_gold
from extractor.fingerprint import digest
from extractor.jobs.job import Job
from extractor.tasks.examples import Example, load_examples
from extractor.tasks.schema import load_schema

LEAST = 8  # reviewed documents, below which nothing can be told


@dataclass(frozen=True, slots=True)
class ReviewedDocuments:
    """What was reviewed: as gold, and by id the examples that could be made of it."""

    gold: Gold
    examples: Mapping[str, Example]

    @property
    def ids(self) -> list[str]:
        """The documents, in an order that says nothing of them and is the same each time."""
        return sorted(self.gold.documents, key=lambda doc_id: (digest(doc_id), doc_id))


@dataclass(frozen=True, slots=True)
class Fold:
    """Documents that are asked about, and the file of examples, none of which is one of them."""

    name: str
    ids: tuple[str, ...]
    inputs: Path
    examples: Path
    shown: int  # examples in the file


def reviewed(review: Path, job: Job) -> ReviewedDocuments:
    """What was reviewed, checked by the job's schema. UserError where it is too little to learn from."""
    if not review.is_file():
        raise UserError(f"{review}: no such file; extract review makes it, or name one with --review")
    gold = load_gold(str(review))
    if without := [doc_id for doc_id, document in gold.documents.items() if document.text is None]:
        raise UserError(f"{review}: {without[0]!r} has no text; every document needs one here")
    if len(gold.documents) < LEAST:
        raise UserError(
            f"{review}: of {len(gold.documents)} reviewed documents nothing can be told; review {LEAST} or more"
        )
    _, examples = load_examples(str(review), load_schema(job.schema_))
    by_text = {document.text: doc_id for doc_id, document in gold.documents.items()}
    found = {one.get("doc_id") or by_text.get(one["text"], ""): one for one in examples}
    return ReviewedDocuments(gold, {doc_id: one for doc_id, one in found.items() if doc_id in gold.documents})


def folds(known: ReviewedDocuments, count: int, folder: Path) -> list[Fold]:
    """So many folds of about one size, their files written into the folder; fewer where some have the same examples."""
    ids = known.ids
    count = min(count, len(ids))
    by_examples: dict[tuple[str, ...], list[str]] = {}
    for share in (ids[number::count] for number in range(count)):
        by_examples.setdefault(tuple(_shown_to(known, share)), []).extend(share)
    shares = enumerate(by_examples.items(), 1)
    return [_fold(known, str(number), tuple(share), rest, folder) for number, (rest, share) in shares]


def whole(known: ReviewedDocuments, folder: Path) -> Fold:
    """All documents in one, for settings that show no examples."""
    return _fold(known, "all", tuple(known.ids), (), folder)


def _shown_to(known: ReviewedDocuments, ids: Sequence[str]) -> list[str]:
    """The documents whose examples these may be shown: none that is one of them, or has the text of one."""
    documents = known.gold.documents
    asked = {documents[doc_id].text for doc_id in ids}
    return [doc_id for doc_id, one in known.examples.items() if one["text"] not in asked]


def _fold(known: ReviewedDocuments, name: str, ids: tuple[str, ...], rest: Sequence[str], folder: Path) -> Fold:
    documents, folder = known.gold.documents, folder / "folds"
    inputs, examples = folder / f"documents-{name}.jsonl", folder / f"examples-{name}.jsonl"
    _write(inputs, [{"id": doc_id, "text": documents[doc_id].text} for doc_id in ids])
    _write(examples, [{name: known.examples[doc_id][name] for name in ("text", "answer")} for doc_id in rest])
    return Fold(name, ids, inputs, examples, len(rest))


def _write(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{in_json(row)}\n" for row in rows), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}; choose another --out") from None
