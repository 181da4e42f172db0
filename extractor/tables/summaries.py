"""The table `summaries`: what the document says, in short."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from extractor.tables.grounding import Ground
from extractor.tables.items import Item
from extractor.tables.table import CONFIDENCE, DOC_ID, Made, Rows, Table, column


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary's text."""

    summary: str
    confidence: float | None = None


def make_summaries(items: Sequence[Item], ground: Ground, made: Made) -> Rows:
    """One row, several texts joined by blank lines; none where there is no text."""
    parts = [str(item.said["summary"]) for item in items]
    return [Summary("\n\n".join(parts))] if parts else [], []


SUMMARIES = Table(
    name="summaries",
    word="summary",
    one="summary",
    columns=pa.schema([DOC_ID, column("summary", pa.string(), "the summary"), CONFIDENCE]),
    make=make_summaries,
    holds="text",
    needs_no_mark=True,
)
