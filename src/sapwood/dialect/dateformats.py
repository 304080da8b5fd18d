"""Dates and times as texts of a format, such as TO_VARCHAR(d, 'YYYY-MM-DD'), and back.

Comes in: a bound value and a constant format. Goes out: a bound value. Snowflake's elements are put into DuckDB's; one that
isn't known stands for itself, as the vendor has it. Source: the vendor's page "Date and time input and output formats".
"""

from __future__ import annotations

import re

from sapwood.dialect.coercion import cast
from sapwood.dialect.failures import raising
from sapwood.dialect.names import literal
from sapwood.dialect.stamps import reading_of
from sapwood.dialect.types import SnowType, text
from sapwood.dialect.values import Value, combine, once
from sapwood.dialect.zones import moment, offset, written_offset
from sapwood.errors import UnsupportedError

_ELEMENTS = {
    "YYYY": "%Y", "UUUU": "%Y", "YY": "%y", "MMMM": "%B", "MON": "%b", "MM": "%m", "DY": "%a", "DD": "%d", "HH24": "%H", "HH12": "%I",
    "HH": "%H", "MI": "%M", "SS": "%S", "AM": "%p", "PM": "%p",
}  # fmt: skip
_ZONES = ("TZH:TZM", "TZHTZM", "TZH")
_FRACTION = "%f"
_FORMAT = re.compile("|".join([*_ZONES, r"FF\d?", *_ELEMENTS]) + r'|"[^"]*"|[A-Za-z]|[^A-Za-z"]+', re.IGNORECASE)


def elements(form: Value) -> list[str]:
    """The elements of a constant format in upper case; a text that stands for itself begins with a quote.

    >>> from sapwood.dialect.values import text_value
    >>> elements(text_value("YYYY-MM"))
    ['YYYY', '"-', 'MM']
    """
    if not isinstance(form.constant, str):
        raise UnsupportedError("SQL compilation error:\nA date format must be a constant.")
    return [_element(piece) for piece in _FORMAT.findall(form.constant)]


def _element(piece: str) -> str:
    word = piece.upper()
    if word in _ELEMENTS or word in _ZONES or re.fullmatch(r"FF\d?", word):
        return word
    stripped = piece.strip('"')
    return f'"{stripped}'


def formatted(value: Value, form: Value) -> Value:
    """TO_VARCHAR of a date, time or timestamp."""

    def build(sql: str) -> str:
        reading = _dated(reading_of(sql, value.type), value.type)
        minutes = offset(sql) if value.type.name in ("TIMESTAMP_LTZ", "TIMESTAMP_TZ") else "0"
        return " || ".join(_shown(element, reading, minutes) for element in elements(form)) or "''"

    return combine(once([value.sql], build, is_volatile=value.is_volatile), text(), [value])


def _shown(element: str, reading: str, minutes: str) -> str:
    if element.startswith('"'):
        return literal(element[1:])
    if element.startswith("FF"):
        return f"left(strftime({reading}, '%n'), {element[2:] or 9})"
    if element.startswith("TZ"):
        written = written_offset(minutes, colon=":" in element)
        return f"left({written}, 3)" if element == "TZH" else f"({written})"
    return f"strftime({reading}, '{_ELEMENTS[element]}')"


def _dated(reading: str, type_: SnowType) -> str:
    """A reading that DuckDB can format: a time alone is put onto a day."""
    return f"(DATE '2000-01-01' + {reading})" if type_.name == "TIME" else reading


def parsed(value: Value, form: Value, target: SnowType, *, tries: bool) -> Value:
    """TO_DATE and its like with a format. AUTO is what a cast does."""
    if isinstance(form.constant, str) and form.constant.upper() == "AUTO":
        return cast(value, target, tries=tries)
    source = cast(value, text())
    pattern = "".join(map(_read, elements(form)))

    def build(sql: str) -> str:
        found = f"try_strptime({sql}, {literal(pattern)})"
        if target.name in ("TIMESTAMP_LTZ", "TIMESTAMP_TZ") and "%z" not in pattern:
            found = moment(found)
        found = f"CAST({found} AS {target.duckdb()})"
        words = {"DATE": "date", "TIME": "time"}.get(target.name, "timestamp")
        pieces = (literal("Can't parse '"), sql, literal(f"' as {words} with format '"), literal(f"{form.constant}'"))
        failure = raising(100096, "22007", *pieces, type_=target)
        return found if tries else f"coalesce({found}, CASE WHEN {sql} IS NOT NULL THEN {failure} END)"

    return combine(
        once([source.sql], build, is_volatile=source.is_volatile), target, [source], nullable=source.nullable or tries
    )


def _read(element: str) -> str:
    if element.startswith('"'):
        return element[1:].replace("%", "%%")
    if element.startswith("FF"):
        return _FRACTION
    return "%z" if element.startswith("TZ") else _ELEMENTS[element]
