"""What a table is: the words that feed it, its columns, and its rows from a record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from extractor.tables.items import Item

Rows = tuple[list[Any], list[str]]  # rows, and in words what was left out, and why
Made = Mapping[str, Sequence[Any]]  # the rows of the tables before it, by table

SPAN = pa.struct([("start", pa.int64()), ("end", pa.int64())])


def column(name: str, kind: pa.DataType, says: str) -> pa.Field:
    """A column whose Parquet field carries its description."""
    return pa.field(name, kind, metadata={"description": says})


DOC_ID = column("doc_id", pa.string(), "the document's id, unique in documents")
ATTRIBUTES = column("attributes", pa.string(), "JSON object: the item's other fields")
CONFIDENCE = column("confidence", pa.float64(), "0 to 1, where the schema asks the model for it")


@dataclass(frozen=True, slots=True)
class Table:
    """One table that records feed. Every room that deals in tables goes over the list of them."""

    name: str  # of its folder
    word: str  # that `x-extract` knows it by
    one: str  # what a row is, in a word
    columns: pa.Schema  # a row is a dataclass with a field for each but doc_id
    make: Callable[[Sequence[Item], str, Made], Rows]  # from items of a record, the document's text, and rows before
    holds: Literal["items", "text"] = "items"  # a list of items, or one text
    roles: tuple[str, ...] = ()  # the words that `x-extract` knows inside an item
    needed: tuple[str, ...] = ()  # roles without which an item is none of this table
    names: tuple[str, ...] = ()  # roles that name things in the text
    kind: str | None = None  # the role, and column, that says of which kind a row is
    takes_plain_text: bool = False  # an item may be a text alone: its name
    needs_no_mark: bool = False  # a property called by its word feeds it without x-extract
    scored: tuple[str, ...] = ()  # columns in which a row and gold's must agree
