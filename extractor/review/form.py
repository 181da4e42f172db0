"""The values of a record beside the items of its tables, as a form has them."""

from collections.abc import Sequence
from typing import Any

from extractor.review.places import SchemaPlaces


def fill(record: Any, places: SchemaPlaces, form: Sequence[Any] | None) -> None:
    """Puts the values of the form into a record; it is changed."""
    for one, value in zip(places.form, form or (), strict=False):
        inside = record
        for key in one.path[:-1]:
            if not isinstance(inside.get(key), dict):
                inside[key] = {}
            inside = inside[key]
        if value is not None or one.nullable:
            inside[one.path[-1]] = value
        elif not one.required:
            inside.pop(one.path[-1], None)


def form_of(record: Any, places: SchemaPlaces) -> list[Any]:
    """The values of the form as a record has them."""
    return [at_place(record, one.path) for one in places.form]


def at_place(record: Any, where: Sequence[str | int]) -> Any:
    """The value there, None where there is none."""
    for step in where:
        inside = isinstance(record, list) and isinstance(step, int) and step < len(record)
        record = record[step] if inside or (isinstance(record, dict) and step in record) else None
    return record
