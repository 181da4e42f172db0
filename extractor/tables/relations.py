"""The table `relations`: what the answer says that joins two things."""

from collections.abc import Sequence

import pyarrow as pa

from extractor.tables.ends import Relation, meant
from extractor.tables.entities import id_of, ids_by_name
from extractor.tables.grounding import first_span
from extractor.tables.items import Item
from extractor.tables.table import ATTRIBUTES, CONFIDENCE, DOC_ID, SPAN, Made, Rows, Table, column


def make_relations(items: Sequence[Item], text: str, made: Made) -> Rows:
    """The relations in the record's order that can be meant, and the others in words.

    An end's id is that of the first entity of its name.
    """
    entities = made["entities"]
    ids = ids_by_name(entities)
    joining = [item for item in items if "subject" in item.said]
    said = [_relation(item, text, ids, n) for n, item in enumerate(joining, 1)]
    return meant(said, entities, {word: ends for item in joining for word, ends in item.field.ends.items()})


def _relation(item: Item, text: str, ids: dict[str, str], number: int) -> Relation:
    subject, target = item.name("subject"), item.name("object")
    quote = item.text("evidence")
    span = first_span(quote, text) if quote else None
    unfound = {item.field.roles["evidence"]: quote} if quote and not span else {}
    return Relation(
        relation_id=f"r{number}",
        subject_id=id_of(ids, subject),
        predicate=item.kind("predicate"),
        object_id=id_of(ids, target),
        subject=subject,
        object=target,
        evidence=span,
        attributes=item.rest | unfound,
        confidence=item.number("confidence"),
    )


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
    names=("subject", "object"),
    kind="predicate",
    needs_no_mark=True,
    scored=("subject", "predicate", "object"),
)
