"""The table `relations`: what the answer says that joins two things."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import pyarrow as pa

from extractor.tables.ends import Relation, meant
from extractor.tables.grounding import Span, first_span
from extractor.tables.items import Item, texts
from extractor.tables.names import EndFinder, NamedEnd, kinds_of, text_of
from extractor.tables.table import ATTRIBUTES, CONFIDENCE, DOC_ID, SPAN, Made, Rows, Table, column


def make_relations(items: Sequence[Item], text: str, made: Made) -> Rows:
    """The relations in the record's order that can be meant, and the others in words.

    An end is tied to the entity of its id, else to the first of its name; an item with several subjects, predicates or
    objects gives a row for each.
    """
    things, entities = made.items["entities"], made.rows["entities"]
    finder = EndFinder(things, entities)
    joining = [item for item in items if _joins(item)]
    said = [row for item in joining for row in _rows_of(item, text, finder)]
    joins = {word: ends for item in items for word, ends in item.source.ends.items()}
    by_id = any("id" in item.source.roles or "{id" in "".join(item.source.shape) for item in things)
    return meant([replace(row, relation_id=f"r{n}") for n, row in enumerate(said, 1)], entities, joins, by_id)


def _joins(item: Item) -> bool:
    """A text alone joins nothing, nor does what could hold others and holds none."""
    return bool({"subject", "object"} & set(item.said)) and not (
        "*" in item.source.aside and item.said.get("subject") is None
    )


def _rows_of(item: Item, text: str, finder: EndFinder) -> Iterator[Relation]:
    span, quoted = _evidence(item, text)
    rest = item.attributes(("subject", "predicate", "object", "confidence", *(["evidence"] if quoted else [])))
    for subject, predicate, target in _triples(item, finder):
        yield Relation(
            relation_id="",
            subject_id=subject.entity_id,
            predicate=predicate,
            object_id=target.entity_id,
            subject=subject.name,
            object=target.name,
            evidence=span,
            attributes=rest,
            confidence=item.number("confidence"),
        )


def _triples(item: Item, finder: EndFinder) -> Iterator[tuple[NamedEnd, str | None, NamedEnd]]:
    inner = item.source.inner
    for predicate in kinds_of(item, "predicate"):
        wanted = item.source.ends.get(predicate or "", (None, None))
        subjects = finder.find(item.said.get("subject"), inner.get("subject", {}), wanted[0])
        objects = finder.find(item.said.get("object"), inner.get("object", {}), wanted[1])
        yield from ((subject, predicate, target) for subject, target in product(subjects, objects))


def _evidence(item: Item, text: str) -> tuple[Span | None, bool]:
    """Where the first quote stands that is in the text, and whether that is all that was quoted."""
    quotes = [quote for one in texts(item.said.get("evidence")) if (quote := text_of(one))]
    spans = [span for quote in quotes if (span := first_span(quote, text))]
    return (spans[0] if spans else None), len(quotes) <= 1 and len(spans) == len(quotes)


RELATIONS = Table(
    name="relations",
    word="relations",
    one="relation",
    columns=pa.schema(
        [
            DOC_ID,
            column("relation_id", pa.string(), "unique within the document"),
            column("subject_id", pa.string(), "entity_id of the subject, null where no entity has that name"),
            column("predicate", pa.string(), "as the answer has it, or the property's name"),
            column("object_id", pa.string(), "entity_id of the object, null where no entity has that name"),
            column("subject", pa.string(), "as the answer has it, less quotation marks around it"),
            column("object", pa.string(), "as the answer has it, less quotation marks around it"),
            column("evidence", SPAN, "[start, end) of the quoted evidence, null where it is not in the text"),
            ATTRIBUTES,
            CONFIDENCE,
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
