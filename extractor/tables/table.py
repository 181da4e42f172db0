"""What a table is: the words that feed it, its columns, and its rows from a record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from extractor.tables.grounding import Ground
from extractor.tables.items import Item

Rows = tuple[list[Any], list[str]]  # rows, and in words what was left out, and why


@dataclass(frozen=True, slots=True)
class Made:
    """What a table finds of those before it, by their names: their items, and the rows that these gave."""

    items: Mapping[str, Sequence[Item]]
    rows: Mapping[str, Sequence[Any]]


SPAN = pa.struct([("start", pa.int64()), ("end", pa.int64())])


def column(name: str, kind: pa.DataType, says: str) -> pa.Field:
    """A column whose Parquet field carries its description."""
    return pa.field(name, kind, metadata={"description": says})


DOC_ID = column("doc_id", pa.string(), "the document's id, unique in documents")
ATTRIBUTES = column("attributes", pa.string(), "JSON object: the item's other fields")
CONFIDENCE = column("confidence", pa.float64(), "0 to 1, where the schema asks the model for it, or with --confidence")


@dataclass(frozen=True, slots=True)
class Table:
    """One table that records feed. Every room that deals in tables goes over the list of them."""

    name: str  # of its folder
    word: str  # that `x-extract` knows it by
    one: str  # what a row is, in a word
    columns: pa.Schema  # a row is a dataclass with a field for each but doc_id
    make: Callable[[Sequence[Item], Ground, Made], Rows]  # from items of a record, the text they are about, rows before
    holds: Literal["items", "text"] = "items"  # a list of items, or one text
    roles: tuple[str, ...] = ()  # the words that `x-extract` knows inside an item
    needed: tuple[str, ...] = ()  # roles without which an item is none of this table
    keys: tuple[str, ...] = ()  # roles that the keys of a map of items may play, the likeliest first
    names: tuple[str, ...] = ()  # roles that name things in the text
    kind: str | None = None  # the role, and column, that says of which kind a row is
    bare: str = ""  # the role of an item that is a text alone; "" where it can be none
    needs_no_mark: bool = False  # a property called by its word feeds it without x-extract
    scored: tuple[str, ...] = ()  # columns in which a row and gold's must agree
