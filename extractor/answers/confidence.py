"""How sure the model was of what it said, from the log-probabilities of the tokens that said it.

A name is as sure as its tokens on average (their geometric mean, so that a long name is not punished); a type or
predicate is one decision, as likely as all its tokens together (their product). A row of one name is the name times
its type; one that joins several names is the mean of them and its predicate. Where the schema asks the model itself
for a confidence, that stands.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, product
from typing import Any

from extractor.answers.calibration import Calibration
from extractor.answers.choose import fold
from extractor.tables import BY_WORD, ENTITIES, TABLES, Table
from extractor.tables.items import Item, items_of, texts_of
from extractor.tables.names import name_of, names_of, text_of
from extractor.types import Extraction, TableField, ValueLogprobs

Key = tuple[str | None, ...]  # what a row says: its kind, then its names


class Said(str):
    """A name or value of an answer, as text, with its tokens' log-probabilities, None where they are not known."""

    logprobs: list[float] | None

    def __new__(cls, text: str, logprobs: list[float] | None) -> "Said":
        made = super().__new__(cls, text)
        made.logprobs = logprobs
        return made


@dataclass(frozen=True, slots=True)
class Confidence:
    """Says how sure the answers to one schema are."""

    fields: Sequence[TableField]
    labels: frozenset[str] = frozenset()  # properties of the root whose values are listed: each one decision
    calibration: Calibration | None = None

    def of(self, extraction: Extraction, known: ValueLogprobs | None) -> Extraction:
        """The extraction with the confidence of its rows and single values, as far as the log-probabilities tell that
        are `known` of each name and value of its record."""
        if extraction.problem or known is None or len(known) != _count(extraction.record):
            return extraction
        said = _said(extraction.record, iter(known))
        rows = {table.name: self._rows(table, extraction.rows.get(table.name, ()), said) for table in TABLES}
        return replace(extraction, rows={**extraction.rows, **rows}, confidence=dict(self._single(extraction, known)))

    def _rows(self, table: Table, rows: Sequence[Any], said: Any) -> Sequence[Any]:
        if not rows:
            return rows
        if table.holds == "text":
            parts = [item.said[table.word].logprobs or [] for item in texts_of(said, self.fields, table.word)]
            return [self._with(table, row, _mean(list(chain(*parts)))) for row in rows]
        ids = self._ids(said) if len(table.names) > 1 else {}
        found = _by_key(table, list(items_of(said, self.fields, table.word)), ids)
        return [self._with(table, row, _first(found, _keys(table, row))) for row in rows]

    def _with(self, table: Table, row: Any, score: float | None) -> Any:
        if row.confidence is not None or score is None:
            return row
        return replace(row, confidence=self.calibration.of(table.name, score) if self.calibration else score)

    def _ids(self, said: Any) -> dict[str, str]:
        """The names of what the answer calls by an id of its own."""
        found: dict[str, str] = {}
        for item in items_of(said, self.fields, ENTITIES.word):
            name = next(iter(names_of(item.said.get("name"), item.source.inner.get("name", {}))), None)
            if name and (identifier := text_of(item.said.get("id"))):
                found.setdefault(identifier, name)
        return found

    def _single(self, extraction: Extraction, known: Iterable[list[float] | None]) -> Iterator[tuple[str, float]]:
        """The root's own values that feed no table, by property ("" for a root that is no object)."""
        record, rest = extraction.record, iter(known)
        fed = {field.path[0] for field in self.fields if field.path and field.table in BY_WORD}
        for name, value in record.items() if isinstance(record, dict) else [("", record)]:
            own = list(islice(rest, _count(value) + isinstance(record, dict)))[-1:]
            if name in fed or isinstance(value, dict | list) or not own or own[0] is None:
                continue
            is_text = isinstance(value, str) and name not in self.labels
            if (score := _mean(own[0]) if is_text else _whole(own[0])) is not None:
                yield name, score


