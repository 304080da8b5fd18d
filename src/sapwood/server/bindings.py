"""The typed bindings of a query-request: `{"1": {"type": "FIXED", "value": "5"}}`, a list of values for a bulk insert.

Comes in: JSON. Goes out: an Arrow table with one column for each `?`. Whole columns are converted at once, so that
70,000 rows take no longer than a moment. Source of the forms: the public connector's converter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sapwood.dialect.types import (
    BINARY,
    BOOLEAN,
    DATE,
    REAL,
    TIME,
    TIMESTAMP_LTZ,
    TIMESTAMP_NTZ,
    TIMESTAMP_TZ,
    SnowType,
    number,
    text,
)  # fmt: skip
from sapwood.engine.arrow import arrow_type
from sapwood.engine.binds import Binds
from sapwood.errors import ProgrammingError
from sapwood.server.columns import NO_OFFSET

MANY_DIGITS = 38


def read_binds(bindings: Mapping[str, Any]) -> Binds | None:
    """The values of a request; None if it has none. ProgrammingError for what is no binding."""
    if not bindings:
        return None
    try:
        places = sorted(bindings, key=int)
        lists = [_values(bindings[place]["value"]) for place in places]
        columns = [
            _column(str(bindings[place]["type"]).upper(), values) for place, values in zip(places, lists, strict=True)
        ]
        table = pa.table({f"c{index}": values for index, (values, _) in enumerate(columns)})
    except (KeyError, TypeError, ValueError, AttributeError, pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise ProgrammingError(
            f"A value that is bound can't be read: {error}", errno=100132, sqlstate="22000", hint=""
        ) from error
    is_many = any(isinstance(bindings[place]["value"], list) for place in places)
    return Binds(tuple(kind for _, kind in columns), table, is_many)


def _values(value: Any) -> Sequence[str | None]:
    return [None if each is None else str(each) for each in (value if isinstance(value, list) else [value])]


def _column(kind: str, values: Sequence[str | None]) -> tuple[pa.Array, SnowType]:
    convert = _CONVERTERS.get(kind)
    texts = pa.array(values, pa.string())
    return (texts, text()) if convert is None else convert(texts)


def _fixed(texts: pa.Array) -> tuple[pa.Array, SnowType]:
    """Whole numbers, else decimals with as many digits as the longest fraction has."""
    try:
        return texts.cast(pa.int64()), number(19, 0)
    except pa.ArrowInvalid:
        scale = max((len(each.partition(".")[2]) for each in texts.to_pylist() if each), default=0)
        scale = min(scale, MANY_DIGITS - 1)
        return texts.cast(pa.decimal128(MANY_DIGITS, scale)), number(MANY_DIGITS, scale)


def _real(texts: pa.Array) -> tuple[pa.Array, SnowType]:
    return texts.cast(pa.float64()), REAL


def _boolean(texts: pa.Array) -> tuple[pa.Array, SnowType]:
    return pc.call_function("utf8_lower", [texts]).cast(pa.bool_()), BOOLEAN


def _date(texts: pa.Array) -> tuple[pa.Array, SnowType]:
    """Milliseconds since 1970."""
    return texts.cast(pa.int64()).cast(pa.timestamp("ms")).cast(pa.date32()), DATE


def _time(texts: pa.Array) -> tuple[pa.Array, SnowType]:
    """Nanoseconds since midnight."""
    return texts.cast(pa.int64()).cast(pa.time64("ns")).cast(pa.time64("us"), safe=False), TIME


def _stamp(kind: SnowType) -> Callable[[pa.Array], tuple[pa.Array, SnowType]]:
    """Nanoseconds since 1970."""
    zone = None if kind is TIMESTAMP_NTZ else "UTC"

    def convert(texts: pa.Array) -> tuple[pa.Array, SnowType]:
        stamps = texts.cast(pa.int64()).cast(pa.timestamp("ns", tz=zone))
        return stamps.cast(pa.timestamp("us", tz=zone), safe=False), kind

    return convert


def _zoned(texts: pa.Array) -> tuple[pa.Array, SnowType]:
    """Nanoseconds since 1970 and, behind a blank, minutes ahead of UTC plus a day; connector 5 leaves these out."""
    whole = pc.call_function("binary_join_element_wise", [texts, pa.scalar(str(NO_OFFSET)), pa.scalar(" ")])
    words = pc.call_function("utf8_split_whitespace", [whole])
    nanos, minutes = (pc.call_function("list_element", [words, pa.scalar(place)]) for place in (0, 1))
    moments, _ = _stamp(TIMESTAMP_LTZ)(nanos)
    offsets = pc.call_function("subtract", [minutes.cast(pa.int16()), pa.scalar(NO_OFFSET, pa.int16())])
    kind = arrow_type(TIMESTAMP_TZ)
    return pa.StructArray.from_arrays([moments, offsets], fields=list(kind), mask=texts.is_null()), TIMESTAMP_TZ


def _binary(texts: pa.Array) -> tuple[pa.Array, SnowType]:
    """Hexadecimal digits."""
    return pa.array([None if each is None else bytes.fromhex(each) for each in texts.to_pylist()], pa.binary()), BINARY


_CONVERTERS: Mapping[str, Callable[[pa.Array], tuple[pa.Array, SnowType]]] = {
    "FIXED": _fixed,
    "REAL": _real,
    "BOOLEAN": _boolean,
    "DATE": _date,
    "TIME": _time,
    "TIMESTAMP_NTZ": _stamp(TIMESTAMP_NTZ),
    "TIMESTAMP_LTZ": _stamp(TIMESTAMP_LTZ),
    "TIMESTAMP_TZ": _zoned,
    "BINARY": _binary,
}
