"""Text fields of a file to values of a column: one converter a type, made once a column.

Errors are `Mismatch` with Snowflake's text and number; the loader adds file, line and column.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from sapwood.dialect.statements import Column
from sapwood.dialect.types import MAX_TEXT, SnowType
from sapwood.engine.csv_format import CsvFormat
from sapwood.errors import UnsupportedError


class Mismatch(Exception):  # noqa: N818 - not an error of the user's until the loader says where
    """A field that its column does not hold."""

    def __init__(self, message: str, *, errno: int, sqlstate: str) -> None:
        super().__init__(message)
        self.message = message
        self.errno = errno
        self.sqlstate = sqlstate


Converter = Callable[[str], Any]


def converter(column: Column, form: CsvFormat, *, truncates: bool) -> Converter | None:
    """From a field's text (never None) to the value; None if the text is the value as it is."""
    kind = column.type
    make = _MAKERS.get(kind.name)
    if make is None:
        raise UnsupportedError(f"COPY INTO a column of type {kind} is not supported")
    return make(kind, form, truncates)


def not_null(column: Column) -> Mismatch:
    """NULL for a column that must not be NULL."""
    message = (
        "NULL result in a non-nullable column. Use quotes if an empty field should be interpreted as an empty string "
        "instead of a null"
    )
    return Mismatch(message, errno=100088, sqlstate="22000")


def _text(kind: SnowType, form: CsvFormat, truncates: bool) -> Converter | None:
    length = kind.length or MAX_TEXT

    def convert(field: str) -> str:
        if len(field) <= length:
            return field
        if truncates:
            return field[:length]
        raise Mismatch(
            f"User character length limit ({length}) exceeded by string '{field}'", errno=100074, sqlstate="22000"
        )

    return convert


def _fixed(kind: SnowType, form: CsvFormat, truncates: bool) -> Converter:
    step = Decimal(1).scaleb(-(kind.scale or 0))
    limit = Decimal(10) ** ((kind.precision or 38) - (kind.scale or 0))

    def convert(field: str) -> Decimal:
        if not _NUMBER.fullmatch(field):
            raise _not_recognized("Numeric value", field, errno=100038)
        with localcontext(prec=80):
            value = Decimal(field.strip()).quantize(step, ROUND_HALF_UP)
        if abs(value) >= limit:
            raise Mismatch(f"Numeric value '{field}' is out of range", errno=100039, sqlstate="22003")
        return value

    return convert


def _real(kind: SnowType, form: CsvFormat, truncates: bool) -> Converter:
    def convert(field: str) -> float:
        if not _NUMBER.fullmatch(field) and field.strip().lower() not in (
            "nan",
            "inf",
            "-inf",
            "infinity",
            "-infinity",
        ):
            raise _not_recognized("Numeric value", field, errno=100038)
        return float(field)

    return convert


def _boolean(kind: SnowType, form: CsvFormat, truncates: bool) -> Converter:
    def convert(field: str) -> bool:
        found = BOOLEANS.get(field.strip().lower())
        if found is None:
            raise _not_recognized("Boolean value", field, errno=100037)
        return found

    return convert


def _date(kind: SnowType, form: CsvFormat, truncates: bool) -> Converter:
    read = _moment(form.date_format, _DATES, "Date", 100040)
    return lambda field: read(field).date()


def _time(kind: SnowType, form: CsvFormat, truncates: bool) -> Converter:
    read = _moment(form.time_format, _TIMES, "Time", 100108)

    def convert(field: str) -> time:
        return read(field).time()

    return convert


def _timestamp(kind: SnowType, form: CsvFormat, truncates: bool) -> Converter:
    read = _moment(form.timestamp_format, (*_TIMESTAMPS, *_DATES), "Timestamp", 100035)
    shape = _SHAPES[kind.name]
    return lambda field: shape(read(field))


