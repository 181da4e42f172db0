"""The table `relations`: what the answer says that joins two things."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count, product

import pyarrow as pa

from extractor.tables.ends import Relation, meant
from extractor.tables.fold import Span
from extractor.tables.grounding import Ground
from extractor.tables.items import Item, texts
from extractor.tables.link import EndFinder, NamedEnd
from extractor.tables.names import kinds_of, text_of
from extractor.tables.table import ATTRIBUTES, CONFIDENCE, DOC_ID, SPAN, Made, Rows, Table, column


def make_relations(items: Sequence[Item], ground: Ground, made: Made) -> Rows:
    """The relations in the record's order that can be meant, and the others in words.

    Its ends are tied to entities as link.py says; an item with several subjects, predicates or objects gives a row for
    each.
    """
    things, entities = made.items["entities"], made.rows["entities"]
    finder = EndFinder(things, entities, ground)
    joining = [item for item in items if _joins(item)]
    numbers = count(1)
    said = [row for item in joining for row in _rows_of(item, ground, finder, numbers)]
    joins = {word: ends for item in items for word, ends in item.source.ends.items()}
    by_id = any("id" in item.source.roles or "{id" in "".join(item.source.shape) for item in things)
    return meant(said, entities, joins, by_id)


def _joins(item: Item) -> bool:
    """A text alone joins nothing, nor does what could hold others and holds none."""
    return bool({"subject", "object"} & set(item.said)) and not (
        "*" in item.source.aside and item.said.get("subject") is None
    )


def _rows_of(item: Item, ground: Ground, finder: EndFinder, numbers: Iterator[int]) -> Iterator[Relation]:
    span, quoted = _evidence(item, ground)
    rest = item.attributes(("subject", "predicate", "object", "confidence", *(["evidence"] if quoted else [])))
    for subject, predicate, target in _triples(item, finder, span):
        yield Relation(
            relation_id=f"r{next(numbers)}",
            subject_id=subject.entity_id,
            predicate=predicate,
            object_id=target.entity_id,
            subject=subject.name,
            object=target.name,
            evidence=span,
            attributes=rest,
            confidence=item.number("confidence"),
            linked=(subject.linked, target.linked) if subject.linked or target.linked else None,
            subject_span=subject.span,
            object_span=target.span,
        )


def _triples(item: Item, finder: EndFinder, quote: Span | None) -> Iterator[tuple[NamedEnd, str | None, NamedEnd]]:
    inner = item.source.inner
    for predicate in kinds_of(item, "predicate"):
        wanted = item.source.ends.get(predicate or "", (None, None))
        subjects = finder.find(item.said.get("subject"), inner.get("subject", {}), wanted[0], quote)
        objects = finder.find(item.said.get("object"), inner.get("object", {}), wanted[1], quote)
        for subject, target in product(subjects, objects):
            same = subject.entity_id == target.entity_id
            yield (_unless(same, subject), predicate, _unless(same, target))


def _unless(same: bool, end: NamedEnd) -> NamedEnd:
    """The end, less what was inferred of it where that would tie a thing to itself: Lincoln's wife is not Lincoln."""
    return replace(end, entity_id=None, linked=None) if same and end.linked else end


def _evidence(item: Item, ground: Ground) -> tuple[Span | None, bool]:
    """Where the first quote stands that is in the text, and whether that is all that was quoted."""
    quotes = [quote for one in texts(item.said.get("evidence")) if (quote := text_of(one))]
    spans = [span for quote in quotes if (span := ground.first(quote))]
    return (spans[0] if spans else None), len(quotes) <= 1 and len(spans) == len(quotes)


RELATIONS = Table(
    name="relations",
    word="relations",
    one="relation",
    columns=pa.schema(
        [
            DOC_ID,
            column("relation_id", pa.string(), "unique within the document"),
            column("subject_id", pa.string(), "entity_id of the subject, null where no single one is it"),
            column("predicate", pa.string(), "as the answer has it, or the property's name"),
            column("object_id", pa.string(), "entity_id of the object, null where no single one is it"),
            column("subject", pa.string(), "as the answer has it, less quotation marks around it"),
            column("object", pa.string(), "as the answer has it, less quotation marks around it"),
            column("evidence", SPAN, "[start, end) of the quoted evidence, null where it is not in the text"),
            ATTRIBUTES,
            CONFIDENCE,
            column(
                "linked",
                pa.struct([("subject", pa.string()), ("object", pa.string())]),
                "how the entity of an end was inferred: containment, fuzzy or mention; null where it was not",
            ),
            column("subject_span", SPAN, "[start, end) of the mention nearest the evidence, else of the first"),
            column("object_span", SPAN, "[start, end) of the mention nearest the evidence, else of the first"),
        ]
    ),
    make=make_relations,
    roles=("subject", "predicate", "object", "evidence", "confidence"),
    needed=("subject", "object"),
    keys=("predicate", "subject", "object"),
    bare="object",
    names=("subject", "object"),
    kind="predicate",
    needs_no_mark=True,
    scored=("subject", "predicate", "object"),
)
