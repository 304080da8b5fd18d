"""A result's columns as the wire protocol has them: `rowtype`, Arrow arrays with Snowflake's metadata, and JSON texts.

Comes in: a table of `engine.arrow`'s types with its Snowflake columns. Source of the forms: the public connector and
driver sources (their Arrow converters). Knows no HTTP and no files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sapwood.dialect.statements import Column
from sapwood.dialect.types import MAX_TEXT, REAL, SnowType, number

MICROSECONDS = 1_000_000
NO_OFFSET = 1440
"""How the protocol writes an offset from UTC: minutes, plus a day."""

# rowtype -------------------------------------------------------------------------------------------------------------


def row_type(column: Column) -> dict[str, Any]:
    """A column's entry in `rowtype`."""
    kind = column.type
    length = _length(kind)
    return {
        "name": column.name,
        "type": kind.name.lower(),
        "nullable": column.nullable,
        "precision": _precision(kind),
        "scale": _scale(kind),
        "length": length,
        "byteLength": length if kind.name != "TEXT" or length is None else min(length * 4, MAX_TEXT),
        "collation": None,
        "database": "",
        "schema": "",
        "table": "",
        **_elements(kind),
    }


def _elements(kind: SnowType) -> dict[str, Any]:
    """What `rowtype` says of a vector's elements."""
    if kind.name != "VECTOR":
        return {}
    element = REAL if kind.scale is None else number(38, 0)
    return {"vectorDimension": kind.length, "fields": [row_type(Column("", element, nullable=False))]}


def _precision(kind: SnowType) -> int | None:
    if kind.name == "FIXED":
        return kind.precision or 38
    return 0 if kind.scale is not None else None


def _scale(kind: SnowType) -> int | None:
    return kind.scale or 0 if kind.name == "FIXED" else kind.scale


def _length(kind: SnowType) -> int | None:
    return kind.length if kind.name in ("TEXT", "BINARY") else None


# Arrow ---------------------------------------------------------------------------------------------------------------


