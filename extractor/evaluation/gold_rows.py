"""What gold says of the tables that are scored by their columns: a list of rows under each table's word."""

import json
from dataclasses import dataclass
from typing import Annotated, Any

import pyarrow as pa
from pydantic import BaseModel, BeforeValidator, StringConstraints, create_model

from extractor.evaluation.scored_tables import FURTHER, key_columns, said_columns
from extractor.tables import Table
from extractor.tables.names import text_of


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _text(value: Any) -> Any:
    return value if isinstance(value, str) else text_of(value)


Text = Annotated[str, BeforeValidator(_text)]
Needed = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), BeforeValidator(_text)]
Json = Annotated[dict[str, Any], BeforeValidator(_parsed)]


@dataclass(frozen=True, slots=True)
class GoldRow:
    """A row by column; right is whoever gives its scored columns, or an alias for the first of them, and its kind or
    one of `alt_types`."""

    values: dict[str, Any]
    aliases: tuple[str, ...] = ()
    alt_types: tuple[str, ...] = ()


def gold_rows(document: Any) -> dict[str, tuple[GoldRow, ...]]:
    """The rows of a gold document by table's name; pydantic's ValidationError where a row is malformed."""
    said = _DOCUMENT.model_validate(document).model_dump(exclude_unset=True)
    return {table.name: tuple(_row(row) for row in said.get(table.word, ())) for table in FURTHER}


def _row(said: dict[str, Any]) -> GoldRow:
    return GoldRow(said, said.pop("aliases", ()), said.pop("alt_types", ()))


def _form(table: Table) -> type[BaseModel]:
    """What a row may say: the columns that an answer fills, those of the key at least."""
    needed = key_columns(table)
    columns: dict[str, Any] = {
        name: (_said(table.columns.field(name).type, name in needed), ... if name in needed else None)
        for name in said_columns(table)
    }
    others: dict[str, Any] = {name: (tuple[Text, ...], ()) for name in ("aliases", "alt_types")}
    return create_model(table.one, **columns, **others, attributes=(Json, {}))


def _said(kind: pa.DataType, needed: bool) -> Any:
    if pa.types.is_list(kind) and pa.types.is_string(kind.value_type):
        return list[Text]
    if pa.types.is_string(kind):
        return Needed if needed else Text
    return float if pa.types.is_floating(kind) else Any


_LISTS: dict[str, Any] = {table.word: (list[_form(table)], []) for table in FURTHER}  # type: ignore[misc]
_DOCUMENT = create_model("GoldTables", **_LISTS)
