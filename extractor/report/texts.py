"""The documents' texts, which the output does not keep: from the inputs if they are still there, else from gold."""

from collections.abc import Iterator, Sequence, Set
from typing import Any

from extractor.documents import Columns, check_columns, locate, read
from extractor.errors import UserError
from extractor.evaluation.gold import Gold
from extractor.evaluation.runs import Run


def texts_of(runs: Sequence[Run], gold: Gold | None, ids: Sequence[str]) -> dict[str, str]:
    """Texts by id, as far as they can be found."""
    found: dict[str, str] = {}
    for run in runs:
        if wanted := set(ids) - set(found):
            found |= dict(texts_in_inputs(run.manifest.settings, wanted))
    known = gold.documents if gold else {}
    return found | {i: text for i in set(ids) - set(found) if i in known and (text := known[i].text)}


def texts_in_inputs(settings: dict[str, Any], wanted: Set[str]) -> Iterator[tuple[str, str]]:
    """Id and text of those documents, from the inputs of a run with these settings, as far as they are still there.

    Stops as soon as all are found; an id depends on the rows before it, so it reads from the first.
    """
    inputs: list[str] = settings.get("inputs") or []
    left = set(wanted)
    if not inputs or "-" in inputs:
        return
    try:
        sources = locate(inputs)
        columns = Columns(settings.get("id_column"), settings.get("text_column") or "text")
        columns, _ = check_columns(sources, columns)
        for document in read(sources, columns, settings.get("limit")):
            if document.id in left and not document.problem:
                left.discard(document.id)
                yield document.id, document.text
            if not left:
                return
    except (UserError, OSError):
        pass  # moved, renamed or unreachable: what was found is shown, for the rest the page says so