def wire_table(table: pa.Table, columns: Sequence[Column]) -> pa.Table:
    """The table as clients read it: same rows and names, the protocol's arrays and field metadata."""
    arrays = [_wire(table.column(index), column.type) for index, column in enumerate(columns)]
    fields = [
        pa.field(column.name, array.type, nullable=True, metadata=_metadata(column.type))
        for column, array in zip(columns, arrays, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _metadata(kind: SnowType) -> dict[str, str]:
    return {
        "logicalType": kind.name,
        "precision": str(_precision(kind) or 38),
        "scale": str(_scale(kind) or 0),
        "charLength": str(_length(kind) or 0),
        "byteLength": str(_length(kind) or _ZONED_BYTES),
        "finalType": "T",
        "physicalType": "",
    }


_ZONED_BYTES = 16
"""Size of a TIMESTAMP_TZ with fraction and zone, by which older clients tell its form."""


def _wire(values: pa.ChunkedArray, kind: SnowType) -> pa.ChunkedArray:
    convert = _ARROW.get(kind.name)
    return values if convert is None else pa.chunked_array([convert(chunk, kind) for chunk in _chunks(values)])


def _chunks(values: pa.ChunkedArray) -> list[pa.Array]:
    return values.chunks or [pa.array([], values.type)]


def _fixed(values: pa.Array, kind: SnowType) -> pa.Array:
    """NUMBER with a scale travels as its digits in an integer where those fit, else as a decimal."""
    if not pa.types.is_decimal(values.type):
        return values
    digits = pa.Array.from_buffers(
        pa.decimal128(values.type.precision, 0), len(values), values.buffers(), offset=values.offset
    )
    try:
        return digits.cast(pa.int64())
    except pa.ArrowInvalid:
        return values


def _time(values: pa.Array, kind: SnowType) -> pa.Array:
    """Time since midnight, in the unit of the type's last digit."""
    nanoseconds = values.cast(pa.time64("ns")).cast(pa.int64())
    return _do("divide", nanoseconds, 10 ** (9 - (_scale(kind) or 0)))


def _stamp(values: pa.Array, kind: SnowType) -> pa.Array:
    """Seconds since 1970, rounded down, and nanoseconds above them."""
    epoch, fraction = _split(values)
    fields = [pa.field("epoch", pa.int64()), pa.field("fraction", pa.int32())]
    return pa.StructArray.from_arrays([epoch, fraction], fields=fields, mask=values.is_null())


def _stamp_with_offset(values: pa.Array, kind: SnowType) -> pa.Array:
    moments, offsets = _zoned(values)
    epoch, fraction = _split(moments)
    fields = [pa.field("epoch", pa.int64()), pa.field("fraction", pa.int32()), pa.field("timezone", pa.int32())]
    return pa.StructArray.from_arrays([epoch, fraction, offsets], fields=fields, mask=values.is_null())


def _zoned(values: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The moments, and their offsets as the protocol writes them."""
    moments, minutes = values.flatten()
    return moments, _do("coalesce", _do("add", minutes.cast(pa.int64()), NO_OFFSET), NO_OFFSET).cast(pa.int32())


def _split(values: pa.Array) -> tuple[pa.Array, pa.Array]:
    micros = _do("coalesce", values.cast(pa.int64()), 0)
    seconds = _do("divide", micros, MICROSECONDS)
    rest = _do("subtract", micros, _do("multiply", seconds, MICROSECONDS))
    borrowed = _do("less", rest, 0).cast(pa.int64())
    seconds = _do("subtract", seconds, borrowed)
    rest = _do("add", rest, _do("multiply", borrowed, MICROSECONDS))
    return seconds, _do("multiply", rest, 1000).cast(pa.int32())


def _do(function: str, *arguments: Any) -> Any:
    """One of Arrow's compute functions."""
    values = [value if isinstance(value, pa.Array) else pa.scalar(value, pa.int64()) for value in arguments]
    return pc.call_function(function, values)


_ARROW: dict[str, Callable[[pa.Array, SnowType], pa.Array]] = {
    "FIXED": _fixed,
    "TIME": _time,
    "TIMESTAMP_NTZ": _stamp,
    "TIMESTAMP_LTZ": _stamp,
    "TIMESTAMP_TZ": _stamp_with_offset,
}

# JSON ----------------------------------------------------------------------------------------------------------------


def json_rows(table: pa.Table, columns: Sequence[Column]) -> list[list[str | None]]:
    """The rows as the protocol's texts."""
    texts = [_texts(table.column(index), column.type) for index, column in enumerate(columns)]
    return [list(row) for row in zip(*texts, strict=True)]


def _texts(values: pa.ChunkedArray, kind: SnowType) -> list[str | None]:
    if kind.name == "TIMESTAMP_TZ":
        return [text for chunk in _chunks(values) for text in _zoned_texts(chunk)]
    convert = _JSON.get(kind.name, str)
    return [None if value is None else convert(value) for value in _plain(values, kind)]


def _zoned_texts(values: pa.Array) -> list[str | None]:
    moments, offsets = _zoned(values)
    pairs = zip(moments.cast(pa.int64()).to_pylist(), offsets.to_pylist(), strict=True)
    return [None if at is None else f"{_seconds(at)} {offset}" for at, offset in pairs]


def _plain(values: pa.ChunkedArray, kind: SnowType) -> list[Any]:
    """Python values; days and microseconds of dates and times."""
    if kind.name == "DATE":
        return values.cast(pa.int32()).to_pylist()
    return values.cast(pa.int64()).to_pylist() if kind.name.startswith("TIME") else values.to_pylist()


def _seconds(micros: int) -> str:
    """Microseconds as seconds with nine digits behind the point.

    >>> _seconds(-1), _seconds(1_500_000)
    ('-0.000001000', '1.500000000')
    """
    sign, size = "-" if micros < 0 else "", abs(micros)
    return f"{sign}{size // MICROSECONDS}.{size % MICROSECONDS * 1000:09d}"


_JSON: dict[str, Callable[[Any], str]] = {
    "BOOLEAN": lambda value: "1" if value else "0",
    "REAL": repr,
    "BINARY": lambda value: value.hex().upper(),
    "VECTOR": json.dumps,
    "TIME": _seconds,
    "TIMESTAMP_NTZ": _seconds,
    "TIMESTAMP_LTZ": _seconds,
}
