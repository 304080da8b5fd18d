"""Snowflake types to Arrow types, and a DuckDB result to a table of exactly those.

NUMBER without fraction is int64 where its precision is at most 18; a wider one is int64 too if all its values fit, else
decimal128(38, 0). NUMBER with fraction is decimal128. TIMESTAMP_LTZ and _TZ are microseconds in UTC. Semi-structured
values are JSON text.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

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
    "TIMESTAMP_TZ": pa.timestamp("us", tz="UTC"),
    "BINARY": pa.binary(),
    "VARIANT": pa.string(),
    "OBJECT": pa.string(),
    "ARRAY": pa.string(),
}
