"""The table `summaries`: what the document says, in short."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from extractor.tables.grounding import Ground
from extractor.tables.items import Item
from extractor.tables.support import support, unsupported
from extractor.tables.table import CONFIDENCE, DOC_ID, Made, Rows, Table, column


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary's text, and how far the document's text bears it out."""

    summary: str
    confidence: float | None = None
    support: float | None = None
    unsupported: list[str] = field(default_factory=list)


def make_summaries(items: Sequence[Item], ground: Ground, made: Made) -> Rows:
    """One row, several texts joined by blank lines; none where there is no text."""
    parts = [str(item.said["summary"]) for item in items]
    if not parts:
        return [], []
    whole = "\n\n".join(parts)
    ungrounded = [entity.name for entity in made.rows["entities"] if entity.match == "none"]
    return [Summary(whole, None, support(whole, ground.text), unsupported(whole, ground.text, ungrounded))], []


SUMMARIES = Table(
    name="summaries",
    word="summary",
    one="summary",
    columns=pa.schema(
        [
            DOC_ID,
            column("summary", pa.string(), "the summary"),
            CONFIDENCE,
            column("support", pa.float64(), "0 to 1: the share of its words (in Chinese: of pairs) that the text has"),
            column("unsupported", pa.list_(pa.string()), "numbers and names in it that are not in the text: a hint"),
        ]
    ),
    make=make_summaries,
    holds="text",
    needs_no_mark=True,
)
