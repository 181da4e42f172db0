"""Free fields of `record`, attributes of entities and further columns of rows: exact matches and matches in value."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from extractor.evaluation.matching import normal
from extractor.evaluation.tally import Matched
from extractor.tables import Table


@dataclass(frozen=True, slots=True)
class FieldHit:
    """One value that gold has: is it there exactly, and is it there in value?"""

    field: str
    exact: bool
    value: bool


def record_hits(record: str | None, gold: Mapping[str, Any]) -> list[FieldHit]:
    """Each leaf of a gold record (`a.b` for nested objects) against the record of the run, JSON text or None."""
    found = json.loads(record) if record else {}
    return _hits(dict(_leaves(found)) if isinstance(found, dict) else {}, dict(_leaves(gold)))


def attribute_hits(matched: Matched, table: Table) -> list[FieldHit]:
    """Each further thing that gold says of a table's items which the run found (strictly)."""
    if table.name not in matched.items:
        return []
    found, gold = matched.items[table.name]
    pairs = [(found[f], gold[g]) for f, g in matched.outcomes[f"{table.one}_strict"].pairs]
    return [hit for one, other in pairs for hit in _hits(one.attributes, other.attributes)]


def _hits(found: Mapping[str, Any], gold: Mapping[str, Any]) -> list[FieldHit]:
    return [
        FieldHit(
            name, name in found and _same(found[name], value), name in found and _plain(found[name]) == _plain(value)
        )
        for name, value in sorted(gold.items())
    ]


def _same(one: Any, two: Any) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)


def _leaves(record: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield above + key, value


def _plain(value: Any) -> str:
    """A value without what does not matter: case, width, white space, 1 or 1.0 or "1", the order of a list."""
    if isinstance(value, list):
        return json.dumps(sorted(map(_plain, value)))
    if isinstance(value, dict):
        return json.dumps({normal(key): _plain(inner) for key, inner in value.items()}, sort_keys=True)
    text = normal(value) if isinstance(value, str) else json.dumps(value)
    try:
        return repr(float(text.replace(",", ""))) if text not in ("nan", "inf", "-inf", "infinity") else text
    except ValueError:
        return text
