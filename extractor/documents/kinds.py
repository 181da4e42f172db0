"""Arrow types of kept columns: what several files agree on, what is carried, what is stored."""

from collections.abc import Callable, Iterable
from functools import reduce

import pyarrow as pa
import pyarrow.types as pt

_STRINGS = (pt.is_string, pt.is_large_string, pt.is_string_view)
_BY_BYTES = (*_STRINGS, pt.is_binary, pt.is_large_binary, pt.is_binary_view, pt.is_fixed_size_binary)
Leaf = Callable[[pa.DataType], pa.DataType]


def agreed(kinds: Iterable[pa.DataType]) -> pa.DataType:
    """The type that takes the values of all these: numbers widen, times take the finer unit and UTC, nested types go
    field by field; a string, in which anything can be said, where nothing narrower does, or where there is no value.
    """
    return stored(reduce(_joined, kinds, pa.null()))


def stored(kind: pa.DataType) -> pa.DataType:
    """The type of the stored column: the same, with views plain and dictionaries wide; a string for no values."""
    return pa.string() if pt.is_null(kind) else _rebuilt(kind, _storable)


def carried(kind: pa.DataType) -> pa.DataType:
    """The type that values have on their way: the stored one, less its dictionaries, which would be held whole."""
    return _rebuilt(kind, _without_dictionary)


def plain(kind: pa.DataType) -> pa.DataType:
    """The type less all that only says how it is stored or read: dictionaries, views, extensions."""
    kind = carried(stored(kind))
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind


def castable(kind: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether Arrow can turn values of one type into another at all."""
    try:
        pa.nulls(1, kind).cast(wanted)
    except pa.ArrowException:
        return False
    return True


def is_text(kind: pa.DataType) -> bool:
    """Whether values of this type are strings."""
    return bool(pt.is_string(kind) or pt.is_large_string(kind))


def is_said_by_bytes(kind: pa.DataType) -> bool:
    """Whether its values are strings, or bytes that may be read as strings."""
    return any(is_one(kind) for is_one in _BY_BYTES)


def _joined(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    if one == other or pt.is_null(other):
        return one
    return other if pt.is_null(one) else _wider(plain(one), plain(other))


def _wider(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    found = _promoted(one, other)
    if pt.is_decimal(found) and (pt.is_integer(one) or pt.is_integer(other)):
        found = pa.decimal128(38, found.scale)
    fits = is_text(one) == is_text(other) and castable(one, found) and castable(other, found)
    return found if fits else pa.string()


def _promoted(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    if pt.is_timestamp(one) and pt.is_timestamp(other) and one.tz and other.tz:
        one, other = pa.timestamp(one.unit, "UTC"), pa.timestamp(other.unit, "UTC")
    schemas = [pa.schema([("", kind)]) for kind in (one, other)]
    try:
        return pa.unify_schemas(schemas, promote_options="permissive").field(0).type
    except pa.ArrowException:
        return pa.string()


def _without_dictionary(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pt.is_dictionary(kind) else kind


def _storable(kind: pa.DataType) -> pa.DataType:
    if pt.is_dictionary(kind):
        wide = pa.dictionary(pa.int32(), _storable(kind.value_type), kind.ordered)  # of all files together
        return wide if castable(kind.value_type, wide) else wide.value_type
    if pt.is_string_view(kind):
        return pa.string()
    return pa.binary() if pt.is_binary_view(kind) else kind


def _rebuilt(kind: pa.DataType, leaf: Leaf) -> pa.DataType:
    """The same type with each of its parts passed through `leaf`."""

    def part(field: pa.Field) -> pa.Field:
        return field.with_type(_rebuilt(field.type, leaf))

    if pt.is_struct(kind):
        return pa.struct([part(field) for field in kind])
    if pt.is_map(kind):
        return pa.map_(part(kind.key_field), part(kind.item_field), keys_sorted=kind.keys_sorted)
    if pt.is_fixed_size_list(kind):
        return pa.list_(part(kind.value_field), kind.list_size)
    if pt.is_large_list(kind):
        return pa.large_list(part(kind.value_field))
    return pa.list_(part(kind.value_field)) if pt.is_list(kind) else leaf(kind)