def surest(whole: Extraction, passages: Iterable[Extraction]) -> Extraction:
    """The whole with the confidence of its rows: that of the passage that is surest of the same."""
    found: dict[tuple[str, Key], float] = {}
    given = [(table, row) for one in passages for table in TABLES for row in one.rows.get(table.name, ())]
    for table, row in given:
        if row.confidence is not None and table.holds == "items":
            key = table.name, _folded(table, row)
            found[key] = max(row.confidence, found.get(key, 0.0))
    rows = {
        table.name: [_sure(row, found.get((table.name, _folded(table, row)))) for row in whole.rows.get(table.name, ())]
        for table in TABLES
    }
    return replace(whole, rows={**whole.rows, **rows})


def _sure(row: Any, score: float | None) -> Any:
    return row if row.confidence is not None or score is None else replace(row, confidence=score)


def _folded(table: Table, row: Any) -> Key:
    return getattr(row, table.kind or "", None), *(fold(getattr(row, name) or "") for name in table.names)


def _by_key(table: Table, items: Sequence[Item], ids: Mapping[str, str]) -> dict[Key, float]:
    """The score of each row that the items give, the first of those that say the same."""
    found: dict[Key, float] = {}
    for item in items:
        parts = [_parts(item, role) for role in table.names]
        for kind, *names in product(_parts(item, table.kind or ""), *parts):
            score = _score([_mean(name.logprobs) if name is not None else None for name in names], kind)
            if score is not None:
                called = [name if name is None else ids.get(name, name_of(name)) for name in names]
                found.setdefault((text_of(kind), *sorted(map(str, called))), score)
    return found


def _parts(item: Item, role: str) -> list[Any]:
    """What plays a role in an item, each with its log-probabilities; None alone where nothing does."""
    return list(names_of(item.said.get(role), item.source.inner.get(role, {}), _as_said)) or [None]


def _as_said(value: Any) -> Any:
    return value if isinstance(value, Said) and value.logprobs else None


def _keys(table: Table, row: Any) -> list[Key]:
    """What the row may have been said as: with its kind, or without where the schema's own label is its kind."""
    names = sorted(str(getattr(row, name)) for name in table.names)
    return [(getattr(row, table.kind or ""), *names), (None, *names)]


def _first(found: Mapping[Key, float], keys: Iterable[Key]) -> float | None:
    return next((found[key] for key in keys if key in found), None)


def _score(names: Sequence[float | None], kind: Said | None) -> float | None:
    """One name times its type; the mean of several names and their predicate. None where a name is not known."""
    decided = None if kind is None else _whole(kind.logprobs)
    known = [name for name in names if name is not None]
    if not known or len(known) < len(names):
        return None
    if len(known) == 1:
        return known[0] * (1.0 if decided is None else decided)
    both = [*known, *([] if decided is None else [decided])]
    return sum(both) / len(both)


def _mean(logprobs: Sequence[float] | None) -> float | None:
    """The geometric mean of the tokens' probabilities."""
    return math.exp(sum(logprobs) / len(logprobs)) if logprobs else None


def _whole(logprobs: Sequence[float] | None) -> float | None:
    """The probability of all of the tokens."""
    return math.exp(sum(logprobs)) if logprobs else None


def _said(value: Any, known: Iterator[list[float] | None]) -> Any:
    """The record with each name and value knowing its log-probabilities, in the order of the answer."""
    if isinstance(value, dict):
        return {Said(name, next(known)): _said(inner, known) for name, inner in value.items()}
    if isinstance(value, list):
        return [_said(inner, known) for inner in value]
    logprobs = next(known)
    return None if value is None else Said(value if isinstance(value, str) else str(text_of(value)), logprobs)


def _count(value: Any) -> int:
    """Names and single values in it."""
    if isinstance(value, dict):
        return len(value) + sum(map(_count, value.values()))
    return sum(map(_count, value)) if isinstance(value, list) else 1