def _in_zone(found: datetime) -> datetime:
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _zoned(found: datetime) -> dict[str, Any]:
    moment = _in_zone(found)
    offset = moment.utcoffset() or timedelta()
    return {"moment": moment, "minutes": int(offset.total_seconds() // 60)}


_SHAPES: dict[str, Callable[[datetime], Any]] = {
    "TIMESTAMP_NTZ": lambda found: found.replace(tzinfo=None),
    "TIMESTAMP_LTZ": _in_zone,
    "TIMESTAMP_TZ": _zoned,
}
"""What the kinds of timestamp hold of a time that may have an offset; without one it is UTC's."""


def _binary(kind: SnowType, form: CsvFormat, truncates: bool) -> Converter:
    decode = {"HEX": bytes.fromhex, "BASE64": lambda field: base64.b64decode(field, validate=True)}.get(
        form.binary_format, str.encode
    )

    def convert(field: str) -> bytes:
        try:
            return decode(field)
        except (ValueError, binascii.Error):
            raise _not_recognized("Binary value", field, errno=100115) from None

    return convert


def _variant(kind: SnowType, form: CsvFormat, truncates: bool) -> Converter:
    """A text that is JSON is that value; any other text is a JSON string."""

    def convert(field: str) -> str:
        try:
            return json.dumps(json.loads(field), separators=(",", ":"), ensure_ascii=False)
        except ValueError:
            return json.dumps(field, ensure_ascii=False)

    return convert


_MAKERS: dict[str, Callable[[SnowType, CsvFormat, bool], Converter | None]] = {
    "TEXT": _text,
    "FIXED": _fixed,
    "REAL": _real,
    "BOOLEAN": _boolean,
    "DATE": _date,
    "TIME": _time,
    "TIMESTAMP_NTZ": _timestamp,
    "TIMESTAMP_LTZ": _timestamp,
    "TIMESTAMP_TZ": _timestamp,
    "BINARY": _binary,
    "VARIANT": _variant,
    "OBJECT": _variant,
    "ARRAY": _variant,
}
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), False),
}


def _not_recognized(what: str, field: str, *, errno: int) -> Mismatch:
    state = "22018" if errno in (100037, 100038) else "22007"
    return Mismatch(f"{what} '{field}' is not recognized", errno=errno, sqlstate=state)


# Dates and times ------------------------------------------------------------------------------------------------------

_DATES = ("%Y-%m-%d", "%d-%b-%Y", "%m/%d/%Y")
"""What AUTO takes for a date. Source: the vendor's page "Date and time input and output formats"."""
_TIMES = ("%H:%M:%S.%f", "%H:%M:%S", "%H:%M")
_TIMESTAMPS = (
    *(f"%Y-%m-%d{mark}{clock}{zone}" for mark in ("T", " ") for clock in _TIMES for zone in ("", "%z", " %z")),
    "%m/%d/%Y %H:%M:%S",
    "%d-%b-%Y %H:%M:%S",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a %b %d %H:%M:%S %z %Y",
)
_ELEMENTS = (
    ("YYYY", "%Y"), ("YY", "%y"), ("MMMM", "%B"), ("MON", "%b"), ("MM", "%m"), ("DD", "%d"), ("DY", "%a"), ("HH24", "%H"),
    ("HH12", "%I"), ("AM", "%p"), ("PM", "%p"), ("MI", "%M"), ("SS", "%S"), ("FF", "%f"), ("TZH:TZM", "%z"), ("TZHTZM", "%z"),
)  # fmt: skip
_EPOCH = datetime(1970, 1, 1)


def _moment(form: str, auto: tuple[str, ...], what: str, errno: int) -> Callable[[str], datetime]:
    forms = auto if form.upper() == "AUTO" else (strptime_format(form),)

    def read(field: str) -> datetime:
        text = re.sub(r"(\.\d{6})\d+", r"\1", field.strip())
        if form.upper() == "AUTO" and re.fullmatch(r"-?\d{1,11}", text) and what != "Time":
            return _EPOCH + timedelta(seconds=int(text))
        for one in forms:
            try:
                return datetime.strptime(text, one)
            except ValueError:
                continue
        raise _not_recognized(what, field, errno=errno)

    return read


def strptime_format(form: str) -> str:
    """A format of Snowflake's as strptime wants it.

    >>> strptime_format("YYYY-MM-DD HH24:MI:SS.FF3")
    '%Y-%m-%d %H:%M:%S.%f'
    """
    text = form.replace("%", "%%").replace('"', "")
    pattern = "|".join(element for element, _ in _ELEMENTS)
    table = dict(_ELEMENTS)
    return re.sub(rf"({pattern})\d?", lambda found: table[found[1].upper()], text, flags=re.IGNORECASE)
