"""The answers of a long document's passages as one answer."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from extractor.answers.fuse import Fusion
from extractor.answers.passage_ids import renumber
from extractor.answers.unite import unite
from extractor.tasks.passage import merged_schema
from extractor.tasks.reading import read
from extractor.tasks.schema import Schema
from extractor.types import TableField


@dataclass(frozen=True, slots=True)
class Part:
    """A passage's answer."""

    record: Any  # as its passage_schema asks
    number: int  # of the passage
    tokens: int = 1  # of its text: the weight of what it says
    text: str = ""  # where it is given, what stands in it comes before what does not


@dataclass(frozen=True, slots=True)
class Merged:
    """One answer for the whole document, whose tables `rows_from` makes of it as of any other."""

    record: Any
    conflicts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # path → values, passages, weights
    dropped: list[str] = field(default_factory=list)  # entities that other passages call something else, and why


def merged(parts: Sequence[Part], schema: Schema, fields: Sequence[TableField], reduced: Any = None) -> Merged:
    """The answers, at least one, in text order, as one; a single one is itself.

    `schema` and `fields` are those of the whole document; `reduced` is an answer to `summary_schema`, whose summaries
    stand for those of the passages.
    """
    if len(parts) == 1 and reduced is None:
        return Merged(parts[0].record)
    records = renumber([deepcopy(part.record) for part in parts], fields)
    fusion = Fusion(fields, {part.number: part.text for part in parts})
    root = read(schema.body)
    whole = fusion.record(
        root, [(r, part.number, part.tokens) for r, part in zip(records, parts, strict=True)], reduced
    )
    whole, dropped = unite(whole, root, fusion, list(zip(records, (part.number for part in parts), strict=True)))
    return Merged(whole, fusion.conflicts, dropped)


def unsaid(record: Any, schema: Schema) -> list[str]:
    """Where a merged record lacks what the schema needs, since no passage says it; [] where nothing is lacking."""
    errors = merged_schema(schema).validator().iter_errors(record)
    return list(dict.fromkeys(path for error in errors for path in _lacking(error)))


def _lacking(error: Any) -> Iterator[str]:
    where = [str(step) for step in error.absolute_path]
    if error.instance is None:
        yield "/".join(where) or "the root"
    elif error.validator == "required":
        yield from ("/".join([*where, name]) for name in error.validator_value if name not in error.instance)
    else:
        for inner in error.context or ():
            yield from _lacking(inner)
