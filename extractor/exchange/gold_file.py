"""Gold files, of which a review is one."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from extractor.escape import in_json
from extractor.evaluation.gold import GoldDocument, load_gold
from extractor.exchange.account import Account
from extractor.exchange.counting import Unit
from extractor.exchange.form import gold_row


def read(path: Path, unit: Unit | None, account: Account) -> Iterator[GoldDocument]:
    """The documents of a gold file; of a review the last word on each. UserError for a malformed one."""
    yield from load_gold(str(path)).documents.values()


def write(documents: Sequence[GoldDocument], unit: Unit | None, account: Account) -> Iterator[tuple[str, str]]:
    """The lines of a file, each with ""."""
    for document in documents:
        yield "", in_json(gold_row(document)) + "\n"
