"""Edits of a record: items changed, added and taken out by where they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from extractor.review.asked import ReviewedRow
from extractor.review.form import at_place
from extractor.review.new_item import NewItem, ids_of
from extractor.review.origins import key_of_row, keys_of_item, names_in, origins
from extractor.review.places import SchemaPlaces
from extractor.review.put import NoPlace, put
from extractor.review.quotes import Quotes
from extractor.tables import RELATIONS, Table
from extractor.tables.fold import fold
from extractor.tables.items import Item, Where, items_of


@dataclass(slots=True)
class Edits:
    """A record that is being mended."""

    places: SchemaPlaces
    record: Any
    quotes: Quotes
    gone: set[Where] = field(default_factory=set)

    def mend(self, table: Table, rows: Sequence[Mapping[str, Any]], reviewed: Sequence[ReviewedRow]) -> None:
        """Makes the items of a table say what was reviewed; NoPlace where they cannot."""
        given = origins(self.record, self.places.fields, table, rows)
        self._take_out_unsaid(table, [item.where for items in given for item in items])
        kept = {row.origin: row for row in reviewed if row.origin is not None}
        new = [row for row in reviewed if row.origin is None]
        added: list[tuple[ReviewedRow, list[Item]]] = [(row, []) for row in new]
        for number, items in enumerate(given):
            now = kept.get(number)
            if now is None:
                self._take_out(table, items, key_of_row(table, rows[number]))
                continue
            changed = _changed(rows[number], now.values)
            if changed and not all([self._change(table, item, changed) for item in items] or [False]):
                self._take_out(table, items, key_of_row(table, rows[number]))
                added.append((now, items))
        for row, items in added:
            self._add(table, row, items)

    def _add(self, table: Table, row: ReviewedRow, items: Sequence[Item]) -> None:
        """A new item; of one that moves from another place, with what it held there."""
        more = {key: value for item in items for key, value in item.rest.items()} | row.attributes
        ids = ids_of(self.record, self.places.fields)
        values = row.values if items or table is not RELATIONS else row.values | self._evidence(row.values)
        item = NewItem(table, values, more, ids)
        self.record = put(self.record, self.places.of(table), self.places.root, item)

    def _evidence(self, values: Mapping[str, Any]) -> dict[str, Any]:
        quote = self.quotes.of(values.get("subject"), values.get("object"))
        return {"evidence": quote} if quote else {}

    def _change(self, table: Table, item: Item, changed: Mapping[str, Any]) -> bool:
        """Says something else in an item, where it has a place for that and gives this row alone."""
        found = next(one for one in self.places.of(table) if one.field == item.source)
        new_kind = changed.get(table.kind or "")
        if new_kind is not None and found.labels and new_kind not in found.labels:
            return False
        one_row = len(list(keys_of_item(item, table, {}))) == 1
        roles = item.source.roles
        whole = at_place(self.record, item.where)
        if not one_row or not isinstance(whole, dict) or any(role not in roles for role in changed):
            return False
        if found.item is None:
            return False
        made = NewItem(table, changed, {}, ids_of(self.record, self.places.fields)).made(found, self.places.root)
        whole |= {roles[role]: made[roles[role]] for role in changed if roles[role] in made}
        whole |= {roles[role]: None for role, said in changed.items() if said is None}
        return True

    def _take_out(self, table: Table, items: list[Item], key: Sequence[str | None]) -> None:
        """Takes items out; of one that names several things in a list, the one thing."""
        for item in items:
            role = next((role for role in item.source.roles if _names_more(item, role)), None)
            if "*" in item.source.aside:  # what holds another is related to it by that alone
                continue
            if role is None:
                self.gone.add(item.where)
            else:
                self._take_name(item, role, key)

    def _take_out_unsaid(self, table: Table, said: Sequence[Where]) -> None:
        """Takes out relations that the schema rules out: they gave no row, and nobody was asked about them."""
        if table is RELATIONS:
            for item in items_of(self.record, self.places.fields, table.word):
                if item.where not in said and "*" not in item.source.aside and item.said.keys() & set(table.needed):
                    self.gone.add(item.where)

    def _take_name(self, item: Item, role: str, key: Sequence[str | None]) -> None:
        whole, at = at_place(self.record, item.where), item.source.roles[role]
        named = names_in(item, role, {})
        left = [one for one, name in zip(item.said[role], named, strict=True) if fold(name) not in key]
        held = [one for one in whole[at] if one in left]
        if held:
            whole[at] = held
        else:
            self.gone.add(item.where)

    def finish(self) -> None:
        """Takes out all that is gone, from the last to the first, so that what stands before keeps its place."""
        for where in sorted(self.gone, key=_from_the_end, reverse=True):
            holder: Any = at_place(self.record, where[:-1]) if where else None
            if isinstance(holder, list | dict):
                step: Any = where[-1]
                del holder[step]
            else:
                raise NoPlace("the record is one thing as a whole, which cannot be taken out")


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in now.items() if (value or None) != (before.get(name) or None)}


def _names_more(item: Item, role: str) -> bool:
    value = item.said.get(role)
    return isinstance(value, list) and len(value) > 1 and role in ("name", "subject", "object")


def _from_the_end(where: Where) -> list[tuple[bool, int, str]]:
    return [(isinstance(step, int), step if isinstance(step, int) else 0, str(step)) for step in where]
