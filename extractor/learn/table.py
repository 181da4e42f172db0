"""What was tried, as rows of a table."""

from collections.abc import Sequence

from extractor.learn.scores import Tried
from extractor.learn.settings import Setting
from extractor.learn.verdict import points, share


def rows(tried: Sequence[Tried], recommended: Setting) -> list[list[str]]:
    """A header, and a row for each setting in the order tried; the one to take is marked."""
    tables = list(tried[0].f1)
    header = [
        *("shared examples", "own examples", "relations", "mode", *(f"F1 {table} (95 %)" for table in tables)),
        *("mean F1, gained", "p", "tokens read", "written", "quarantined", ""),
    ]
    return [header, *(_row(one, tables, one.setting == recommended) for one in tried)]


def _row(one: Tried, tables: Sequence[str], is_advised: bool) -> list[str]:
    setting = one.setting
    gained = "–" if one.gained is None else points(one.gained).replace(" points", "")
    p = "–" if one.p is None else f"{one.p:.3f}"
    scores = (share(one.f1[table]) for table in tables)
    counts = (_whole(one.read_tokens), _whole(one.written_tokens), str(one.quarantined))
    said = (str(setting.shared), str(setting.own), setting.relations, setting.arm)
    return [*said, *scores, gained, p, *counts, "← this" if is_advised else ""]


def _whole(number: float | None) -> str:
    return "–" if number is None else f"{number:,.0f}"
