"""Snowflake types to Arrow types, and a DuckDB result to a table of exactly those.

NUMBER without fraction is int64 where its precision is at most 18; a wider one is int64 too if all its values fit, else
decimal128(38, 0). NUMBER with fraction is decimal128. TIMESTAMP_LTZ is microseconds in UTC, TIMESTAMP_TZ a struct of these and of
the minutes that its own offset is ahead of UTC. Semi-structured values are JSON text.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta, timezone
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sapwood.dialect.statements import Column
from sapwood.dialect.types import SnowType
from sapwood.errors import InternalError

INT64_DIGITS = 18
"""Digits that always fit into 64 bits."""


def arrow_type(kind: SnowType) -> pa.DataType:
    """The Arrow type of a column; of a wide whole number, the one for values that fit into 64 bits."""
    match kind.name:
        case "FIXED" if not kind.scale:
            return pa.int64()
        case "FIXED":
            return pa.decimal128(kind.precision or 38, kind.scale or 0)
        case "VECTOR":
            return pa.list_(pa.float32() if kind.scale is None else pa.int32(), kind.length or 0)
        case _:
            return _ARROW[kind.name]


def conform(table: pa.Table, columns: Sequence[Column]) -> pa.Table:
    """The table with the columns' names and types, by position."""
    if table.num_columns != len(columns):
        raise InternalError(f"a result of {table.num_columns} columns where {len(columns)} were planned")
    arrays = [_cast(table.column(index), column.type) for index, column in enumerate(columns)]
    schema = pa.schema([pa.field(column.name, array.type) for column, array in zip(columns, arrays, strict=True)])
    return pa.Table.from_arrays(arrays, schema=schema)


def moments(table: pa.Table) -> pa.Table:
    """The table with the bare moments of its TIMESTAMP_TZ, as the official connector's Arrow tables have them."""
    for place, field in enumerate(table.schema):
        if field.type == _ARROW["TIMESTAMP_TZ"]:
            moment = pc.call_function("struct_field", [table.column(place)], pc.StructFieldOptions(["moment"]))
            table = table.set_column(place, field.name, moment)
    return table


def python_value(value: Any) -> Any:
    """A value of an Arrow table as Python has it: a TIMESTAMP_TZ is a time at its own offset."""
    match value:
        case {"moment": at, "minutes": minutes}:
            return at.astimezone(timezone(timedelta(minutes=minutes)))
        case _:
            return value


def _cast(values: pa.ChunkedArray, kind: SnowType) -> pa.ChunkedArray:
    wanted = arrow_type(kind)
    if values.type == wanted:
        return values
    try:
        return values.cast(wanted)
    except pa.ArrowInvalid:
        if kind.name == "FIXED" and not kind.scale and (kind.precision or 38) > INT64_DIGITS:
            return values.cast(pa.decimal128(38, 0))
        raise


_ARROW: dict[str, pa.DataType] = {
    "TEXT": pa.string(),
    "REAL": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIME": pa.time64("us"),
    "TIMESTAMP_NTZ": pa.timestamp("us"),
    "TIMESTAMP_LTZ": pa.timestamp("us", tz="UTC"),
    "TIMESTAMP_TZ": pa.struct([("moment", pa.timestamp("us", tz="UTC")), ("minutes", pa.int16())]),
    "BINARY": pa.binary(),
    "VARIANT": pa.string(),
    "OBJECT": pa.string(),
    "ARRAY": pa.string(),
}
